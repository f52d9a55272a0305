import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { setDesiredCapacity as definition } from '../../../functions/change/actions/autoscaling-set-desired-capacity/definition.ts';
import {
  limitFault,
  desiredCapacityTarget as rules,
} from '../../../functions/change/actions/autoscaling-set-desired-capacity/desired-capacity-target.ts';

const valid = { groupName: 'checkout-web', fromCapacity: 2, toCapacity: 4 };
const accepts = (parameters: unknown) => z.safeParse(definition.parameters, parameters).success;
const state = { desiredCapacity: 2, minSize: 1, maxSize: 4, groupArn: 'arn:1' };

describe('parameters', () => {
  it.each([
    ...definition.examples,
    { ...valid, groupName: 'g'.repeat(255) },
    { ...valid, fromCapacity: 0 },
    { ...valid, toCapacity: 1 },
    { ...valid, toCapacity: 10_000 },
  ])('%j are taken', (parameters) => expect(accepts(parameters)).toBe(true));

  it.each([
    { toCapacity: 0 },
    { toCapacity: -1 },
    { toCapacity: 10_001 },
    { toCapacity: 2.5 },
    { toCapacity: '4' },
    { fromCapacity: -1 },
    { fromCapacity: 10_001 },
    { groupName: '' },
    { groupName: 'g'.repeat(256) },
    { groupName: '-force-delete' },
    { groupName: 'web $(reboot)' },
    { groupName: 'arn:aws:autoscaling:us-east-1:1:x' },
    { groupName: 'a/b' },
    { groupName: '*' },
    { groupName: 'wеb' },
    { groupName: 'web\n' },
    { minSize: 0 },
    { groupName: undefined },
  ])('with %j are refused', (changed) => expect(accepts({ ...valid, ...changed })).toBe(false));
});

it('has the tier and the share of what it changes', () => {
  expect(definition.tier(valid)).toBe('low');
  expect(definition.tier({ ...valid, toCapacity: 5 })).toBe('medium');
  expect(definition.tier({ ...valid, fromCapacity: 3, toCapacity: 1 })).toBe('high');
  expect(definition.blastRadius(valid)).toStrictEqual({ resources: 1, capacityPercent: 100 });
});

describe("the group's own limits", () => {
  it.each([
    [1, undefined],
    [4, undefined],
    [5, "capacity 5 is outside the group's limits 1…4"],
  ])('capacity %d: %s', (toCapacity, fault) => {
    expect(limitFault({ ...valid, toCapacity }, state)).toBe(fault);
  });

  it('refuse less than the minimum', () => {
    expect(limitFault({ ...valid, toCapacity: 1 }, { ...state, minSize: 2 })).toMatch(/2…4/);
  });

  it('do not hide a group that is to be brought back', () => {
    expect(limitFault(valid, { ...state, desiredCapacity: 4, maxSize: 3 })).toBeUndefined();
  });
});

describe('what is read', () => {
  it.each([
    [2, 'before'],
    [4, 'after'],
    [3, 'neither'],
    [0, 'neither'],
  ])('capacity %d stands %s', (desiredCapacity, where) => {
    expect(rules.isBefore(valid, { ...state, desiredCapacity })).toBe(where === 'before');
    expect(rules.isAfter(valid, { ...state, desiredCapacity })).toBe(where === 'after');
  });

  it.each([{ desiredCapacity: 3 }, { minSize: 0 }, { maxSize: 5 }, { groupArn: 'arn:2' }])(
    '%j since the snapshot is somebody else',
    (changed) => {
      expect(rules.isUntouched(state, state)).toBe(true);
      expect(rules.isUntouched(state, { ...state, ...changed })).toBe(false);
    },
  );

  it('is restored with the capacity, whatever the limits are now, but never in another group', () => {
    expect(rules.isRestored(state, { ...state, minSize: 0, maxSize: 9 })).toBe(true);
    expect(rules.isRestored(state, { ...state, desiredCapacity: 3 })).toBe(false);
    expect(rules.isRestored(state, { ...state, groupArn: 'arn:2' })).toBe(false);
  });

  it('holds the value of the plan', () => {
    expect(definition.successCriteria(valid)).toStrictEqual([
      { kind: 'read-back', expected: rules.readBack({ ...state, desiredCapacity: 4 }) },
    ]);
  });
});
