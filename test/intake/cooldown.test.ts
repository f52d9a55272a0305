import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  admit,
  type CooldownWindow,
  cooldownAt,
  isNews,
  isOpen,
  isReturn,
  isStale,
} from '../../functions/intake/cooldown.ts';
import { severities } from '../../functions/platform/vocabulary.ts';

const policy = {
  cooldownSeconds: 300,
  backoff: { factor: 2, maximumSeconds: 1_000, resetAfterQuietSeconds: 3_600 },
};

/** 2025-03-01T03:00:00Z; its incident closed, its cooldown ends five minutes later. */
const closed: CooldownWindow = {
  incidentId: 'inc-00000000000000000001',
  severity: 'high',
  openedAtEpochMs: 1_740_797_000_000,
  cooldownSeconds: 300,
  backoffLevel: 0,
  incidentOpen: false,
  closesAtEpochMs: 1_740_798_300_000,
  executionStarted: true,
};
const { closesAtEpochMs: _, ...withoutClosing } = closed;
const open: CooldownWindow = { ...withoutClosing, incidentOpen: true };

describe('a closed incident', () => {
  test.each([
    ['1 ms before the cooldown ends', 1_740_798_299_999, 'cooling-down', undefined],
    ['when it ends', 1_740_798_300_000, 'cooldown-over', 1],
    ['1 ms after', 1_740_798_300_001, 'cooldown-over', 1],
    ['1 ms before the quiet period is over', 1_740_801_899_999, 'cooldown-over', 1],
    ['when it is over', 1_740_801_900_000, 'quiet-period-over', 0],
    ['1 ms after', 1_740_801_900_001, 'quiet-period-over', 0],
  ])('%s', (_when, now, because, backoffLevel) => {
    const admission = admit(closed, 'high', policy, now);
    expect(admission.because).toBe(because);
    expect('backoffLevel' in admission ? admission.backoffLevel : undefined).toBe(backoffLevel);
  });

  test('says until when it suppresses', () => {
    expect(admit(closed, 'high', policy, 1_740_798_000_000)).toEqual({
      decision: 'suppress',
      because: 'cooling-down',
      incidentId: 'inc-00000000000000000001',
      untilEpochMs: 1_740_798_300_000,
    });
  });

  test('without a closing time does not suppress for ever', () => {
    expect(admit(withoutClosing, 'high', policy, 1_740_798_000_000).decision).toBe('open');
  });
});

test('no window: the first incident has the plain cooldown', () => {
  expect(admit(undefined, 'low', policy, 1_740_798_000_000)).toEqual({
    decision: 'open',
    because: 'no-window',
    cooldownSeconds: 300,
    backoffLevel: 0,
  });
});

test('an open incident suppresses however long it lasts', () => {
  expect(admit(open, 'high', policy, 4_000_000_000_000)).toEqual({
    decision: 'suppress',
    because: 'incident-open',
    incidentId: 'inc-00000000000000000001',
  });
});

describe('reports and recoveries of an open incident', () => {
  const reported = { ...open, reportedAtEpochMs: 1_740_798_000_000 };
  const recovered = { ...reported, recoveredAtEpochMs: 1_740_798_060_000 };

  test.each([
    ['older', reported, 1_740_797_990_000, false],
    ['as old', reported, 1_740_798_000_000, false],
    ['less than a second later', reported, 1_740_798_000_999, false],
    ['a second later', reported, 1_740_798_001_000, true],
    ['of a window that remembers none', open, 1_740_797_990_000, true],
    ['before the recovery, out of order', recovered, 1_740_798_059_999, true],
    [
      'less than a second after the last one, at the recovery',
      { ...recovered, reportedAtEpochMs: 1_740_798_059_500 },
      1_740_798_060_000,
      true,
    ],
  ])('a report %s is news: %#', (_when, window, at, expected) => {
    expect(isNews(window, at)).toBe(expected);
  });

  test.each([
    [1_740_798_059_999, false],
    [1_740_798_060_000, true],
    [1_740_798_060_001, true],
  ])('a report at %s, around the recovery, says that it came back: %s', (at, expected) => {
    expect(isReturn(recovered, at)).toBe(expected);
    expect(isReturn(reported, at)).toBe(false);
  });

  test.each([
    [1_740_797_999_999, true],
    [1_740_798_000_000, false],
    [1_740_798_000_001, false],
  ])('a recovery at %s, around the last report, is stale: %s', (at, expected) => {
    expect(isStale(reported, at)).toBe(expected);
    expect(isStale(open, at)).toBe(false);
  });

  test.each([
    [1_740_798_059_999, true],
    [1_740_798_060_000, false],
  ])('a recovery at %s, around the last recovery, is stale: %s', (at, expected) => {
    expect(isStale(recovered, at)).toBe(expected);
  });
});

describe('severity', () => {
  test.each([
    ['low', 'suppress'],
    ['medium', 'suppress'],
    ['high', 'suppress'],
    ['critical', 'pierce'],
  ] as const)('%s against a window of high: %s', (severity, decision) => {
    expect(admit(open, severity, policy, 1_740_798_000_000).decision).toBe(decision);
    expect(admit(closed, severity, policy, 1_740_798_000_000).decision).toBe(decision);
  });

  test('a pierced window names the incident it supersedes and keeps the backoff level', () => {
    expect(admit({ ...open, backoffLevel: 1 }, 'critical', policy, 1_740_798_000_000)).toEqual({
      decision: 'pierce',
      because: 'severity-rose',
      supersedes: 'inc-00000000000000000001',
      cooldownSeconds: 600,
      backoffLevel: 1,
    });
  });

  test('raising it never turns an incident into a suppression', () => {
    const windows = fc.record({
      ...Object.fromEntries(Object.entries(closed).map(([name, value]) => [name, fc.constant(value)])),
      severity: fc.constantFrom(...severities),
      incidentOpen: fc.boolean(),
    }) as unknown as fc.Arbitrary<CooldownWindow>;
    fc.assert(
      fc.property(
        windows,
        fc.nat({ max: 3 }),
        fc.nat({ max: 3 }),
        fc.integer({ min: -5_000_000, max: 5_000_000 }),
        (window, a, b, shift) => {
          const now = 1_740_798_300_000 + shift;
          const opens = (index: number) =>
            admit(window, severities[index] ?? 'low', policy, now).decision !== 'suppress';
          if (opens(Math.min(a, b))) expect(opens(Math.max(a, b))).toBe(true);
        },
      ),
    );
  });
});

describe('backoff', () => {
  test.each([
    [0, 300],
    [1, 600],
    [2, 1_000],
    [3, 1_000],
    [5_000, 1_000],
  ])('at level %i the cooldown is %i s', (level, cooldownSeconds) => {
    expect(cooldownAt(policy, level)).toBe(cooldownSeconds);
  });

  test('never shrinks with the level and never leaves its limits', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2_000 }), (level) => {
        expect(cooldownAt(policy, level + 1)).toBeGreaterThanOrEqual(cooldownAt(policy, level));
        expect(cooldownAt(policy, level)).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});

test('open means: the incident is open, or the closing time is still to come', () => {
  expect(isOpen(open, 9_999_999_999_999)).toBe(true);
  expect(isOpen(closed, 1_740_798_299_999)).toBe(true);
  expect(isOpen(closed, 1_740_798_300_000)).toBe(false);
});
