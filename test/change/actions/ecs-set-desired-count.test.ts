import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { ServiceState } from '../../../functions/change/actions/ecs-service.ts';
import { setDesiredCount as definition } from '../../../functions/change/actions/ecs-set-desired-count/definition.ts';
import { desiredCountTarget as rules } from '../../../functions/change/actions/ecs-set-desired-count/desired-count-target.ts';

const valid = { cluster: 'shop', service: 'checkout', fromCount: 2, toCount: 4 };
const accepts = (parameters: unknown) => z.safeParse(definition.parameters, parameters).success;
const state: ServiceState = {
  taskDefinition: 'arn:aws:ecs:us-east-1:000000000000:task-definition/checkout:12',
  desiredCount: 2,
  schedulingStrategy: 'REPLICA',
  deploymentIds: ['ecs-svc/1', 'ecs-svc/0'],
  deploymentUpdatedAtEpochMs: 1_700_000_000_000,
  rolloutState: 'COMPLETED',
};

describe('parameters', () => {
  it.each([
    ...definition.examples,
    { ...valid, cluster: 'c'.repeat(255), service: 's'.repeat(255) },
    { ...valid, fromCount: 0, toCount: 1 },
    { ...valid, fromCount: 5_000, toCount: 5_000 },
  ])('%j are taken', (parameters) => expect(accepts(parameters)).toBe(true));

  it.each([
    { toCount: 0 },
    { toCount: -1 },
    { toCount: 5_001 },
    { toCount: 1.5 },
    { toCount: '4' },
    { fromCount: -1 },
    { fromCount: 5_001 },
    { cluster: '' },
    { cluster: 'c'.repeat(256) },
    { service: '' },
    { service: 's'.repeat(256) },
    { service: 'shop/checkout' },
    { cluster: 'arn:aws:ecs:us-east-1:1:cluster/shop' },
    { service: '--force-new-deployment' },
    { service: 'checkout && reboot' },
    { service: 'chеckout' },
    { service: 'checkout\n' },
    { forceNewDeployment: true },
    { service: undefined },
  ])('with %j are refused', (changed) => expect(accepts({ ...valid, ...changed })).toBe(false));
});

it('has the tier and the share of what it changes', () => {
  expect(definition.tier(valid)).toBe('low');
  expect(definition.tier({ ...valid, toCount: 5 })).toBe('medium');
  expect(definition.tier({ ...valid, fromCount: 3, toCount: 1 })).toBe('high');
  expect(definition.blastRadius({ ...valid, toCount: 3 })).toStrictEqual({
    resources: 1,
    capacityPercent: 50,
  });
});

it('never locks two services as one', () => {
  const key = (cluster: string, service: string) => definition.target({ ...valid, cluster, service }).key;
  expect(key('shop', 'checkout')).toBe('ecs-service/shop/checkout');
  expect(key('a', 'b-c')).not.toBe(key('a-b', 'c'));
});

describe('what is read', () => {
  it.each([
    [2, 'before'],
    [4, 'after'],
    [3, 'neither'],
    [0, 'neither'],
  ])('count %d stands %s', (desiredCount, where) => {
    expect(rules.isBefore(valid, { ...state, desiredCount })).toBe(where === 'before');
    expect(rules.isAfter(valid, { ...state, desiredCount })).toBe(where === 'after');
  });

  it.each([
    { desiredCount: 3 },
    { deploymentIds: ['ecs-svc/2', 'ecs-svc/1'] },
    { deploymentUpdatedAtEpochMs: 1_700_000_000_001 },
  ] as Partial<ServiceState>[])('%j since the snapshot may be somebody else', (changed) => {
    expect(rules.isUntouched(state, { ...state, ...changed })).toBe(false);
  });

  it.each([{ deploymentIds: ['ecs-svc/1'] }, { rolloutState: 'IN_PROGRESS' }] as Partial<ServiceState>[])(
    '%j since the snapshot is ECS at work',
    (changed) => {
      expect(rules.isUntouched(state, { ...state, ...changed })).toBe(true);
    },
  );

  it('is restored with the count, however often ECS has touched the deployment', () => {
    expect(rules.isRestored(state, { ...state, deploymentUpdatedAtEpochMs: 1_700_000_009_000 })).toBe(true);
    expect(rules.isRestored(state, { ...state, desiredCount: 4 })).toBe(false);
  });

  it('holds the value of the plan, and a snapshot of it can be kept', () => {
    expect(definition.successCriteria(valid)).toStrictEqual([
      { kind: 'read-back', expected: rules.readBack({ ...state, desiredCount: 4 }) },
    ]);
    expect(z.parse(rules.state, JSON.parse(JSON.stringify(state)))).toStrictEqual(state);
    expect(z.safeParse(rules.state, { ...state, deploymentIds: [] }).success).toBe(false);
  });
});
