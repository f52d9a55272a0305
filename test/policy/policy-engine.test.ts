import { describe, expect, it } from 'vitest';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { PolicyEngine } from '../../functions/policy/policy-engine.ts';
import { policySetOf } from '../../functions/policy/policy-files.ts';
import type { ExceptionPermit, PolicyRequest } from '../../functions/policy/policy-set.ts';
import { validatePolicySet } from '../../functions/policy/policy-validation.ts';
import { asking } from './requests.ts';

const wasm = readCedarWasm();
const deployed = policySetOf(readPolicyFiles());

const shiftCheckout = asking('lambda.shift-alias');
const putParameter = (name: string): PolicyRequest => ({
  ...asking('ssm.put-parameter'),
  target: { type: 'ssm-parameter', id: name, key: `ssm-parameter/${name}` },
});

describe('deployed policies', () => {
  const engine = new PolicyEngine(wasm, deployed);

  it('pass strict validation against the schema', () => {
    expect(validatePolicySet(wasm, deployed)).toStrictEqual([]);
  });

  it('permit a responder its two actions in its own environment', () => {
    expect(engine.evaluate(shiftCheckout)).toStrictEqual({
      outcome: 'permitted',
      determiningPolicies: ['permit-responder-lambda-shift-alias'],
    });
    expect(engine.evaluate(putParameter('/checkout/flags/new-pricing')).outcome).toBe('permitted');
  });

  it.each([
    ['another role', { ...shiftCheckout, agentRole: 'gardener' }],
    ['a target in another environment', { ...shiftCheckout, targetEnvironment: 'prod' }],
    ['an action on the wrong kind of target', { ...putParameter('/a'), target: shiftCheckout.target }],
  ])('give no permit to %s', (_what, request) => {
    expect(engine.evaluate(request)).toStrictEqual({ outcome: 'no-permit' });
  });

  it.each(['/interlock/local/kill-switch', '/checkout/interlock-flag', '/Interlock/a', '/a/INTERlock'])(
    'forbid %s: it is ours',
    (name) => {
      expect(engine.evaluate(putParameter(name))).toStrictEqual({
        outcome: 'forbidden',
        determiningPolicies: ['forbid-interlock-itself'],
        reason: "no agent may change Interlock's own functions or settings",
      });
    },
  );

  it.each([
    '/checkout/iam/role',
    '/checkout/IAM/role',
    '/a/audit/x',
    '/a/backup/x',
    '/a/network/x',
    '/a/identity/x',
    '/aws/x',
  ])('forbid %s', (name) => {
    expect(engine.evaluate(putParameter(name))).toMatchObject({
      outcome: 'forbidden',
      determiningPolicies: expect.arrayContaining(['forbid-guardrails']),
    });
  });

  it.each(['constructor', '__proto__', 'iam.attach-role-policy', ''])(
    'refuse an action outside the schema: %j',
    (action) => {
      expect(engine.evaluate({ ...shiftCheckout, action }).outcome).toBe('policy-error');
    },
  );
});

const permitAll = 'permit (principal, action, resource);';
const permitWhen = (condition: string): string =>
  `permit (principal, action, resource) when { ${condition} };`;
const exceptionOf = (id: string, policy = permitAll): ExceptionPermit => ({ id, policy });

