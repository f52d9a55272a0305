import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  outcomeOf,
  ownerStackIn,
  parseAskingDecision,
  readChecks,
  recommendationEvent,
  recommendationFor,
} from '../../functions/autonomy/recommendation.ts';
import { rollbackPlanOf } from '../../functions/change/action-definition.ts';
import { catalogue } from '../../functions/change/catalogue.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import { checkStoredPlan } from '../../functions/change/stored-plan.ts';

const incidentId = 'inc-0123456789abcdef0123';
const decision = {
  outcome: 'recommend',
  clause: 'autonomy.matrix',
  reason: 'stage observe, tier medium: recommended to people, not carried out',
  tier: 'medium',
} as const;
const asksPeople = { ...decision, outcome: 'require-approval' } as const;

/** A sound plan of an action, from the example that its definition gives. */
function soundPlan(actionId: string, example = 0) {
  const definition = catalogue.find(({ id }) => id === actionId);
  const parameters = definition?.examples[example];
  if (definition === undefined || parameters === undefined) throw new Error(`no example of ${actionId}`);
  const plan: Plan = {
    schemaVersion: 1,
    incidentId,
    environment: 'local',
    agentRole: 'responder',
    action: definition.id,
    parameters: parameters as Plan['parameters'],
    target: definition.target(parameters),
    effect: definition.effect(parameters),
    rollbackPlan: rollbackPlanOf(definition, parameters),
    successCriteria: definition.successCriteria(parameters),
    evidence: [],
    citations: [],
  };
  const planDigest = planDigestOf(plan);
  const check = checkStoredPlan(plan, { planDigest, incidentId, environment: 'local' });
  if (check.outcome === 'unsound') throw new Error(check.reason);
  return { check, planDigest };
}

function recommended(
  actionId: string,
  checks: readonly unknown[],
  decided: typeof decision | typeof asksPeople = decision,
) {
  const { check, planDigest } = soundPlan(actionId);
  return recommendationFor(check, { planDigest, decision: decided, checks, round: 1 });
}

const passed = { name: 'target-exists', result: 'pass', reason: 'alias live is there' };
const failed = { name: 'permissions', result: 'fail', reason: 'a dry run was refused' };

describe('a recommendation', () => {
  it('tells a person what, how much, how dangerous, how to undo and what to type', () => {
    expect(recommended('lambda.shift-alias', [passed])).toMatchObject({
      summary: 'lambda.shift-alias on checkout:live: version 2 → version 1',
      impact: { targetKey: 'lambda-alias/checkout:live', resources: 1, capacityPercent: 100 },
      risk: {
        tier: 'medium',
        clause: 'autonomy.matrix',
        reversal: 'restore-snapshot',
        wayBack: [expect.stringContaining('back at version 2'), expect.any(String)],
      },
      checks: [passed],
      triage: { id: `TRIAGE#${incidentId}`, round: 1 },
    });
  });

  it.each(catalogue.map(({ id }) => [id]))('has a runbook and a way back, or why there is none: %s', (id) => {
    const made = recommended(id, []);
    expect(made.runbook.length).toBeGreaterThan(0);
    expect(made.risk.wayBack.length).toBeGreaterThan(0);
  });

  it('keeps values of the workload out of the ledger and out of what people are sent', () => {
    const { check, planDigest } = soundPlan('ssm.put-parameter', 1);
    const made = recommendationFor(check, { planDigest, decision, checks: [failed], round: 2 });
    expect(made.summary).toContain('autumn → summer');
    for (const text of [JSON.stringify(recommendationEvent(made, 1_795_392_000_000)), outcomeOf(made).reason])
      expect(text).not.toMatch(/autumn|summer/);
    expect(recommendationEvent(made, 1_795_392_000_000).detail).toMatchObject({
      targetKey: 'ssm-parameter//checkout/price-list',
      checksPassed: 0,
      checksFailed: 1,
      checksUnknown: 0,
      triageRound: 2,
    });
  });

  it('names the stack that owns the target when a check reports one', () => {
    const owner = { ...passed, name: 'owner', ownerStack: 'checkout-prod' };
    expect(recommended('lambda.shift-alias', [passed, owner]).ownerStack).toBe('checkout-prod');
    expect(recommended('lambda.shift-alias', [passed])).not.toHaveProperty('ownerStack');
    expect(ownerStackIn([{ ...owner, ownerStack: 7 }])).toBeUndefined();
  });
});

