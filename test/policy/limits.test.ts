import { describe, expect, it } from 'vitest';
import { historyFrom, limitFault, limitsFor, parseLimits } from '../../functions/policy/limits.ts';
import limitsJson from '../../policies/limits.json' with { type: 'json' };

const shipped = () => structuredClone(limitsJson);
const allowed = {
  maximumResources: 2,
  maximumCapacityPercent: 50,
  maximumChangesPerDay: 10,
  maximumChangesPerDayOfAction: 5,
  maximumChangesPerDayOnTarget: 3,
};
const small = { resources: 1, capacityPercent: 10 };
const none = { changesToday: 0, changesTodayOfAction: 0, changesTodayOnTarget: 0 };

describe('limits policy', () => {
  it('has limits in every environment, also one that nobody named and one that objects have by inheritance', () => {
    const policy = parseLimits(shipped());
    expect(limitsFor(policy, 'local').maximumChangesPerDay).toBe(1_000);
    for (const environment of ['prod', 'nowhere', 'constructor', '__proto__', '']) {
      expect(limitsFor(policy, environment)).toStrictEqual(policy.default);
    }
  });

  it.each<[string, (json: ReturnType<typeof shipped>) => object]>([
    ['an unknown member', (json) => ({ ...json, extra: 1 })],
    ['a limit left out', (json) => ({ ...json, default: { ...json.default, maximumResources: undefined } })],
    ['a negative limit', (json) => ({ ...json, default: { ...json.default, maximumResources: -1 } })],
    ['a fraction', (json) => ({ ...json, default: { ...json.default, maximumResources: 1.5 } })],
    ['no default', (json) => ({ ...json, default: undefined })],
    [
      'a cut-off before the cool-down',
      (json) => ({ ...json, variants: { ...json.variants, cutOffAfterDenials: 1 } }),
    ],
    [
      'a cut-off after no denial',
      (json) => ({ ...json, variants: { ...json.variants, cutOffAfterDenials: 0 } }),
    ],
  ])('is refused with %s', (_what, change) => {
    expect(() => parseLimits(change(shipped()))).toThrow(/limits\.json/);
  });
});

describe('a change', () => {
  it.each([
    [{ resources: 2 }, undefined],
    [{ resources: 3 }, 'alters 3 resources, but 2 are allowed at once'],
    [{ capacityPercent: 50 }, undefined],
    [{ capacityPercent: 51 }, "alters 51 % of its target's capacity, but 50 % are allowed at once"],
    [{ resources: Number.NaN }, 'NaN resources'],
  ])('of %j', (change, reason) => {
    const fault = limitFault(allowed, { ...small, ...change }, none);
    if (reason === undefined) expect(fault).toBeUndefined();
    else expect(fault).toMatchObject({ kind: 'blast-radius', reason: expect.stringContaining(reason) });
  });

  it.each([
    ['changesToday', 9, 10, '10 of 10 changes a day in this environment'],
    ['changesTodayOfAction', 4, 5, '5 of 5 changes a day of this action'],
    ['changesTodayOnTarget', 2, 3, '3 of 3 changes a day on this target'],
  ])('after others: %s', (member, below, at, reason) => {
    expect(limitFault(allowed, small, { ...none, [member]: below })).toBeUndefined();
    expect(limitFault(allowed, small, { ...none, [member]: at })).toMatchObject({
      kind: 'history',
      reason: expect.stringContaining(reason),
    });
    expect(limitFault(allowed, small, { ...none, [member]: at + 1 })?.kind).toBe('history');
    expect(limitFault(allowed, small, { ...none, [member]: Number.NaN })?.kind).toBe('history');
  });

  it.each([-1, 1.5, '3', null, Number.NaN])(
    'counts a counter that is none as over every limit: %j',
    (value) => {
      const history = historyFrom({ all: value }, 'a', 't');
      expect(limitFault(allowed, small, history)?.kind).toBe('history');
    },
  );

  it('reads its own counters and no others', () => {
    const usage = { all: 7, 'action#a': 3, 'target#t': 2, 'action#b': 9 };
    expect(historyFrom(usage, 'a', 't')).toStrictEqual({
      changesToday: 7,
      changesTodayOfAction: 3,
      changesTodayOnTarget: 2,
    });
    expect(historyFrom(undefined, 'a', 't')).toStrictEqual(none);
  });
});
