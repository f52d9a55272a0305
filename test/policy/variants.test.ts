import { describe, expect, it } from 'vitest';
import { type Denial, isNearVariant, judgeVariant, type Proposal } from '../../functions/policy/variants.ts';

const thresholds = { cooldownAfterDenials: 2, cooldownSeconds: 900, cutOffAfterDenials: 4 };
/** 2026-11-23T00:00:00Z. */
const now = 1_795_392_000_000;
const proposal: Proposal = {
  agentRole: 'responder',
  action: 'lambda.shift-alias',
  targetKey: 'lambda-alias/checkout:live',
  planDigest: 'proposed',
};
const denial = (change: Partial<Denial> = {}): Denial => ({
  ...proposal,
  planDigest: 'denied',
  atEpochMs: now - 1_000,
  ...change,
});
const judge = (denials: readonly Denial[], at = now) => judgeVariant(thresholds, denials, proposal, at);

describe('a near variant', () => {
  it.each<[string, Partial<Proposal>, boolean]>([
    ['the same action on the same target', {}, true],
    ['the same action on something else', { targetKey: 'lambda-alias/payments:live' }, true],
    ['another action on the same target', { action: 'lambda.set-concurrency' }, true],
    [
      'another action on something else',
      { action: 'lambda.set-concurrency', targetKey: 'lambda-alias/payments:live' },
      false,
    ],
    ['another action on nothing known', { action: 'lambda.set-concurrency', targetKey: undefined }, false],
    ['the very same plan', { planDigest: 'proposed' }, false],
  ])('of what is proposed is %s: %s', (_what, change, isNear) => {
    expect(isNearVariant(denial(change), proposal)).toBe(isNear);
  });

  it('is not what names no known target either', () => {
    const nothing = { ...proposal, targetKey: undefined };
    expect(isNearVariant(denial({ action: 'iam.attach', targetKey: undefined }), nothing)).toBe(false);
  });
});

describe('a proposal', () => {
  it.each([
    [0, 'clear'],
    [1, 'clear'],
    [2, 'cooling-down'],
    [3, 'cooling-down'],
    [4, 'cut-off'],
    [5, 'cut-off'],
  ])('after %d variants that were denied: %s', (count, verdict) => {
    expect(judge(Array.from({ length: count }, () => denial())).verdict).toBe(verdict);
  });

  it('waits from the latest variant on, whatever the order, and not from what is no variant', () => {
    const far = denial({ action: 'ssm.put-parameter', targetKey: 'ssm-parameter/a', atEpochMs: now });
    expect(
      judge([denial({ atEpochMs: now - 2_000 }), denial({ atEpochMs: now - 5_000 }), far]),
    ).toStrictEqual({ verdict: 'cooling-down', denials: 3, untilEpochMs: now - 2_000 + 900_000 });
  });

  it.each([
    [899_999, 'cooling-down'],
    [900_000, 'clear'],
    [900_001, 'clear'],
    [Number.NaN, 'cooling-down'],
  ])('%d ms after the last variant: %s', (afterMs, verdict) => {
    const denials = [denial({ atEpochMs: now }), denial({ atEpochMs: now })];
    expect(judge(denials, now + afterMs).verdict).toBe(verdict);
  });

  it('that resembles nothing that was denied does not wait', () => {
    const far = { action: 'ssm.put-parameter', targetKey: 'ssm-parameter/a' };
    expect(judge([denial(far), denial(far)])).toStrictEqual({ verdict: 'clear' });
  });

  it('is not held to what was denied to another agent', () => {
    const others = [1, 2, 3, 4].map(() => denial({ agentRole: 'gardener' }));
    expect(judge(others)).toStrictEqual({ verdict: 'clear' });
    expect(judge([...others, denial()])).toStrictEqual({ verdict: 'clear' });
  });

  it('is cut off with the number of its own denials', () => {
    const own = [1, 2, 3, 4].map(() => denial({ action: 'x', targetKey: undefined }));
    expect(judge([...own, denial({ agentRole: 'gardener' })])).toStrictEqual({
      verdict: 'cut-off',
      denials: 4,
    });
  });
});
