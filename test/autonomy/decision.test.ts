import { describe, expect, it } from 'vitest';
import { decide } from '../../functions/autonomy/decision.ts';
import type { DecisionInput } from '../../functions/autonomy/decision-input.ts';
import {
  base,
  flagKey,
  flagOff,
  lowRisk,
  now,
  proposed,
  resolved,
  shiftAlias,
  shipped,
  strictness,
} from './decision-inputs.ts';

const decideOn = (change: Partial<DecisionInput>, from = base) => decide({ ...from, ...change }, shipped);

describe('decision, in order', () => {
  it.each([
    [{ reading: 'engaged', scope: 'global' }, 'the kill switch is engaged'],
    [{ reading: 'engaged', scope: 'action#lambda.shift-alias' }, 'over action#lambda.shift-alias is engaged'],
    [{ reading: 'unreadable', scope: 'agent#responder' }, 'over agent#responder cannot be read'],
  ] as const)('stops at a kill switch before anything else is looked at: %j', (killSwitch, reason) => {
    const evaluatePolicy = () => {
      throw new Error('must not be asked');
    };
    const decision = decide({ ...base, killSwitch }, { ...shipped, evaluatePolicy });
    expect(decision).toMatchObject({ outcome: 'deny', clause: 'kill-switch' });
    expect(decision.reason).toContain(reason);
  });

  it.each([
    'iam.attach-role-policy',
    '__proto__',
    'constructor',
    'toString',
    '',
    'Lambda.shift-alias',
    'lambda.shift-\u0430lias',
  ])('denies an action that is not in the catalogue: %j', (action) => {
    expect(decideOn({ action: proposed(action, shiftAlias) })).toMatchObject({
      outcome: 'deny',
      clause: 'catalogue.unknown-action',
    });
  });

  it.each([
    ['a member too many', { ...shiftAlias, force: true }],
    ['a member missing', { functionName: 'checkout' }],
    ['an ARN where a name belongs', { ...shiftAlias, functionName: 'arn:aws:lambda:eu-west-1:1:function:a' }],
    ['$LATEST', { ...shiftAlias, toVersion: '$LATEST' }],
    ['__proto__ as own key', JSON.parse(`{"__proto__":{"toVersion":"1"},"functionName":"a"}`)],
    ['no object', 'shift it'],
    ['null', null],
  ])('denies parameters outside the schema: %s', (_what, parameters: unknown) => {
    expect(decideOn({ action: proposed('lambda.shift-alias', parameters) })).toMatchObject({
      outcome: 'deny',
      clause: 'catalogue.invalid-parameters',
    });
  });

  it('denies by an explicit forbid and says which policy and why', () => {
    const action = proposed('ssm.put-parameter', { ...flagOff, name: '/interlock/local/kill-switch' });
    expect(decideOn({ action })).toMatchObject({
      outcome: 'deny',
      clause: 'policy.forbid',
      determiningPolicies: ['forbid-interlock-itself'],
      reason: "no agent may change Interlock's own functions or settings",
    });
  });

  it.each([
    ['another role', { agentRole: 'gardener' }],
    ['a target elsewhere', { planEnvironment: 'prod' }],
  ])('denies %s', (_what, change) => {
    expect(decideOn(change)).toMatchObject({ outcome: 'deny', clause: 'policy.no-permit' });
  });

  it('denies a plan that is not what it claims, whatever policy and stage would say', () => {
    const planFault = 'the effect does not follow from the parameters';
    expect(decideOn({ planFault })).toMatchObject({
      outcome: 'deny',
      clause: 'plan.unsound',
      reason: planFault,
    });
  });

  it.each([undefined, 'lambda-alias/payments:live', flagKey])(
    "denies a target that is not one of the incident's workload: %s",
    (targetKey) => {
      expect(decideOn({ targetKey })).toMatchObject({ outcome: 'deny', clause: 'plan.outside-workload' });
    },
  );

  it('asks one person for a medium-risk action in guarded, and nobody for a low-risk one', () => {
    expect(decideOn({})).toMatchObject({
      outcome: 'require-approval',
      quorum: 1,
      tier: 'medium',
      stage: 'guarded',
      stageVersion: 0,
      clause: 'autonomy.matrix',
      determiningPolicies: ['permit-responder-lambda-shift-alias'],
    });
    expect(decideOn({}, lowRisk)).toMatchObject({ outcome: 'auto', tier: 'low' });
  });

  it('asks two people for a high-risk one', () => {
    const action = { ...resolved('lambda.shift-alias', shiftAlias), tier: 'high' as const };
    expect(decideOn({ action })).toMatchObject({ outcome: 'require-approval', quorum: 2 });
  });

  it('only recommends where no stage is set', () => {
    const action = proposed('lambda.shift-alias', { ...shiftAlias, progressive: true });
    expect(decideOn({ environment: 'prod', planEnvironment: 'prod', action })).toMatchObject({
      outcome: 'recommend',
      stage: 'observe',
    });
  });

  it('holds the stage that was set at run time over the declared one, and says its version', () => {
    expect(decideOn({ stageSet: { stage: 'suggest', version: 7 } })).toMatchObject({
      outcome: 'recommend',
      stage: 'suggest',
      stageVersion: 7,
    });
  });

  it.each([
    [0.69, 'require-approval'],
    [0.7, 'auto'],
    [0.71, 'auto'],
    [0, 'require-approval'],
    [Number.NaN, 'require-approval'],
  ])('lets confidence %d lead to %s', (confidence, outcome) => {
    expect(decideOn({ confidence }, lowRisk).outcome).toBe(outcome);
  });

  it('never carries out without a person what wanted a stronger model and got none', () => {
    expect(decideOn({ confidence: 1, lowConfidence: true }, lowRisk)).toMatchObject({
      outcome: 'require-approval',
      quorum: 1,
      clause: 'autonomy.low-confidence',
    });
  });
});