describe('pre-checks', () => {
  it.each([
    [passed, 'pass'],
    [failed, 'fail'],
    [{ ...passed, result: 'PASS' }, 'unknown'],
    [{ ...passed, result: true }, 'unknown'],
    [{ result: 'pass', reason: '' }, 'unknown'],
    [{ ...passed, name: '' }, 'unknown'],
    [{ ...passed, name: 'x'.repeat(81) }, 'unknown'],
    [null, 'unknown'],
    ['pass', 'unknown'],
  ])('reads %j as %s', (answered, result) => {
    expect(readChecks([answered])[0]?.result).toBe(result);
  });

  it('says unknown where nothing was answered', () => {
    expect(readChecks([])).toMatchObject([{ result: 'unknown' }]);
  });

  it('neither throws nor grows, and never makes a pass of what is not one', () => {
    fc.assert(
      fc.property(fc.array(fc.anything(), { maxLength: 60 }), (answered) => {
        const checks = readChecks(answered);
        expect(checks.length).toBeLessThanOrEqual(20);
        for (const { reason } of checks) expect(reason.length).toBeLessThanOrEqual(300);
        const passes = answered.filter((one) => (one as { result?: unknown } | null)?.result === 'pass');
        expect(checks.filter(({ result }) => result === 'pass').length).toBeLessThanOrEqual(passes.length);
      }),
    );
  });

  it.each([
    [asksPeople, [passed], []],
    [asksPeople, [passed, failed], ['permissions']],
    [asksPeople, [{ ...failed, result: 'unknown' }], []],
    [decision, [failed], ['permissions']],
  ])('names what failed, and only that: %#', (decided, checks, names) => {
    expect(outcomeOf(recommended('lambda.shift-alias', checks, decided)).failedChecks).toStrictEqual(names);
  });

  it('tells approvers and people apart when one failed', () => {
    const reasonFor = (decided: typeof decision | typeof asksPeople) =>
      outcomeOf(recommended('lambda.shift-alias', [passed, failed], decided)).reason;
    expect(reasonFor(asksPeople)).toMatch(/cannot succeed.*failed: permissions/);
    expect(reasonFor(decision)).toMatch(/stage observe.*1 of 2 pre-checks passed, failed: permissions/);
  });
});

it.each([
  [{ ...decision, outcome: 'auto' }],
  [{ ...decision, outcome: 'deny' }],
  [{ ...decision, tier: 'Low' }],
  [undefined],
])('is made only for a decision that hands the plan to people: %j', (item) => {
  expect(parseAskingDecision(item)).toBeUndefined();
});

describe('the words of a recommendation', () => {
  it('count the checks and name what failed', () => {
    const words = (checks: readonly unknown[], decided: typeof decision | typeof asksPeople = decision) =>
      outcomeOf(recommended('lambda.shift-alias', checks, decided)).reason;
    const what = 'lambda.shift-alias on lambda-alias/checkout:live';
    expect(words([passed])).toBe(`${what}; ${decision.reason}; 1 of 1 pre-checks passed`);
    expect(words([passed, failed, { ...failed, name: 'quota' }])).toBe(
      `${what}; ${decision.reason}; 1 of 3 pre-checks passed, failed: permissions, quota`,
    );
    expect(words([passed], asksPeople)).toBe(`${what}; ${decision.reason}; 1 of 1 pre-checks passed`);
    expect(words([failed], asksPeople)).toBe(
      `${what} cannot succeed and was not put to approvers; 0 of 1 pre-checks passed, failed: permissions`,
    );
  });

  it('are an entry of ids, counts and closed words', () => {
    const made = recommended('lambda.shift-alias', [passed, failed, 'nonsense']);
    expect(recommendationEvent(made, 1_795_392_000_000)).toStrictEqual({
      type: 'recommendation.made',
      atEpochMs: 1_795_392_000_000,
      actor: { kind: 'system', id: 'recommend' },
      detail: {
        planDigest: made.planDigest,
        action: 'lambda.shift-alias',
        targetKey: 'lambda-alias/checkout:live',
        outcome: 'recommend',
        tier: 'medium',
        clause: 'autonomy.matrix',
        reversal: 'restore-snapshot',
        resources: 1,
        capacityPercent: 100,
        checksPassed: 1,
        checksFailed: 1,
        checksUnknown: 1,
        triageRound: 1,
      },
    });
  });

  it('say what is unknown, and keep at most twenty checks of 300 well-formed characters', () => {
    expect(readChecks([])).toStrictEqual([
      { name: 'pre-check', result: 'unknown', reason: 'no check was answered' },
    ]);
    expect(readChecks([{ name: '' }])).toStrictEqual([
      { name: 'pre-check', result: 'unknown', reason: 'a check was answered out of contract' },
    ]);
    expect(readChecks(Array.from({ length: 21 }, () => passed))).toHaveLength(20);
    const [long] = readChecks([{ ...passed, reason: `\ud800${'x'.repeat(400)}` }]);
    expect(long?.reason).toBe(`\ufffd${'x'.repeat(299)}`);
    expect(ownerStackIn([passed, { ...passed, ownerStack: 's'.repeat(200) }])).toBe('s'.repeat(128));
  });

  it.each([
    ['x'.repeat(80), 'x'.repeat(80)],
    ['x'.repeat(81), `${'x'.repeat(79)}…`],
    ['one\n\n  two', 'one two'],
  ])('show a value on one line, shortened: %j', (value, shown) => {
    const { check, planDigest } = soundPlan('lambda.shift-alias');
    const definition = { ...check.definition, effect: () => ({ before: value, after: 'b' }) };
    const made = recommendationFor(
      { ...check, definition },
      { planDigest, decision, checks: [passed], round: 1 },
    );
    expect(made.summary).toBe(`lambda.shift-alias on checkout:live: ${shown} → b`);
  });

  it('say that there is no way back where the plan names none', () => {
    const { check, planDigest } = soundPlan('lambda.shift-alias');
    const { rollbackPlan: _none, ...plan } = check.plan;
    const made = recommendationFor({ ...check, plan }, { planDigest, decision, checks: [passed], round: 1 });
    expect(made.risk).toMatchObject({
      reversal: 'irreversible',
      wayBack: ['the plan names no way back'],
    });
  });

  it('need a decision that asks people, whole', () => {
    expect(parseAskingDecision(decision)).toStrictEqual(decision);
    for (const member of ['outcome', 'clause', 'reason', 'tier'] as const) {
      expect(parseAskingDecision({ ...decision, [member]: undefined })).toBeUndefined();
    }
  });
});
