import { describe, expect, it } from 'vitest';
import { countersOf, type DailyLimits, dayOf, usageWrite } from '../../functions/change/daily-usage.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { historyFrom } from '../../functions/policy/limits.ts';
import { keyOf, transact } from '../model/memory-tables.ts';

/** 2026-11-23T23:59:59.999Z. */
const now = 1_795_478_399_999;
const change = { action: 'lambda.shift-alias', targetKey: 'lambda-alias/checkout:live' };
const limits: DailyLimits = {
  maximumChangesPerDay: 3,
  maximumChangesPerDayOfAction: 3,
  maximumChangesPerDayOnTarget: 3,
};
const key = itemKeys.usage('local', '2026-11-23');
const start = (standing: Item | undefined, change_: Partial<DailyLimits> = {}) => {
  const write = usageWrite('controls', change, 'local', { ...limits, ...change_ }, now);
  const { result, written } = transact(() => standing, [write]);
  return result.outcome === 'refused' ? 'refused' : written[0]?.after;
};
const counters = ['all', 'action#lambda.shift-alias', 'target#lambda-alias/checkout:live'];
const used = (count: number): Item => ({
  ...key,
  ...Object.fromEntries(counters.map((name) => [name, count])),
});

describe('a start', () => {
  it('counts to its day in UTC, up to the last millisecond', () => {
    expect(dayOf(now)).toBe('2026-11-23');
    expect(dayOf(now + 1)).toBe('2026-11-24');
    const write = usageWrite('controls', change, 'local', limits, now);
    expect([write.table, keyOf(write)]).toStrictEqual(['controls', key]);
  });

  it('counts once for the environment, the action and the target, for a month and a day', () => {
    expect(start(undefined)).toStrictEqual({ ...used(1), ttlEpochSeconds: 1_798_156_799 });
    expect(start({ ...used(2), 'action#other': 9 })).toMatchObject({ ...used(3), 'action#other': 9 });
  });

  it('is counted where decisions look', () => {
    expect(countersOf(change)).toStrictEqual({
      all: counters[0],
      ofAction: counters[1],
      onTarget: counters[2],
    });
    expect(historyFrom(start(undefined) as Item, change.action, change.targetKey)).toStrictEqual({
      changesToday: 1,
      changesTodayOfAction: 1,
      changesTodayOnTarget: 1,
    });
  });

  it.each(counters)('is refused from the limit of %s on', (counter) => {
    expect(start({ ...used(0), [counter]: 2 })).toMatchObject({ [counter]: 3 });
    expect(start({ ...used(0), [counter]: 3 })).toBe('refused');
    expect(start({ ...used(0), [counter]: 4 })).toBe('refused');
  });

  it.each(Object.keys(limits))('is refused on an unused day when %s is 0, and not when it is 1', (limit) => {
    expect(start(undefined, { [limit]: 0 })).toBe('refused');
    expect(start({ ...key }, { [limit]: 0 })).toBe('refused');
    expect(start(undefined, { [limit]: 1 })).toMatchObject(used(1));
  });
});
