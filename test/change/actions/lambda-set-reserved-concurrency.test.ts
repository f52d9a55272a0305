import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import {
  type Concurrency,
  setReservedConcurrency as definition,
} from '../../../functions/change/actions/lambda-set-reserved-concurrency/definition.ts';
import { reservedConcurrencyTarget as rules } from '../../../functions/change/actions/lambda-set-reserved-concurrency/reserved-concurrency-target.ts';
import { riskTiers } from '../../../functions/platform/vocabulary.ts';

const valid = { functionName: 'checkout', fromConcurrency: 40, toConcurrency: 50 };
const accepts = (parameters: unknown) => z.safeParse(definition.parameters, parameters).success;
const change = (fromConcurrency: Concurrency, toConcurrency: Concurrency) => ({
  functionName: 'checkout',
  fromConcurrency,
  toConcurrency,
});

describe('parameters', () => {
  it.each([
    ...definition.examples,
    { ...valid, functionName: 'f'.repeat(64) },
    { ...valid, fromConcurrency: 0 },
    { ...valid, fromConcurrency: 10_000, toConcurrency: 1 },
    { ...valid, toConcurrency: 10_000 },
    { ...valid, toConcurrency: 'none' },
  ])('%j are taken', (parameters) => expect(accepts(parameters)).toBe(true));

  it.each([
    { toConcurrency: 0 },
    { toConcurrency: -1 },
    { toConcurrency: 10_001 },
    { toConcurrency: 1.5 },
    { toConcurrency: '50' },
    { toConcurrency: 'None' },
    { toConcurrency: null },
    { fromConcurrency: -1 },
    { fromConcurrency: 10_001 },
    { functionName: '' },
    { functionName: 'f'.repeat(65) },
    { functionName: 'checkout:live' },
    { functionName: 'arn:aws:lambda:us-east-1:1:function:checkout' },
    { functionName: 'checkout; rm -rf /' },
    { functionName: 'сheckout' },
    { functionName: 'checkout\n' },
    { extra: 1 },
    { functionName: undefined },
  ])('with %j are refused', (changed) => expect(accepts({ ...valid, ...changed })).toBe(false));
});

describe('risk tier', () => {
  it.each([
    [40, 49, 'low'],
    [40, 50, 'low'],
    [40, 51, 'medium'],
    [400, 499, 'low'],
    [400, 500, 'low'],
    [404, 505, 'medium'],
    [0, 1, 'medium'],
    [40, 20, 'medium'],
    [40, 19, 'high'],
    [40, 'none', 'medium'],
    ['none', 10_000, 'high'],
  ] as const)('%s → %s: %s', (from, to, tier) => {
    expect(definition.tier(change(from, to))).toBe(tier);
  });

  it('never falls the further the change goes', () => {
    const size = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(size, size, size, (from, a, b) => {
        if ((a - from) * (b - from) < 0) return;
        const rank = (to: number) => riskTiers.indexOf(definition.tier(change(from, to)));
        const [nearer, further] = Math.abs(a - from) <= Math.abs(b - from) ? [a, b] : [b, a];
        expect(rank(further)).toBeGreaterThanOrEqual(rank(nearer));
      }),
    );
  });
});

it.each([
  [40, 50, 25],
  [40, 10, 75],
  [40, 'none', 100],
  ['none', 1, 100],
] as const)('%s → %s alters %d %%', (from, to, capacityPercent) => {
  expect(definition.blastRadius(change(from, to))).toStrictEqual({ resources: 1, capacityPercent });
});

it('has a runbook whose way back fits where it began', () => {
  expect(definition.runbook(change('none', 20))).toStrictEqual([
    'aws lambda get-function-concurrency --function-name checkout',
    'aws lambda put-function-concurrency --function-name checkout --reserved-concurrent-executions 20',
    'to undo: aws lambda delete-function-concurrency --function-name checkout',
  ]);
});

describe('what is read', () => {
  it.each([
    [{ reserved: 40 }, 'before'],
    [{ reserved: 50 }, 'after'],
    [{ reserved: 0 }, 'neither'],
    [{ reserved: 'none' }, 'neither'],
  ] as const)('%j stands %s', (state, where) => {
    expect(rules.isBefore(valid, state)).toBe(where === 'before');
    expect(rules.isAfter(valid, state)).toBe(where === 'after');
  });

  it('tells a reservation of 0 from none, and none from a reservation', () => {
    expect(rules.isUntouched({ reserved: 0 }, { reserved: 'none' })).toBe(false);
    expect(rules.isRestored({ reserved: 'none' }, { reserved: 50 })).toBe(false);
    expect(rules.isRestored({ reserved: 'none' }, { reserved: 'none' })).toBe(true);
  });

  it.each([[50], ['none' as const]])('holds the value of the plan when it is %s', (to) => {
    const [criterion] = definition.successCriteria(change(40, to));
    expect(criterion).toStrictEqual({ kind: 'read-back', expected: rules.readBack({ reserved: to }) });
  });
});
