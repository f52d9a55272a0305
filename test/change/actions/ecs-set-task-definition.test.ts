import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { ServiceState } from '../../../functions/change/actions/ecs-service.ts';
import { setTaskDefinition as definition } from '../../../functions/change/actions/ecs-set-task-definition/definition.ts';
import {
  besideArn,
  taskDefinitionTarget as rules,
} from '../../../functions/change/actions/ecs-set-task-definition/task-definition-target.ts';
import { resolveAction } from '../../../functions/change/catalogue.ts';

const [valid] = definition.examples;
const accepts = (parameters: unknown) => z.safeParse(definition.parameters, parameters).success;
const arn = (name: string) => `arn:aws:ecs:us-east-1:000000000000:task-definition/${name}`;
const state: ServiceState = {
  taskDefinition: arn('checkout:12'),
  desiredCount: 2,
  schedulingStrategy: 'REPLICA',
  deploymentIds: ['ecs-svc/1', 'ecs-svc/0'],
  deploymentUpdatedAtEpochMs: 1_700_000_000_000,
  rolloutState: 'COMPLETED',
};

describe('parameters', () => {
  it.each([
    valid,
    { ...valid, fromTaskDefinition: 'checkout:1', toTaskDefinition: 'checkout:999999999' },
    { ...valid, fromTaskDefinition: `${'f'.repeat(255)}:2`, toTaskDefinition: `${'f'.repeat(255)}:1` },
  ])('%j are taken', (parameters) => expect(accepts(parameters)).toBe(true));

  it.each([
    { toTaskDefinition: 'checkout' },
    { toTaskDefinition: 'checkout:' },
    { toTaskDefinition: 'checkout:0' },
    { toTaskDefinition: 'checkout:011' },
    { toTaskDefinition: 'checkout:-1' },
    { toTaskDefinition: 'checkout:latest' },
    { toTaskDefinition: 'checkout:1000000000' },
    { toTaskDefinition: 'checkout:11:11' },
    { toTaskDefinition: arn('checkout:11') },
    { toTaskDefinition: 'checkout:11 --force-new-deployment' },
    { toTaskDefinition: 'сheckout:11' },
    { toTaskDefinition: 'checkout:11\n' },
    { toTaskDefinition: `${'f'.repeat(256)}:1` },
    { service: 'shop/checkout' },
    { cluster: '*' },
    { desiredCount: 0 },
  ])('with %j are refused', (changed) => expect(accepts({ ...valid, ...changed })).toBe(false));

  it.each(['other:11', 'Checkout:11', 'checkout-2:11', 'checkou:11'])(
    'of another family (%s) are refused',
    (to) => {
      expect(resolveAction('ecs.set-task-definition', { ...valid, toTaskDefinition: to })).toStrictEqual({
        outcome: 'invalid-parameters',
        members: ['toTaskDefinition'],
      });
    },
  );
});

it('is always medium, and touches all of the service', () => {
  expect(definition.tier(valid)).toBe('medium');
  expect(definition.blastRadius(valid)).toStrictEqual({ resources: 1, capacityPercent: 100 });
});

describe('what is read', () => {
  it.each([
    ['checkout:12', 'before'],
    ['checkout:11', 'after'],
    ['checkout:1', 'neither'],
    ['checkout:112', 'neither'],
    ['other-checkout:12', 'neither'],
  ])('%s stands %s', (name, where) => {
    const read = { ...state, taskDefinition: arn(name) };
    expect(rules.isBefore(valid, read)).toBe(where === 'before');
    expect(rules.isAfter(valid, read)).toBe(where === 'after');
  });

  it.each(['IN_PROGRESS', 'FAILED'] as const)(
    'stands after while its deployment is %s, but does not hold the value of the plan yet',
    (rolloutState) => {
      const [criterion] = definition.successCriteria(valid);
      const through: ServiceState = { ...state, taskDefinition: arn('checkout:11') };
      expect(rules.isAfter(valid, { ...through, rolloutState })).toBe(true);
      expect(criterion).toStrictEqual({ kind: 'read-back', expected: rules.readBack(through) });
      expect(criterion).not.toMatchObject({ expected: rules.readBack({ ...through, rolloutState }) });
    },
  );

  it.each([
    { taskDefinition: arn('checkout:13') },
    { deploymentIds: ['ecs-svc/2', 'ecs-svc/1'] },
  ] as Partial<ServiceState>[])('%j since the snapshot is somebody else', (changed) => {
    expect(rules.isUntouched(state, { ...state, ...changed })).toBe(false);
  });

  it.each([
    { desiredCount: 9 },
    { deploymentIds: ['ecs-svc/1'] },
    { deploymentUpdatedAtEpochMs: 1_700_000_009_000 },
    { rolloutState: 'FAILED' },
  ] as Partial<ServiceState>[])('%j since the snapshot does not matter', (changed) => {
    expect(rules.isUntouched(state, { ...state, ...changed })).toBe(true);
  });

  it('is restored by what the service is to run, under whichever deployment', () => {
    const again: Partial<ServiceState> = { deploymentIds: ['ecs-svc/3'], rolloutState: 'IN_PROGRESS' };
    expect(rules.isRestored(state, { ...state, ...again })).toBe(true);
    expect(rules.isRestored(state, { ...state, taskDefinition: arn('checkout:11') })).toBe(false);
  });

  it('finds every other revision beside the one it runs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (revision) => {
        expect(besideArn(state.taskDefinition, `checkout:${revision}`)).toBe(arn(`checkout:${revision}`));
      }),
    );
  });
});
