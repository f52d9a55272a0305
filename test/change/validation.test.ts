import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completePeriods, metricOf } from '../../functions/change/metric-criterion.ts';
import type { SuccessCriterion } from '../../functions/change/plan.ts';
import {
  type CriterionResult,
  combine,
  judgeMetric,
  validationDeadline,
} from '../../functions/change/validation.ts';

const results = ['pass', 'fail', 'not-yet', 'no-data', 'unreadable'] as const;
const seen = (...found: CriterionResult[]) => found.map((result) => ({ result, reason: `saw ${result}` }));

describe('validation', () => {
  it.each([
    [[], 0, 'fail'],
    [['pass'], 0, 'pass'],
    [['pass', 'pass'], 100, 'pass'],
    [['pass', 'fail'], 0, 'fail'],
    [['not-yet', 'unreadable', 'fail'], 0, 'fail'],
    [['pass', 'not-yet'], 99, 'pending'],
    [['pass', 'not-yet'], 100, 'fail'],
    [['pass', 'not-yet'], 101, 'fail'],
    [['no-data'], 99, 'pending'],
    [['no-data'], 100, 'fail'],
    [['unreadable', 'pass'], 99, 'inconclusive'],
    [['unreadable', 'pass'], 100, 'inconclusive'],
    [['unreadable', 'not-yet'], 99, 'inconclusive'],
    [['unreadable', 'no-data'], 100, 'fail'],
  ] as const)('%j at %d of 100: %s', (found, now, outcome) => {
    expect(combine(seen(...found), now, 100).outcome).toBe(outcome);
  });

  it('passes only when every criterion does, whatever the order and the time', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...results)), fc.nat(200), (found, now) => {
        const { outcome } = combine(seen(...found), now, 100);
        expect(outcome === 'pass').toBe(found.length > 0 && found.every((result) => result === 'pass'));
        expect(combine(seen(...found.toReversed()), now, 100).outcome).toBe(outcome);
        if (now >= 100) expect(outcome).not.toBe('pending');
      }),
    );
  });

  const metric = {
    kind: 'metric',
    namespace: 'AWS/Lambda',
    metricName: 'Errors',
    dimensions: { FunctionName: 'checkout' },
    statistic: 'Sum',
    periodSeconds: 60,
    comparison: 'at-most',
    threshold: 2,
  } as const;

  it.each([
    ['its seconds', [], 1_772_445_720_000],
    ['three periods of a metric', [metric], 1_772_445_780_000],
    ['three periods of the longest one', [metric, { ...metric, periodSeconds: 120 }], 1_772_445_960_000],
    ['no longer for a malformed one', [{ ...metric, periodSeconds: 1e9 }], 1_772_445_720_000],
  ])('gives an effect %s from when it is there', (_, criteria, deadline) => {
    expect(validationDeadline(1_772_445_600_000, 120, criteria)).toBe(deadline);
  });

  it.each([
    ['change', 'at-most', [], 'no-data'],
    ['change', 'at-most', [2], 'pass'],
    ['change', 'at-most', [3], 'not-yet'],
    ['change', 'at-most', [9, 2], 'pass'],
    ['change', 'at-least', [2], 'pass'],
    ['change', 'at-least', [1], 'not-yet'],
    ['step', 'at-most', [], 'no-data'],
    ['step', 'at-most', [0, 2], 'pass'],
    ['step', 'at-most', [3, 0], 'fail'],
    ['step', 'at-most', [0, 3], 'fail'],
    ['step', 'at-least', [1], 'not-yet'],
    ['step', 'at-least', [0, 2], 'pass'],
    ['change', 'at-most', [Number.NaN], 'not-yet'],
    ['step', 'at-most', [Number.NaN], 'fail'],
  ] as const)('a %s held %s 2 against %j: %s', (of, comparison, values, result) => {
    expect(judgeMetric({ ...metric, comparison }, values, of).result).toBe(result);
  });

  it.each([
    [600_000, 659_999, undefined],
    [600_000, 660_000, { from: 600_000, until: 660_000 }],
    [600_001, 719_999, undefined],
    [600_001, 720_000, { from: 660_000, until: 720_000 }],
    [600_001, 800_000, { from: 660_000, until: 780_000 }],
  ])('from %d until %d the whole minutes are %j', (since, now, expected) => {
    expect(completePeriods(60, since, now)).toStrictEqual(expected);
  });

  it.each([
    {},
    { ...metric, periodSeconds: 61 },
    { ...metric, periodSeconds: 300 },
    { ...metric, threshold: Number.NaN },
    { ...metric, threshold: '0' },
    { ...metric, comparison: 'At-most' },
    { ...metric, statistic: 'p99' },
    { ...metric, dimensions: null },
    { ...metric, namespace: '' },
    { ...metric, more: true },
  ])('%j is no metric that can be looked at', (criterion) => {
    expect(metricOf(criterion as unknown as SuccessCriterion)).toBeUndefined();
  });
});
