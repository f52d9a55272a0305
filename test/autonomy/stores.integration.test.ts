import { beforeAll, describe, expect, it } from 'vitest';
import { DecisionStore } from '../../functions/autonomy/decision.store.ts';
import { decide } from '../../functions/autonomy/decision.ts';
import type { DecisionRules } from '../../functions/autonomy/decision-input.ts';
import { decisionRules } from '../../functions/autonomy/decision-rules.ts';
import { KillSwitchStore } from '../../functions/autonomy/kill-switch.store.ts';
import { replayDecision } from '../../functions/autonomy/replay.ts';
import { rollbackPlanOf } from '../../functions/change/action-definition.ts';
import {
  type ShiftAliasParameters,
  shiftAlias,
} from '../../functions/change/actions/lambda-shift-alias/definition.ts';
import { runAutomation } from '../../functions/change/actions/ssm-run-automation/definition.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { controlChain, incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { exceptionPolicy } from '../../functions/policy/exception.ts';
import { policyDigestOf } from '../../functions/policy/policy-files.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** 2026-11-23T00:00:00Z */
const now = 1_795_392_000_000;
const clock = () => now;
const files = readPolicyFiles();
const rules: DecisionRules = decisionRules(files, readCedarWasm());
const policyDigest = policyDigestOf(files);

let tables: TestTables;
let decisions: DecisionStore;
let killSwitch: KillSwitchStore;
beforeAll(async () => {
  tables = await freshTables();
  const { controls, operations } = tables;
  const settings = { controls, operations, environment: 'local', policyDigest };
  const untagged = async () => ({ reading: 'read', tags: {} }) as const;
  decisions = new DecisionStore(tables.database, tables.ledger, settings, untagged);
  killSwitch = new KillSwitchStore(tables.database, tables.ledger, controls);
  await put(controls, { ...itemKeys.killSwitch('global'), engaged: false });
});

const parameters = { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '1' };

function planFor(incidentId: string, change: Partial<ShiftAliasParameters> = {}): Plan {
  const given = { ...parameters, ...change };
  return {
    schemaVersion: 1,
    incidentId,
    environment: 'local',
    agentRole: 'responder',
    action: 'lambda.shift-alias',
    parameters: given,
    target: shiftAlias.target(given),
    effect: shiftAlias.effect(given),
    rollbackPlan: rollbackPlanOf(shiftAlias, given),
    successCriteria: shiftAlias.successCriteria(given),
    evidence: [],
    citations: [],
  };
}

async function put(table: string, item: Item): Promise<void> {
  await tables.database.transact([{ kind: 'put', table, item }]);
}

/** Stores a plan as triage does. @returns its digest */
async function propose(plan: Plan, signal: object = {}, confidence = 0.9): Promise<string> {
  const { incidentId } = plan;
  const planDigest = planDigestOf(plan);
  const triage = { confidence, model: { lowConfidence: false }, planDigests: [planDigest] };
  await put(tables.operations, { ...itemKeys.plan(incidentId, planDigest), plan, planDigest });
  await put(tables.operations, { ...itemKeys.incident(incidentId), incidentId, signal });
  await put(tables.operations, { ...itemKeys.triage(incidentId), ...triage });
  return planDigest;
}

const decided = (incidentId: string, planDigest: string) =>
  decisions.decide(incidentId, planDigest, rules, clock);

const typesIn = async (incidentId: string) =>
  (await tables.ledger.read(incidentChain(incidentId))).map(({ type }) => type);

