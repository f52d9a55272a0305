import { beforeAll, describe, expect, it } from 'vitest';
import { DecisionStore } from '../../functions/autonomy/decision.store.ts';
import type { Decision } from '../../functions/autonomy/decision.ts';
import { KillSwitchStore } from '../../functions/autonomy/kill-switch.store.ts';
import { rollbackPlanOf } from '../../functions/change/action-definition.ts';
import { shiftAlias } from '../../functions/change/actions/lambda-shift-alias/definition.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import { controlChain, incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

const now = 1_795_392_000_000;
let tables: TestTables;
let decisions: DecisionStore;
let killSwitch: KillSwitchStore;
beforeAll(async () => {
  tables = await freshTables();
  decisions = new DecisionStore(tables.database, tables.ledger, tables.operations);
  killSwitch = new KillSwitchStore(tables.database, tables.ledger, tables.controls);
});

const approval: Decision = {
  outcome: 'require-approval',
  quorum: 1,
  clause: 'autonomy.matrix',
  reason: 'stage guarded, tier medium: needs 1 approval',
  determiningPolicies: ['permit-responder-shift-alias'],
  tier: 'medium',
  stage: 'guarded',
};
const denial: Decision = {
  outcome: 'deny',
  quorum: 0,
  clause: 'kill-switch',
  reason: 'engaged',
  determiningPolicies: [],
};

const parameters = { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '1' };
const plan: Plan = {
  schemaVersion: 1,
  incidentId: 'inc-plan',
  environment: 'local',
  agentRole: 'responder',
  action: 'lambda.shift-alias',
  parameters,
  target: shiftAlias.target(parameters),
  effect: shiftAlias.effect(parameters),
  rollbackPlan: rollbackPlanOf(shiftAlias, parameters),
  successCriteria: shiftAlias.successCriteria(parameters),
  evidence: [],
  citations: [],
};

describe('decision store', () => {
  it('keeps the first of 20 concurrent decisions and hands every other caller that one', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        decisions.record('inc-race', 'digest', index % 2 === 0 ? approval : denial, 'policy', now + index),
      ),
    );
    const stored = await decisions.find('inc-race', 'digest');
    for (const answer of answers) expect(answer).toStrictEqual(stored);
    const entries = await tables.ledger.read(incidentChain('inc-race'));
    expect(entries.map((entry) => [entry.type, entry.detail['outcome']])).toStrictEqual([
      ['decision.made', stored?.outcome],
    ]);
  });

  it('gives an approval an unguessable id of its own, and a denial none', async () => {
    const first = await decisions.record('inc-1', 'digest', approval, 'policy', now);
    const second = await decisions.record('inc-2', 'digest', approval, 'policy', now);
    expect(first.approvalId).toMatch(/^[A-Za-z0-9_-]{27}$/);
    expect(second.approvalId).not.toBe(first.approvalId);
    expect(await decisions.record('inc-3', 'digest', denial, 'policy', now)).not.toHaveProperty('approvalId');
  });

  const store = async (incidentId: string, planDigest: string, stored: Plan, signal: object = {}) =>
    tables.database.transact([
      {
        kind: 'put',
        table: tables.operations,
        item: { ...itemKeys.plan(incidentId, planDigest), plan: stored, planDigest },
      },
      {
        kind: 'put',
        table: tables.operations,
        item: { ...itemKeys.incident(incidentId), incidentId, signal },
      },
    ]);

  it('refuses to decide on a plan that was altered after it was proposed', async () => {
    const planDigest = planDigestOf(plan);
    await store('inc-plan', planDigest, plan);
    expect(await decisions.subject('inc-plan', planDigest)).toStrictEqual({
      plan,
      planFault: undefined,
      confidence: 0,
      lowConfidence: true,
    });
    await store('inc-plan', planDigest, { ...plan, parameters: { ...plan.parameters, toVersion: '3' } });
    await expect(decisions.subject('inc-plan', planDigest)).rejects.toThrow(/no longer has that digest/);
    await expect(decisions.subject('inc-plan', 'other')).rejects.toThrow(/has no plan/);
  });

  it.each([
    [
      'shows another effect than its parameters have',
      { effect: { before: 'version 2', after: 'version 9' } },
      {},
    ],
    [
      'names another target than its parameters',
      { target: { type: 'lambda-alias', id: 'a:b', key: 'lambda-alias/a:b' } },
      {},
    ],
    ['leaves out how it would be measured', { successCriteria: [] }, {}],
    ["does not have to silence the incident's own alarm", {}, { alarmName: 'checkout-errors' }],
  ])('finds a plan that %s', async (_what, change, signal) => {
    const claimed = { ...plan, ...change };
    const planDigest = planDigestOf(claimed);
    await store('inc-plan', planDigest, claimed, signal);
    expect((await decisions.subject('inc-plan', planDigest)).planFault).toMatch(/\w+ \w+/);
  });
});

describe('kill switch', () => {
  const person = { kind: 'person', id: 'arn:aws:iam::000000000000:user/operator' } as const;

  it('counts as engaged until somebody switches it off', async () => {
    const fresh = await freshTables();
    const store = new KillSwitchStore(fresh.database, fresh.ledger, fresh.controls);
    expect((await store.status()).state).toBe('engaged');
  });

  it('records every switching with who and why, in order', async () => {
    await killSwitch.set('released', person, 'start of shift', now);
    expect(await killSwitch.status()).toMatchObject({
      state: 'released',
      reason: 'start of shift',
      changedAtEpochMs: now,
    });
    await killSwitch.set('engaged', person, 'strange changes', now + 1);
    expect((await killSwitch.status()).state).toBe('engaged');
    const entries = await tables.ledger.read(controlChain('kill-switch', now));
    expect(entries.map((entry) => [entry.type, entry.actor.id, entry.detail['reason']])).toStrictEqual([
      ['kill-switch.released', person.id, 'start of shift'],
      ['kill-switch.engaged', person.id, 'strange changes'],
    ]);
  });

  it.each(['engaged', 'true', 0, null])('reads an altered switch as engaged: %j', async (engaged) => {
    const fresh = await freshTables();
    const store = new KillSwitchStore(fresh.database, fresh.ledger, fresh.controls);
    await fresh.database.transact([
      { kind: 'put', table: fresh.controls, item: { ...itemKeys.killSwitch('global'), engaged } },
    ]);
    expect((await store.status()).state).toBe('engaged');
  });

  it('lists what is being changed and what is being rolled back, and nothing else', async () => {
    const lock = (target: string, phase: string) => ({
      kind: 'put' as const,
      table: tables.controls,
      item: {
        ...itemKeys.lock(target),
        phase,
        changeId: `chg-${phase}`,
        incidentId: 'inc-1',
        fencingToken: 1,
      },
    });
    await tables.database.transact(
      ['free', 'held', 'mutating', 'rolling-back'].map((phase) => lock(`t/${phase}`, phase)),
    );
    expect((await killSwitch.inFlight()).map(({ target, phase }) => [target, phase])).toStrictEqual([
      ['t/mutating', 'mutating'],
      ['t/rolling-back', 'rolling-back'],
    ]);
  });
});
