import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import { checkStoredPlan } from '../../functions/change/stored-plan.ts';
import { canonicalJson } from '../../functions/platform/canonical-json.ts';
import { altered, placesOf } from './plan-mutations.ts';
import { shiftPlan } from './world.ts';

const plan = shiftPlan('inc-a', 'checkout');
const expected = { planDigest: planDigestOf(plan), incidentId: 'inc-a', environment: 'local' };
/** A plan that claims its own digest, as if it had been stored and decided on like this. */
const decidedOn = (other: unknown) =>
  checkStoredPlan(other, { ...expected, planDigest: planDigestOf(other as Plan) });

describe('a stored plan', () => {
  it('is sound as it was decided on', () => {
    expect(checkStoredPlan(structuredClone(plan), expected)).toMatchObject({
      outcome: 'sound',
      targetKey: 'lambda-alias/checkout:live',
      parameters: { functionName: 'checkout', toVersion: '1' },
    });
  });

  it('is unsound after any alteration of any place', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...placesOf(plan)),
        fc.constantFrom('replace' as const, 'remove' as const, 'add' as const),
        fc.jsonValue(),
        (place, how, value) => {
          const other = altered(plan, place, how, value);
          fc.pre(canonicalJson(other) !== canonicalJson(plan));
          expect(checkStoredPlan(other, expected).outcome).toBe('unsound');
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([undefined, null, 'plan', 7, [], {}, { plan: null }])('%j is no plan', (stored) => {
    expect(checkStoredPlan(stored, expected).outcome).toBe('unsound');
  });

  it.each([
    '__proto__',
    'constructor',
    'toString',
    'lambda.shift-alias ',
    'LAMBDA.SHIFT-ALIAS',
    'lаmbda.shift-alias',
  ])('an action called %j is not in the catalogue, even if it was decided on', (action) => {
    expect(decidedOn({ ...plan, action })).toMatchObject({
      outcome: 'unsound',
      reason: expect.stringContaining('catalogue'),
    });
  });

  it.each([
    ['an extra parameter', { ...plan.parameters, force: true }],
    ['a number for a version', { ...plan.parameters, toVersion: 1 }],
    [
      'another function by ARN',
      { ...plan.parameters, functionName: 'arn:aws:lambda:us-east-1:1:function:x' },
    ],
    ['a version that is no version', { ...plan.parameters, toVersion: '$LATEST' }],
    ['a huge string', { ...plan.parameters, functionName: 'x'.repeat(100_000) }],
    ['nothing', {}],
  ])('parameters with %s are refused, even if they were decided on', (_, parameters) => {
    expect(decidedOn({ ...plan, parameters }).outcome).toBe('unsound');
  });

  it('a target that does not follow from the parameters is refused', () => {
    expect(decidedOn({ ...plan, target: { ...plan.target, key: 'lambda-alias/other:live' } }).outcome).toBe(
      'unsound',
    );
    const { target: _, ...without } = plan;
    expect(decidedOn(without).outcome).toBe('unsound');
  });

  it.each([
    ['another kind of target', { target: { ...plan.target, type: 'ssm-parameter' } }],
    ['another name of the target', { target: { ...plan.target, id: 'checkout:harmless' } }],
    ['more about the target', { target: { ...plan.target, note: 'x' } }],
    ['another effect', { effect: { before: 'version 2', after: 'version 2' } }],
    ['no effect', { effect: undefined }],
    ['other steps back', { rollbackPlan: { kind: 'restore-snapshot', steps: ['nothing to do'] } }],
    ['another way back', { rollbackPlan: { ...plan.rollbackPlan, kind: 'manual' } }],
    ['no way back', { rollbackPlan: undefined }],
    ['no criteria', { successCriteria: [] }],
    ['criteria that are no list', { successCriteria: { length: 0 } }],
    ['criteria that are no criteria', { successCriteria: [...plan.successCriteria, null] }],
    ["without the action's own criterion", { successCriteria: plan.successCriteria.slice(1) }],
    [
      "with another value for the action's own criterion",
      { successCriteria: [{ kind: 'read-back', expected: '2' }, ...plan.successCriteria.slice(1)] },
    ],
    ['without the alarm of its evidence', { successCriteria: plan.successCriteria.slice(0, 1) }],
    ['with another alarm in its evidence', { evidence: [{ kind: 'alarm', id: 'other-errors' }] }],
    ['evidence that is no list', { evidence: 'alarm' }],
  ])('with %s is refused, even if it was decided on', (_, members) => {
    const other = { ...plan, ...members };
    const stored = Object.fromEntries(Object.entries(other).filter(([, member]) => member !== undefined));
    expect(decidedOn(stored).outcome).toBe('unsound');
  });

  it('may ask for more than its action and its alarm do', () => {
    const probe = { kind: 'http-probe', url: 'https://example.org/', expectStatus: 200 } as const;
    expect(decidedOn({ ...plan, successCriteria: [probe, ...plan.successCriteria] }).outcome).toBe('sound');
    expect(
      decidedOn({ ...plan, successCriteria: plan.successCriteria.slice(0, 1), evidence: [] }).outcome,
    ).toBe('sound');
  });

  it('a plan for another incident or environment is refused', () => {
    expect(checkStoredPlan(plan, { ...expected, incidentId: 'inc-b' }).outcome).toBe('unsound');
    expect(checkStoredPlan(plan, { ...expected, environment: 'prod' }).outcome).toBe('unsound');
  });

  it('a plan that canonical JSON cannot carry is refused, not thrown at', () => {
    expect(checkStoredPlan({ ...plan, extra: Number.NaN }, expected).outcome).toBe('unsound');
  });
});
