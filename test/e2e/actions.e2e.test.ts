import { randomUUID } from 'node:crypto';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, inject, it } from 'vitest';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { reversalOf, rollbackPlanOf } from '../../functions/change/action-definition.ts';
import { catalogue } from '../../functions/change/catalogue.ts';
import { type Plan, planDigestOf, type SuccessCriterion } from '../../functions/change/plan.ts';
import { Database } from '../../functions/platform/dynamodb.ts';
import { changeIdFor } from '../../functions/platform/ids.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import type { FixtureTarget } from '../change/actions/action-fixture.ts';
import { loadAction } from '../change/actions/contract.ts';
import { notOnTheEmulator } from '../change/actions/emulator-exceptions.ts';
import { eventually } from './eventually.ts';

/**
 * Every action of the catalogue on the deployed stack with IAM enforced: its own Lambda on its own role changes a
 * real target of the emulator, which is then read back past it. What the emulator does not have is listed in
 * `emulator-exceptions.ts`; the contract suite covers those.
 */
const { outputs } = inject('deployment');
const { OperationsTable = '', LedgerTable = '', PolicyDigest = '', ChangeStateMachineArn = '' } = outputs;
const database = new Database();
const ledger = new LedgerStore(database, LedgerTable, 'end-to-end test');
const stepFunctions = new SFNClient({});

const onTheEmulator = catalogue.map(({ id }) => id).filter((id) => !Object.hasOwn(notOnTheEmulator, id));

it('leaves out only what the emulator does not have', () => {
  expect(catalogue.length - onTheEmulator.length).toBe(Object.keys(notOnTheEmulator).length);
  expect(onTheEmulator.length).toBeGreaterThan(8);
});

describe.concurrent.each(onTheEmulator)('%s', (actionId) => {
  it('is executed, validated and kept', async () => {
    const { definition, target } = await prepare(actionId);
    try {
      const before = await target.look?.();
      const plan = planOf(definition, target, []);
      expect(await carryOut(plan)).toMatchObject({ outcome: 'kept' });
      // What cannot be undone leaves no state to compare: a reboot, a redrive.
      const isIrreversible = reversalOf(definition, target.parameters).kind === 'irreversible';
      if (before !== undefined && !isIrreversible) {
        expect(await target.look?.()).not.toStrictEqual(before);
      }
    } finally {
      await target.destroy?.();
    }
  });

  it('is undone and read back when it does not help, or a person is told that it cannot be', async () => {
    const { definition, target } = await prepare(actionId);
    try {
      const before = await target.look?.();
      const plan = planOf(definition, target, [{ kind: 'read-back', expected: 'what it will never hold' }]);
      const changeId = changeIdFor(plan.incidentId, planDigestOf(plan));
      const ended = await carryOut(plan);
      if (reversalOf(definition, target.parameters).kind === 'irreversible') {
        expect(ended).toMatchObject({ outcome: 'rollback-failed' });
        expect(
          await database.get(OperationsTable, itemKeys.finding(`rollback-failed-${changeId}`)),
        ).toMatchObject({ status: 'open' });
        return;
      }
      expect(ended).toMatchObject({ outcome: 'rolled-back' });
      if (before !== undefined) expect(await target.look?.()).toStrictEqual(before);
      const types = (await ledger.read(incidentChain(plan.incidentId))).map(({ type }) => type);
      expect(types).toEqual(
        expect.arrayContaining(['change.executed', 'change.validation-failed', 'change.rolled-back']),
      );
    } finally {
      await target.destroy?.();
    }
  });
});

async function prepare(actionId: string) {
  const { rules, fixture } = await loadAction(actionId);
  return { definition: rules.definition, target: await fixture.create() };
}

function planOf(
  definition: (typeof catalogue)[number],
  { parameters }: FixtureTarget,
  more: readonly SuccessCriterion[],
): Plan {
  return {
    schemaVersion: 1,
    incidentId: `inc-${randomUUID().slice(0, 20)}`,
    environment: 'local',
    agentRole: 'responder',
    action: definition.id,
    parameters: { ...parameters },
    target: definition.target(parameters),
    effect: definition.effect(parameters),
    rollbackPlan: rollbackPlanOf(definition, parameters),
    successCriteria: [...definition.successCriteria(parameters), ...more],
    evidence: [],
    citations: [],
  };
}

/** Stores the plan with a decision that lets it start, and runs the deployed change machine on it. */
async function carryOut(plan: Plan): Promise<unknown> {
  const planDigest = planDigestOf(plan);
  const { incidentId } = plan;
  const changeId = changeIdFor(incidentId, planDigest);
  const decided = await ledger.commit(
    incidentChain(incidentId),
    [
      {
        type: 'decision.made',
        atEpochMs: Date.now(),
        actor: { kind: 'system', id: 'end-to-end test' },
        detail: { planDigest, outcome: 'auto' },
      },
    ],
    [
      {
        kind: 'put',
        table: OperationsTable,
        item: { ...itemKeys.plan(incidentId, planDigest), plan, planDigest },
      },
      {
        kind: 'put',
        table: OperationsTable,
        item: {
          ...itemKeys.decision(incidentId, planDigest),
          incidentId,
          planDigest,
          outcome: 'auto',
          quorum: 0,
          stageVersion: 0,
          policyDigest: PolicyDigest,
        },
      },
    ],
  );
  expect(decided.outcome).toBe('committed');
  const { executionArn } = await stepFunctions.send(
    new StartExecutionCommand({
      stateMachineArn: ChangeStateMachineArn,
      name: changeId,
      input: JSON.stringify({ changeId, incidentId, planDigest, action: plan.action, mode: 'apply' }),
    }),
  );
  const { output } = await eventually(async () => {
    const found = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
    return found.status === 'RUNNING' ? undefined : found;
  }, 180);
  return JSON.parse(output ?? '{}');
}