describe('limits', () => {
  it.each([
    ['resources', 9, 'require-approval'],
    ['resources', 10, 'require-approval'],
    ['resources', 11, 'deny'],
    ['capacityPercent', 199, 'require-approval'],
    ['capacityPercent', 200, 'require-approval'],
    ['capacityPercent', 201, 'deny'],
  ])('let %s %d lead to %s in local', (member, value, outcome) => {
    const action = resolved('lambda.shift-alias', shiftAlias);
    const blastRadius = { ...action.blastRadius, [member]: value };
    const decision = decideOn({ action: { ...action, blastRadius } });
    expect(decision.outcome).toBe(outcome);
    if (outcome === 'deny') expect(decision.clause).toBe('limits.blast-radius');
  });

  it.each([
    ['changesToday', 999, 'require-approval'],
    ['changesToday', 1_000, 'deny'],
    ['changesToday', 1_001, 'deny'],
    ['changesTodayOfAction', 1_000, 'deny'],
    ['changesTodayOnTarget', 1_000, 'deny'],
  ])('let %s %d lead to %s in local', (member, value, outcome) => {
    const decision = decideOn({ history: { ...base.history, [member]: value } });
    expect(decision.outcome).toBe(outcome);
    if (outcome === 'deny') expect(decision).toMatchObject({ clause: 'limits.history' });
  });
});