describe('decisions', () => {
  it('makes one of 20 concurrent ones and hands every other caller that one', async () => {
    const planDigest = await propose(planFor('inc-race'));
    const answers = await Promise.all(Array.from({ length: 20 }, () => decided('inc-race', planDigest)));
    for (const answer of answers) expect(answer).toStrictEqual(answers[0]);
    expect(await typesIn('inc-race')).toStrictEqual(['decision.made']);
  });

  it('takes no model’s word for what a runbook does, and is made again from what was stored', async () => {
    const runbook = {
      documentName: 'Checkout-EnableMaintenance',
      documentVersion: '3',
      targetParameterName: 'Service',
      targetType: 'ecs-service',
      targetValue: 'shop/checkout',
      inverse: { documentName: 'Checkout-DisableMaintenance', documentVersion: '2' },
    } as const;
    const planned = (incidentId: string): Plan => ({
      ...planFor(incidentId),
      action: runAutomation.id,
      parameters: runbook,
      target: runAutomation.target(runbook),
      effect: runAutomation.effect(runbook),
      rollbackPlan: rollbackPlanOf(runAutomation, runbook),
      successCriteria: runAutomation.successCriteria(runbook),
    });
    const listed = {
      document: 'Checkout-EnableMaintenance',
      version: '3',
      target: 'ecs-service',
      targetParameter: 'Service',
    };
    const paired = { ...listed, inverse: { document: 'Checkout-DisableMaintenance', version: '2' } };
    for (const [incidentId, runbooks, decision] of [
      ['inc-unlisted', [], { outcome: 'deny', clause: 'plan.unsound', reason: /does not list runbook/ }],
      ['inc-unpaired', [listed], { outcome: 'deny', clause: 'plan.unsound', reason: /takes back/ }],
      ['inc-paired', [paired], { outcome: 'require-approval', clause: 'autonomy.matrix', reason: /./ }],
    ] as const) {
      const text = JSON.stringify({ version: 1, runbooks });
      const under = decisionRules({ ...files, 'runbooks.json': text }, readCedarWasm());
      const stored = await decisions.decide(incidentId, await propose(planned(incidentId)), under, clock);
      expect(stored).toMatchObject({ ...decision, reason: expect.stringMatching(decision.reason) });
      expect(replayDecision(stored, under).outcome).toBe('identical');
    }
  });

  it('says everything that a change needs to be started by, and is listed by its outcome', async () => {
    const planDigest = await propose(planFor('inc-1'));
    const decision = await decided('inc-1', planDigest);
    expect(decision).toMatchObject({
      decisionId: expect.stringMatching(/^dec-[0-9a-f]{20}$/),
      outcome: 'require-approval',
      quorum: 1,
      approvalId: expect.stringMatching(/^[A-Za-z0-9_-]{27}$/),
      policyDigest,
      agentRole: 'responder',
      action: 'lambda.shift-alias',
      actionClass: 'traffic',
      targetKey: 'lambda-alias/checkout:live',
      environment: 'local',
      tier: 'medium',
      stage: 'guarded',
      stageVersion: 0,
      stageKey: 'local#responder#traffic',
    });
    const listed = await tables.database.byStatus(tables.operations, 'DECISION#require-approval');
    expect(listed.map((item) => item['decisionId'])).toContain(decision.decisionId);
  });

  it('can be made again from what is stored and the files of its policies', async () => {
    const planDigest = await propose(planFor('inc-replay'));
    await decided('inc-replay', planDigest);
    const stored = await decided('inc-replay', planDigest);
    expect(stored).toMatchObject(decide(stored.inputs, rules));
  });

  it('holds the stage that was set at run time, and the lowest one when it cannot be read', async () => {
    const place = { environment: 'local', agentRole: 'responder', actionClass: 'traffic' };
    await put(tables.controls, { ...itemKeys.stage(place), ...place, stage: 'suggest', version: 3 });
    const lowered = await decided('inc-stage-1', await propose(planFor('inc-stage-1')));
    expect(lowered).toMatchObject({ outcome: 'recommend', stage: 'suggest', stageVersion: 3 });
    await put(tables.controls, { ...itemKeys.stage(place), ...place, stage: 'GUARDED', version: 4 });
    const unreadable = await decided('inc-stage-2', await propose(planFor('inc-stage-2')));
    expect(unreadable).toMatchObject({ outcome: 'recommend', stage: 'observe', stageVersion: -1 });
    await put(tables.controls, { ...itemKeys.stage(place), ...place, stage: 'guarded', version: 5 });
  });

  it.each([
    ['counted up to the limit', { all: 1_000 }, 'deny'],
    ['below it', { all: 999 }, 'require-approval'],
    ['no number', { 'action#lambda.shift-alias': 'many' }, 'deny'],
    ['of another day', undefined, 'require-approval'],
  ])('looks at the changes of the day: %s', async (what, usage, outcome) => {
    const incidentId = `inc-usage-${what.replaceAll(' ', '-')}`;
    const day = usage === undefined ? '2026-11-22' : '2026-11-23';
    await put(tables.controls, { ...itemKeys.usage('local', day), ...(usage ?? { all: 5_000 }) });
    expect((await decided(incidentId, await propose(planFor(incidentId)))).outcome).toBe(outcome);
    await put(tables.controls, itemKeys.usage('local', '2026-11-23'));
  });

  it('refuses to decide on a plan that was altered after it was proposed', async () => {
    const planDigest = await propose(planFor('inc-plan'));
    const altered = { ...planFor('inc-plan'), parameters: { ...parameters, toVersion: '3' } };
    await put(tables.operations, { ...itemKeys.plan('inc-plan', planDigest), plan: altered });
    await expect(decided('inc-plan', planDigest)).rejects.toThrow(/no longer has that digest/);
    await expect(decided('inc-plan', 'other')).rejects.toThrow(/has no plan/);
  });

  it.each([
    [
      'shows another effect than its parameters have',
      { effect: { before: 'version 2', after: 'version 9' } },
      {},
    ],
    ['leaves out how it would be measured', { successCriteria: [] }, {}],
    ["does not have to silence the incident's own alarm", {}, { alarmName: 'checkout-errors' }],
  ])('denies a plan that %s', async (what, change, signal) => {
    const incidentId = `inc-${what.replaceAll(/[^a-z]+/g, '-')}`;
    const planDigest = await propose({ ...planFor(incidentId), ...change }, signal);
    expect(await decided(incidentId, planDigest)).toMatchObject({ outcome: 'deny', clause: 'plan.unsound' });
  });
});

