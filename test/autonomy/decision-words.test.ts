import { describe, expect, it } from 'vitest';
import { decide } from '../../functions/autonomy/decision.ts';
import type { DecisionInput } from '../../functions/autonomy/decision-input.ts';
import { base, lowRisk, now, proposed, resolved, shiftAlias, shipped } from './decision-inputs.ts';

const permitShift = 'permit-responder-lambda-shift-alias';
const permitFlag = 'permit-responder-ssm-put-parameter';
const guarded = { stage: 'guarded', stageVersion: 0 } as const;
const denied = { outcome: 'deny', quorum: 0, determiningPolicies: [] } as const;
const broken = (minutesAgo: number) => ({
  incidentId: 'inc-1',
  environment: 'local',
  openedAtEpochMs: now - minutesAgo * 60_000,
  expiresAtEpochMs: now + 60_000,
});
const denial = (planDigest: string, atEpochMs: number) => ({
  agentRole: 'responder',
  action: 'lambda.shift-alias',
  targetKey: 'lambda-alias/checkout:live',
  planDigest,
  atEpochMs,
});
const reboot = resolved('ec2.reboot-instance', { instanceId: 'i-0123456789abcdef0' });

/** What stands in the record, on the page and in the ledger, word for word. */
const cases: [what: string, change: Partial<DecisionInput>, expected: object, from?: DecisionInput][] = [
  [
    'an unknown action',
    { action: proposed('iam.attach-role-policy', {}) },
    {
      ...denied,
      clause: 'catalogue.unknown-action',
      reason: 'the proposed action is not in the action catalogue',
    },
  ],
  [
    'parameters that do not fit',
    { action: proposed('lambda.shift-alias', { ...shiftAlias, functionName: 7, toVersion: 8 }) },
    {
      ...denied,
      clause: 'catalogue.invalid-parameters',
      reason: "the proposed parameters do not fit the action's schema: functionName, toVersion",
    },
  ],
  [
    'a kill switch over everything',
    { killSwitch: { reading: 'engaged', scope: 'global' } },
    {
      ...denied,
      clause: 'kill-switch',
      reason: 'the kill switch is engaged: nothing may start until a person switches it off',
    },
  ],
  [
    'a kill switch whose scope nobody knows',
    { killSwitch: { reading: 'engaged' } },
    {
      ...denied,
      clause: 'kill-switch',
      reason: 'the kill switch is engaged: nothing may start until a person switches it off',
    },
  ],
  [
    'a kill switch over one agent that cannot be read',
    { killSwitch: { reading: 'unreadable', scope: 'agent#responder' } },
    {
      ...denied,
      clause: 'kill-switch',
      reason: 'the kill switch over agent#responder cannot be read, which counts as engaged',
    },
  ],
  [
    'another role',
    { agentRole: 'gardener' },
    {
      ...denied,
      tier: 'medium',
      clause: 'policy.no-permit',
      reason: 'no policy permits this action on this target for this role',
    },
  ],
  [
    'a target of another workload',
    { targetKey: 'lambda-alias/other:live' },
    {
      ...denied,
      tier: 'medium',
      clause: 'plan.outside-workload',
      reason: 'the target is not one of the resources of the workload that the incident is about',
    },
  ],
  [
    'a plan that is not what it claims',
    { planFault: 'its effect does not follow from its parameters' },
    {
      ...denied,
      tier: 'medium',
      clause: 'plan.unsound',
      reason: 'its effect does not follow from its parameters',
    },
  ],
  [
    'tags that cannot be read',
    { targetTags: { reading: 'unreadable', reason: 'no answer within 2 s' } },
    {
      ...denied,
      determiningPolicies: ['forbid-protected-targets'],
      tier: 'medium',
      clause: 'policy.error',
      reason:
        'the tags of the target could not be read (no answer within 2 s), and policies ask for them, which denies',
    },
  ],
  [
    'a change that one person approves',
    {},
    {
      ...guarded,
      outcome: 'require-approval',
      quorum: 1,
      tier: 'medium',
      clause: 'autonomy.matrix',
      reason: 'stage guarded, tier medium: needs 1 approval',
      determiningPolicies: [permitShift],
    },
  ],
  [
    'a change that is carried out',
    {},
    {
      ...guarded,
      outcome: 'auto',
      quorum: 0,
      tier: 'low',
      clause: 'autonomy.matrix',
      reason: 'stage guarded, tier low: carried out automatically',
      determiningPolicies: [permitFlag],
    },
    lowRisk,
  ],
  [
    'a doubtful one',
    { confidence: 0.2 },
    {
      ...guarded,
      outcome: 'require-approval',
      quorum: 1,
      peopleOnly: true,
      tier: 'low',
      clause: 'autonomy.low-confidence',
      reason: "stage guarded, tier low, but the model's confidence 0.2 is below 0.7: needs 1 approval",
      determiningPolicies: [permitFlag],
    },
    lowRisk,
  ],
  [
    'one whose confidence was stated for another',
    { lowConfidence: true },
    {
      ...guarded,
      outcome: 'require-approval',
      quorum: 1,
      peopleOnly: true,
      tier: 'low',
      clause: 'autonomy.low-confidence',
      reason: "stage guarded, tier low, but the model's confidence 0.9 cannot be relied on: needs 1 approval",
      determiningPolicies: [permitFlag],
    },
    lowRisk,
  ],
  [
    'one under a broken glass',
    { breakGlass: broken(14) },
    {
      ...guarded,
      outcome: 'auto',
      quorum: 0,
      breakGlass: true,
      tier: 'medium',
      clause: 'autonomy.break-glass',
      reason: 'stage guarded, tier medium: carried out under break-glass instead of 1 approval',
      determiningPolicies: [permitShift],
    },
  ],
  [
    'a glass broken too long ago',
    { breakGlass: broken(15) },
    {
      ...guarded,
      outcome: 'require-approval',
      quorum: 1,
      tier: 'medium',
      clause: 'autonomy.matrix',
      reason: 'stage guarded, tier medium: needs 1 approval',
      determiningPolicies: [permitShift],
    },
  ],
  [
    'a place where nothing but advice is wanted',
    {
      stageSet: { stage: 'observe', version: 3 },
    },
    {
      stage: 'observe',
      stageVersion: 3,
      outcome: 'recommend',
      quorum: 0,
      tier: 'medium',
      clause: 'autonomy.matrix',
      reason: 'stage observe, tier medium: recommended to people, not carried out',
      determiningPolicies: [permitShift],
    },
  ],
  [
    'a variant of what was denied',
    { denials: [denial('digest-1', now - 2_000), denial('digest-2', now - 1_000)] },
    {
      ...denied,
      tier: 'medium',
      clause: 'policy.variant-cooldown',
      reason:
        'a variant of what was denied: 2 proposals of this incident were denied; not considered before 2026-11-23T00:14:59.000Z',
    },
  ],
  [
    'the third denial',
    {
      denials: [
        denial('digest-1', now - 3_000),
        denial('digest-2', now - 2_000),
        denial('digest-3', now - 1_000),
      ],
    },
    {
      ...denied,
      tier: 'medium',
      clause: 'agent.cut-off',
      reason: 'the agent is cut off for this incident: 3 of its proposals were denied; a person takes over',
    },
  ],
];

describe('the words of a decision', () => {
  it.each(cases)('%s', (_what, change, expected, from = base) => {
    expect(decide({ ...from, ...change }, shipped)).toStrictEqual(expected);
  });

  it('say why something without a way back is never automatic', () => {
    const decision = decide(
      { ...base, action: reboot, targetKey: reboot.target.key, breakGlass: broken(10) },
      shipped,
    );
    expect(decision).toMatchObject({ outcome: 'require-approval', peopleOnly: true });
    expect(decision.clause).toBe('action.irreversible');
    expect(decision.reason).toMatch(
      /^stage guarded, tier \w+, but there is no way back \(.{10,}\): needs [12] approvals?$/,
    );
  });
});
