import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeExecutionCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { Database } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { connectThisProcess } from '../../local/connection.ts';
import { aliasRollback } from '../../local/scenarios/alias-rollback.ts';
import { ScriptedApprover } from '../../local/scenarios/approver.ts';
import { lowRisk } from '../../local/scenarios/low-risk.ts';
import type { Records } from '../../local/scenarios/records.ts';
import { runScenario, type Verdict } from '../../local/scenarios/run-scenario.ts';
import type { Check, Scenario } from '../../local/scenarios/scenario.ts';
import { eventually } from './eventually.ts';
import { deployedFunctions } from './role-probes.ts';

/**
 * Executions that somebody stops halfway, on the deployed stack with IAM enforced: the event that Step Functions
 * puts on the bus wakes the function that finishes the work, on its own role.
 */
const { state, outputs } = inject('deployment');
const {
  ControlsTable = '',
  OperationsTable = '',
  IncidentStateMachineArn = '',
  ChangeStateMachineArn = '',
} = outputs;
const stepFunctions = new SFNClient({});
const database = new Database();

beforeAll(() => connectThisProcess(state));

describe('a change whose execution is stopped while it bakes', () => {
  it('is undone by recovery, its lock is freed, and the incident goes to a person', async () => {
    const verdict = await fly({
      ...lowRisk,
      name: 'stopped-change',
      result: 'needs-person',
      whenOpened: async ({ records, workload }, incidentId) => {
        const { detail } = await entry(records, incidentId, 'change.executed');
        // The effect is there: otherwise nothing would have to be undone.
        expect(await workload.flag()).toBe('off');
        await stop(ChangeStateMachineArn, String(detail['changeId']));
        await announceStop(String(detail['changeId']));
      },
      checks: async ({ records, workload }, incidentId) => {
        // Recovery first waits 65 s, until no call of the stopped execution can be under way any more.
        const { detail } = await entry(records, incidentId, 'change.rolled-back', 120);
        await entry(records, incidentId, 'change.released');
        const change = await database.get(OperationsTable, itemKeys.change(String(detail['changeId'])));
        const lock = await database.get(ControlsTable, itemKeys.lock(String(change?.['targetKey'])));
        const { changeId, recoveredFrom } = change ?? {};
        const recovery = `${String(changeId)}-recover-${String(recoveredFrom)}`;
        return [
          same('parameter /checkout/flags/new-pricing', 'on', await workload.flag()),
          same('the change', 'rolled-back', change?.['status']),
          same('the lock', 'free', lock?.['phase']),
          same('the recovery', 'SUCCEEDED', await ended(ChangeStateMachineArn, recovery)),
        ];
      },
    });
    expect(verdict.checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe('an incident whose execution is stopped while it waits for approval', () => {
  it('is closed for a person, its approval is cancelled, and a vote from a page that was still open changes nothing', async () => {
    let approve: () => Promise<number> = () => Promise.reject(new Error('the page was never open'));
    const verdict = await fly({
      ...aliasRollback,
      name: 'stopped-incident',
      result: 'needs-person',
      whenOpened: async ({ records }, incidentId) => {
        await entry(records, incidentId, 'approval.requested');
        const approvalId = await approvalOf(records, incidentId);
        approve = await new ScriptedApprover(state.frontDoorUrl, 'ana').open(approvalId);
        await stop(IncidentStateMachineArn, incidentId);
      },
      checks: async ({ records, workload, before }, incidentId) => {
        const approvalId = await approvalOf(records, incidentId);
        const approval = await eventually(async () => {
          const stored = await database.get(OperationsTable, itemKeys.approval(approvalId));
          return stored?.['callbackDelivered'] === true ? stored : undefined;
        });
        const answer = await approve();
        const chain = await records.chain(incidentId);
        const changes = chain.filter(({ type }) => type.startsWith('change.'));
        return [
          same('the execution', 'ABORTED', await ended(IncidentStateMachineArn, incidentId)),
          same('why it was closed', 'aborted', closingReason(chain)),
          same('the approval', 'cancelled', approval['status']),
          same('the answer to the late vote', 409, answer),
          same('steps of a change', '0', changes.length),
          same('the bad release is live', true, (await workload.liveVersion()) !== before.version),
        ];
      },
    });
    expect(verdict.checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe('an approval that is settled because its wait is over', () => {
  it('expires, and a vote from a page that was still open does not count', async () => {
    let settled: unknown;
    let vote: number | undefined;
    const verdict = await fly({
      ...aliasRollback,
      name: 'settled-approval',
      result: 'needs-person',
      whenOpened: async ({ records }, incidentId) => {
        const approvalId = await approvalOf(records, incidentId);
        const approve = await new ScriptedApprover(state.frontDoorUrl, 'ana').open(approvalId);
        settled = await invoke('settle-approval', { approvalId });
        vote = await approve();
        await stop(IncidentStateMachineArn, incidentId);
      },
      checks: async ({ records, workload, before }, incidentId) => {
        const approval = await database.get(
          OperationsTable,
          itemKeys.approval(await approvalOf(records, incidentId)),
        );
        const chain = await records.chain(incidentId);
        return [
          same('the approval', 'expired', approval?.['status']),
          same('votes', 0, (approval?.['votes'] as unknown[] | undefined)?.length),
          same('entries that say so', 1, chain.filter(({ type }) => type === 'approval.expired').length),
          same('the bad release is live', true, (await workload.liveVersion()) !== before.version),
        ];
      },
    });
    expect(settled).toStrictEqual({ outcome: 'expired' });
    expect(vote).toBe(409);
    expect(verdict.checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});

/** Nobody answers approvals but the test itself. */
function fly(scenario: Scenario): Promise<Verdict> {
  return runScenario(scenario, {
    state,
    scripted: false,
    alarm: 'own',
    onEntry: () => {},
    onNote: () => {},
  });
}

function entry(
  records: Records,
  incidentId: string,
  type: string,
  timeoutSeconds?: number,
): Promise<LedgerEntry> {
  return eventually(
    async () => (await records.chain(incidentId)).find((found) => found.type === type),
    timeoutSeconds,
  );
}

async function approvalOf(records: Records, incidentId: string): Promise<string> {
  return String((await entry(records, incidentId, 'approval.requested')).detail['approvalId']);
}

function closingReason(chain: readonly LedgerEntry[]): string {
  const reason = chain.find(({ type }) => type === 'incident.closed')?.detail['reason'];
  return /stopped from outside/.test(String(reason)) ? 'aborted' : String(reason);
}

function same(what: string, expected: unknown, found: unknown): Check {
  return { what, expected: String(expected), found: String(found) };
}

async function stop(stateMachineArn: string, name: string): Promise<void> {
  await stepFunctions.send(new StopExecutionCommand({ executionArn: executionArn(stateMachineArn, name) }));
}

/**
 * The event that AWS puts on the bus when an execution is stopped. The emulator does so too, but not for one that
 * another execution waits for (`startExecution.sync:2`); its root may put it, and everything behind it is deployed.
 */
async function announceStop(changeId: string): Promise<void> {
  const detail = {
    executionArn: executionArn(ChangeStateMachineArn, changeId),
    stateMachineArn: ChangeStateMachineArn,
    name: changeId,
    status: 'ABORTED',
    startDate: Date.now() - 10_000,
    stopDate: Date.now(),
    input: null,
    output: null,
    error: null,
    cause: null,
  };
  const { FailedEntryCount } = await new EventBridgeClient({}).send(
    new PutEventsCommand({
      Entries: [
        {
          Source: 'aws.states',
          DetailType: 'Step Functions Execution Status Change',
          Resources: [detail.executionArn],
          Detail: JSON.stringify(detail),
        },
      ],
    }),
  );
  expect(FailedEntryCount).toBe(0);
}

/** How an execution ended, once it has. */
function ended(stateMachineArn: string, name: string): Promise<string> {
  return eventually(async () => {
    const { status } = await stepFunctions.send(
      new DescribeExecutionCommand({ executionArn: executionArn(stateMachineArn, name) }),
    );
    return status === 'RUNNING' ? undefined : status;
  });
}

function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

/** Invokes one of our deployed functions as the state machine would. */
async function invoke(name: string, input: object): Promise<unknown> {
  const { physicalName } = (await deployedFunctions()).get(name) ?? {};
  const { Payload, FunctionError } = await new LambdaClient({}).send(
    new InvokeCommand({ FunctionName: physicalName, Payload: JSON.stringify(input) }),
  );
  expect(FunctionError).toBeUndefined();
  return JSON.parse(Payload?.transformToString() ?? '');
}