describe('an agent that keeps trying', () => {
  const forbidden = (incidentId: string, index: number) =>
    planFor(incidentId, { functionName: `interlock-${index}` });

  it('is cut off after the third denial, with a finding, and denied what it would have got', async () => {
    const incidentId = 'inc-variants';
    const outcomes: string[] = [];
    for (const index of [1, 2, 3]) {
      outcomes.push((await decided(incidentId, await propose(forbidden(incidentId, index)))).clause);
    }
    expect(outcomes).toStrictEqual(['policy.forbid', 'policy.forbid', 'policy.forbid']);
    const fine = await decided(incidentId, await propose(planFor(incidentId)));
    expect(fine).toMatchObject({ outcome: 'deny', clause: 'agent.cut-off' });
    expect(await typesIn(incidentId)).toStrictEqual([
      'decision.made',
      'decision.made',
      'decision.made',
      'agent.cut-off',
      'finding.opened',
      'decision.made',
    ]);
    const findings = await tables.database.byStatus(tables.operations, 'FINDING#open');
    expect(findings.filter((finding) => finding['kind'] === 'agent-cut-off')).toHaveLength(1);
  });

  it('waits after the second denial, and each variant in the meantime counts', async () => {
    const incidentId = 'inc-cooldown';
    await decided(incidentId, await propose(forbidden(incidentId, 1)));
    await decided(incidentId, await propose(forbidden(incidentId, 2)));
    const variant = await decided(incidentId, await propose(planFor(incidentId)));
    expect(variant).toMatchObject({ outcome: 'deny', clause: 'policy.variant-cooldown' });
    expect(await typesIn(incidentId)).toContain('decision.denied-variant');
    const last = await decided(incidentId, await propose(planFor(incidentId, { toVersion: '9' })));
    expect(last.clause).toBe('agent.cut-off');
    expect(await typesIn(incidentId)).toContain('agent.cut-off');
  });

  it('loses no count when eight proposals are decided at once', async () => {
    const incidentId = 'inc-at-once';
    const digests: string[] = [];
    for (const index of [1, 2, 3, 4, 5, 6, 7, 8]) digests.push(await propose(forbidden(incidentId, index)));
    await Promise.all(digests.map((planDigest) => decided(incidentId, planDigest)));
    const denials = await tables.database.get(tables.operations, itemKeys.denials(incidentId));
    expect(denials).toMatchObject({ version: 3, cutOff: true });
    expect((await typesIn(incidentId)).filter((type) => type === 'agent.cut-off')).toHaveLength(1);
    const after = await decided(incidentId, await propose(planFor(incidentId)));
    expect(after.clause).toBe('agent.cut-off');
  });

  it('is not blamed for a kill switch', async () => {
    const incidentId = 'inc-switched';
    await put(tables.controls, { ...itemKeys.killSwitch('agent#responder'), engaged: true });
    expect((await decided(incidentId, await propose(planFor(incidentId)))).clause).toBe('kill-switch');
    await put(tables.controls, { ...itemKeys.killSwitch('agent#responder'), engaged: false });
    expect(await tables.database.get(tables.operations, itemKeys.denials(incidentId))).toBeUndefined();
  });
});

describe('an approved exception', () => {
  const gardener = (incidentId: string): Plan => ({ ...planFor(incidentId), agentRole: 'gardener' });
  const request = {
    owner: 'platform team',
    ticket: 'OPS-12',
    reason: 'the gardener helps out this week',
    agentRole: 'gardener',
    action: 'lambda.shift-alias',
    targetKey: 'lambda-alias/checkout:live',
    environment: 'local',
    expiresAtEpochMs: now + 3_600_000,
  };
  const approve = async (exceptionId: string, change: object = {}, policy?: string) => {
    const exception = { ...request, exceptionId, ...change };
    await put(tables.operations, {
      ...itemKeys.exception(exceptionId),
      ...exception,
      policy: policy ?? exceptionPolicy(exception),
      status: 'approved',
      statusKey: 'EXCEPTION#approved',
      statusAt: new Date(now - 1_000).toISOString(),
    });
  };

  it('permits until it is revoked, expires or was altered', async () => {
    expect((await decided('inc-exc-0', await propose(gardener('inc-exc-0')))).clause).toBe(
      'policy.no-permit',
    );
    await approve('exc-1');
    const permitted = await decided('inc-exc-1', await propose(gardener('inc-exc-1')));
    expect(permitted).toMatchObject({ outcome: 'recommend', exceptionIds: ['exception-exc-1'] });
    expect(permitted).toMatchObject(decide(permitted.inputs, rules));

    await approve('exc-1', { expiresAtEpochMs: now });
    expect((await decided('inc-exc-2', await propose(gardener('inc-exc-2')))).clause).toBe(
      'policy.no-permit',
    );
    await approve('exc-1', {}, 'permit (principal, action, resource);');
    expect((await decided('inc-exc-3', await propose(gardener('inc-exc-3')))).clause).toBe(
      'policy.no-permit',
    );
  });

  it('permits nothing but its own target', async () => {
    await approve('exc-2', { targetKey: 'lambda-alias/payments:live' });
    expect((await decided('inc-exc-4', await propose(gardener('inc-exc-4')))).clause).toBe(
      'policy.no-permit',
    );
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
