import { describe, expect, it } from 'vitest';
import type { Clause, Decision } from '../../functions/autonomy/decision-input.ts';
import { countDenial } from '../../functions/autonomy/denial-count.ts';
import type { Denial } from '../../functions/policy/variants.ts';
import { base, now, proposed, shiftAlias } from './decision-inputs.ts';

const denied = (clause: Clause): Decision => ({
  outcome: 'deny',
  quorum: 0,
  clause,
  reason: 'because',
  determiningPolicies: [],
});
const earlier = (index: number, agentRole = 'responder'): Denial => ({
  agentRole,
  action: 'lambda.shift-alias',
  targetKey: 'lambda-alias/payments:live',
  planDigest: `earlier-${index}`,
  atEpochMs: now - index,
});

describe('a denial', () => {
  it.each<[Clause, boolean]>([
    ['catalogue.unknown-action', true],
    ['catalogue.invalid-parameters', true],
    ['policy.forbid', true],
    ['policy.no-permit', true],
    ['policy.variant-cooldown', true],
    ['limits.blast-radius', true],
    ['plan.outside-workload', true],
    ['plan.unsound', true],
    ['kill-switch', false],
    ['policy.closed-now', false],
    ['policy.error', false],
    ['limits.history', false],
    ['agent.cut-off', false],
  ])('by %s says something about the proposal: %s', (clause, isCounted) => {
    expect(countDenial(base, denied(clause), 4) !== undefined).toBe(isCounted);
  });

  it('is kept with what was proposed, after those before it', () => {
    const denials = [earlier(1)];
    expect(countDenial({ ...base, denials }, denied('policy.forbid'), 4)).toStrictEqual({
      denials: [
        earlier(1),
        {
          agentRole: 'responder',
          action: 'lambda.shift-alias',
          targetKey: 'lambda-alias/checkout:live',
          planDigest: 'digest-0',
          atEpochMs: now,
        },
      ],
      cutsOff: false,
    });
  });

  it('of an action that nobody knows has no target', () => {
    const action = proposed('iam.attach-role-policy', shiftAlias);
    const counted = countDenial({ ...base, action }, denied('catalogue.unknown-action'), 4);
    expect(counted?.denials).toStrictEqual([
      { agentRole: 'responder', action: 'iam.attach-role-policy', planDigest: 'digest-0', atEpochMs: now },
    ]);
  });

  it.each([
    [0, false],
    [2, false],
    [3, true],
    [4, undefined],
    [5, undefined],
  ])('after %d others cuts the agent off: %s', (count, cutsOff) => {
    const denials = Array.from({ length: count }, (_, index) => earlier(index));
    expect(countDenial({ ...base, denials }, denied('policy.forbid'), 4)?.cutsOff).toBe(cutsOff);
  });

  it('of another agent brings nobody closer to being cut off, and is kept', () => {
    const denials = [0, 1, 2, 3].map((index) => earlier(index, 'gardener'));
    const counted = countDenial({ ...base, denials }, denied('policy.forbid'), 4);
    expect(counted?.cutsOff).toBe(false);
    expect(counted?.denials).toHaveLength(5);
  });

  it.each(['auto', 'recommend', 'require-approval'] as const)('is not what was decided as %s', (outcome) => {
    expect(countDenial(base, { ...denied('policy.forbid'), outcome }, 4)).toBeUndefined();
  });
});