describe('variants of what was denied', () => {
  const denial = (index: number, change: object = {}) => ({
    agentRole: 'responder',
    action: 'lambda.shift-alias',
    targetKey: 'lambda-alias/payments:live',
    planDigest: `digest-${index}`,
    atEpochMs: now - 1_000,
    ...change,
  });

  it.each([
    [1, 'require-approval', 'autonomy.matrix'],
    [2, 'deny', 'policy.variant-cooldown'],
    [3, 'deny', 'agent.cut-off'],
    [4, 'deny', 'agent.cut-off'],
  ])('after %d denials: %s by %s', (count, outcome, clause) => {
    const denials = Array.from({ length: count }, (_, index) => denial(index + 1));
    expect(decideOn({ denials })).toMatchObject({ outcome, clause });
  });

  it('lets nothing of a cut-off agent through, not even what was never tried', () => {
    const denials = [1, 2, 3, 4].map((index) => denial(index));
    expect(decideOn({ denials }, lowRisk)).toMatchObject({ outcome: 'deny', clause: 'agent.cut-off' });
  });

  it('lets something else through during a cool-down, and a variant after it', () => {
    const denials = [denial(1), denial(2)];
    expect(decideOn({ denials }, lowRisk).outcome).toBe('auto');
    const nowEpochMs = now - 1_000 + 900_000;
    expect(decideOn({ denials, nowEpochMs: nowEpochMs - 1 }).clause).toBe('policy.variant-cooldown');
    expect(decideOn({ denials, nowEpochMs }).outcome).toBe('require-approval');
  });

  it('counts another target of the same action and another action on the same target as variants', () => {
    const onTarget = [1, 2].map((index) =>
      denial(index, { action: 'lambda.other', targetKey: 'lambda-alias/checkout:live' }),
    );
    expect(decideOn({ denials: onTarget }).clause).toBe('policy.variant-cooldown');
    const elsewhere = [1, 2].map((index) => denial(index, { action: 'lambda.other' }));
    expect(decideOn({ denials: elsewhere }).outcome).toBe('require-approval');
  });

  it('does not hold one agent to what was denied to another', () => {
    const denials = [1, 2, 3, 4].map((index) => denial(index, { agentRole: 'gardener' }));
    expect(decideOn({ denials }).outcome).toBe('require-approval');
  });
});

describe('no way back', () => {
  it('is never carried out without a person, however low its tier', () => {
    const action = { ...resolved('ssm.put-parameter', flagOff), irreversible: 'it cannot be taken back' };
    expect(decideOn({ action }, lowRisk)).toMatchObject({
      outcome: 'require-approval',
      quorum: 1,
      clause: 'action.irreversible',
    });
  });
});

describe('break-glass', () => {
  const breakGlass = {
    incidentId: 'inc-1',
    environment: 'local',
    openedAtEpochMs: now - 60_000,
    expiresAtEpochMs: now + 840_000,
  };

  it('replaces the approval of its incident in guarded', () => {
    expect(decideOn({ breakGlass })).toMatchObject({
      outcome: 'auto',
      quorum: 0,
      clause: 'autonomy.break-glass',
      breakGlass: true,
    });
  });

  it.each([
    ['one millisecond before its end', { expiresAtEpochMs: now + 1 }, 'auto'],
    ['at its end', { expiresAtEpochMs: now }, 'require-approval'],
    ['opened at this moment', { openedAtEpochMs: now }, 'auto'],
    ['opened a millisecond from now', { openedAtEpochMs: now + 1 }, 'require-approval'],
    [
      'a millisecond before 15 minutes, whatever its end says',
      { openedAtEpochMs: now - 899_999, expiresAtEpochMs: now + 86_400_000 },
      'auto',
    ],
    [
      'after 15 minutes, whatever its end says',
      { openedAtEpochMs: now - 900_000, expiresAtEpochMs: now + 86_400_000 },
      'require-approval',
    ],
    ['of another incident', { incidentId: 'inc-2' }, 'require-approval'],
    ['of another environment', { environment: 'prod' }, 'require-approval'],
  ])('%s', (_what, change, outcome) => {
    expect(decideOn({ breakGlass: { ...breakGlass, ...change } }).outcome).toBe(outcome);
  });

  it('gives nothing to a lower stage, a doubtful answer, a change with no way back or a forbidden one', () => {
    const irreversible = { ...resolved('lambda.shift-alias', shiftAlias), irreversible: 'none' };
    const forbidden = proposed('lambda.shift-alias', { ...shiftAlias, functionName: 'interlock-decide' });
    expect(decideOn({ breakGlass, stageSet: { stage: 'auto-low', version: 1 } }).outcome).toBe('recommend');
    expect(decideOn({ breakGlass, lowConfidence: true }).outcome).toBe('require-approval');
    expect(decideOn({ breakGlass, action: irreversible })).toMatchObject({
      outcome: 'require-approval',
      clause: 'action.irreversible',
    });
    expect(decideOn({ breakGlass, action: forbidden }).outcome).toBe('deny');
  });

  it('never weakens what needs no break-glass', () => {
    const decision = decideOn({ breakGlass }, lowRisk);
    expect(decision).toMatchObject({ outcome: 'auto', clause: 'autonomy.matrix' });
    expect(strictness(decision)).toBe(0);
  });
});