describe('policy engine', () => {
  it('never lets a permit override a forbid', () => {
    const set = {
      ...deployed,
      policies: { ...deployed.policies, 'permit-everything': 'permit (principal, action, resource);' },
    };
    const engine = new PolicyEngine(wasm, set);
    expect(engine.evaluate(putParameter('/interlock/a')).outcome).toBe('forbidden');
    expect(engine.evaluate(putParameter('/checkout/iam/role')).outcome).toBe('forbidden');
  });

  it('denies when a forbid cannot be evaluated, where Cedar alone would allow', () => {
    const overflow = 'forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };';
    const engine = new PolicyEngine(wasm, {
      ...deployed,
      policies: { ...deployed.policies, broken: overflow },
    });
    expect(engine.evaluate(shiftCheckout)).toStrictEqual({
      outcome: 'policy-error',
      determiningPolicies: ['broken'],
    });
  });

  it.each([
    ['policy', { policies: { bad: 'permit (' } }, /^the policy set cannot be parsed: .+/],
    ['schema', { schema: 'entity' }, /^the schema cannot be parsed: .+/],
  ])('does not start on a %s it cannot read', (_what, change, message) => {
    expect(() => new PolicyEngine(wasm, { ...deployed, ...change })).toThrow(
      expect.objectContaining({ code: 'policy.unparsable', message: expect.stringMatching(message) }),
    );
  });

  it('names every forbid that held, with its reason or its id', () => {
    const forbid = 'forbid (principal, action, resource);';
    const engine = new PolicyEngine(wasm, {
      ...deployed,
      policies: { b: `@reason("second") ${forbid}`, a: `@reason("first") ${forbid}`, c: forbid },
    });
    expect(engine.evaluate(shiftCheckout)).toStrictEqual({
      outcome: 'forbidden',
      determiningPolicies: ['a', 'b', 'c'],
      reason: 'first; second; c',
    });
  });

  it('names every policy that permitted, in order', () => {
    const policies = { b: permitAll, a: permitAll, c: permitAll };
    expect(new PolicyEngine(wasm, { ...deployed, policies }).evaluate(shiftCheckout)).toStrictEqual({
      outcome: 'permitted',
      determiningPolicies: ['a', 'b', 'c'],
    });
  });

  it('names every policy that could not be evaluated, in order', () => {
    const broken = 'permit (principal, action, resource) when { 9223372036854775807 + 1 == 0 };';
    const policies = { b: broken, a: broken, c: 'permit (principal, action, resource);' };
    expect(new PolicyEngine(wasm, { ...deployed, policies }).evaluate(shiftCheckout)).toStrictEqual({
      outcome: 'policy-error',
      determiningPolicies: ['a', 'b'],
    });
  });

  it.each<[string, ExceptionPermit[]]>([
    ['that share a name', [exceptionOf('e-2'), exceptionOf('e-1'), exceptionOf('e-1')]],
    ['one of which has the name of a policy', [exceptionOf('permit-responder-lambda-shift-alias')]],
    ['one of which forbids', [exceptionOf('e-1'), exceptionOf('e-2', permitAll.replace('permit', 'forbid'))]],
    ['one of which cannot be read', [exceptionOf('e-1'), exceptionOf('e-2', 'permit (')]],
  ])('denies with exceptions %s', (_what, exceptions) => {
    const engine = new PolicyEngine(wasm, deployed);
    for (let round = 0; round < 2; round++) {
      expect(engine.evaluate(shiftCheckout, exceptions)).toStrictEqual({
        outcome: 'policy-error',
        determiningPolicies: exceptions.map(({ id }) => id).toSorted(),
      });
    }
    expect(engine.evaluate(shiftCheckout).outcome).toBe('permitted');
  });

  it('answers from the exceptions it is given, not from those of the question before', () => {
    const engine = new PolicyEngine(wasm, {
      ...deployed,
      policies: { never: permitWhen('false') },
    });
    const about = (parameter: string) =>
      exceptionOf('e-1', permitWhen(`context.environment == "${parameter}"`));
    expect(engine.evaluate(shiftCheckout, [about('dev')]).outcome).toBe('permitted');
    expect(engine.evaluate(shiftCheckout, [about('prod')]).outcome).toBe('no-permit');
    expect(engine.evaluate(shiftCheckout, [about('dev')]).outcome).toBe('permitted');
    expect(engine.evaluate(shiftCheckout, [{ ...about('dev'), id: 'e-2' }])).toStrictEqual({
      outcome: 'permitted',
      determiningPolicies: ['e-2'],
    });
  });

  it('says of what only a freeze forbids that it is closed now, and of whom an exception lets in', () => {
    const closed = `forbid (principal, action, resource) when { context.time.monthDay == 610 };`;
    const engine = new PolicyEngine(wasm, { ...deployed, policies: { ...deployed.policies, closed } });
    const anybody = exceptionOf('e-1', permitWhen('true'));
    const gardener = { ...shiftCheckout, agentRole: 'gardener' };
    const other = new PolicyEngine(wasm, { ...deployed, policies: { closed } });
    for (let round = 0; round < 2; round++) {
      expect(engine.evaluate(shiftCheckout)).toMatchObject({ outcome: 'forbidden', isClosedNow: true });
      expect(engine.evaluate(gardener)).not.toHaveProperty('isClosedNow');
      expect(engine.evaluate(gardener, [anybody])).toHaveProperty('isClosedNow', true);
      expect(engine.evaluate(putParameter('/interlock/a'))).not.toHaveProperty('isClosedNow');
      // What another engine has Cedar hold is no answer of this one.
      expect(other.evaluate(shiftCheckout)).not.toHaveProperty('isClosedNow');
    }
  });

  it('answers from its own policies after another engine was made', () => {
    const forbidding = new PolicyEngine(wasm, {
      ...deployed,
      policies: { 'forbid-all': 'forbid (principal, action, resource);' },
    });
    const shipped = new PolicyEngine(wasm, deployed);
    const exception = { id: 'exception-1', policy: 'permit (principal, action, resource);' };
    for (let round = 0; round < 2; round++) {
      expect(forbidding.evaluate(shiftCheckout, [exception]).outcome).toBe('forbidden');
      expect(shipped.evaluate({ ...shiftCheckout, agentRole: 'gardener' }).outcome).toBe('no-permit');
      expect(shipped.evaluate({ ...shiftCheckout, agentRole: 'gardener' }, [exception]).outcome).toBe(
        'permitted',
      );
      expect(forbidding.evaluate(shiftCheckout).outcome).toBe('forbidden');
    }
  });

  it.each([
    ['a required parameter that is missing', { parameters: {} }],
    ['a parameter of another type', { parameters: { ...shiftCheckout.parameters, toVersion: 1 } }],
    ['a parameter too many', { parameters: { ...shiftCheckout.parameters, force: true } }],
    ['a number that is not whole', { blastRadius: { resources: 0.5, capacityPercent: 1 } }],
    ['an instant that is none', { nowEpochMs: Number.NaN }],
  ])('denies a question outside the schema: %s', (_what, change) => {
    expect(new PolicyEngine(wasm, deployed).evaluate({ ...shiftCheckout, ...change })).toStrictEqual({
      outcome: 'policy-error',
      determiningPolicies: [],
    });
  });

  it('says of a schema that cannot be read what is wrong', () => {
    expect(validatePolicySet(wasm, { ...deployed, schema: 'entity' })).toContainEqual({
      policyId: '',
      message: expect.stringMatching(/.+/),
    });
  });

  it('finds a mistake by validation: an attribute the schema does not have', () => {
    const set = {
      ...deployed,
      policies: { typo: 'permit (principal, action, resource) when { resource.nmae == "a" };' },
    };
    expect(validatePolicySet(wasm, set).map((fault) => fault.policyId)).toContain('typo');
  });
});
