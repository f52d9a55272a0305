import { describe, expect, it } from 'vitest';
import { readCedarWasm, readPolicySet } from '../../functions/platform/policy-files.store.ts';
import { PolicyEngine, validatePolicySet } from '../../functions/policy/policy-engine.ts';
import type { PolicyRequest } from '../../functions/policy/policy-set.ts';

const wasm = readCedarWasm();
const deployed = readPolicySet();

const shiftCheckout: PolicyRequest = {
  agentRole: 'responder',
  action: 'lambda.shift-alias',
  target: { type: 'lambda-alias', id: 'checkout:live', key: 'lambda-alias/checkout:live' },
  targetEnvironment: 'prod',
  environment: 'prod',
  tier: 'medium',
};
const putParameter = (name: string): PolicyRequest => ({
  ...shiftCheckout,
  action: 'ssm.put-parameter',
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
      determiningPolicies: ['permit-responder-shift-alias'],
    });
    expect(engine.evaluate(putParameter('/checkout/flags/new-pricing')).outcome).toBe('permitted');
  });

  it.each([
    ['another role', { ...shiftCheckout, agentRole: 'gardener' }],
    ['a target in another environment', { ...shiftCheckout, targetEnvironment: 'dev' }],
    ['an action on the wrong kind of target', { ...putParameter('/a'), target: shiftCheckout.target }],
  ])('give no permit to %s', (_what, request) => {
    expect(engine.evaluate(request)).toStrictEqual({ outcome: 'no-permit' });
  });

  it.each(['/interlock/local/kill-switch', '/checkout/interlock-flag', '/Interlock/a'])(
    'forbid %s: it is ours',
    (name) => {
      expect(engine.evaluate(putParameter(name))).toStrictEqual({
        outcome: 'forbidden',
        determiningPolicies: ['forbid-interlock-itself'],
        reason: "no agent may change Interlock's own functions or settings",
      });
    },
  );

  it.each(['/checkout/iam/role', '/a/audit/x', '/a/backup/x', '/a/network/x', '/a/identity/x', '/aws/x'])(
    'forbid %s',
    (name) => {
      expect(engine.evaluate(putParameter(name))).toMatchObject({
        outcome: 'forbidden',
        determiningPolicies: ['forbid-guardrails'],
      });
    },
  );

  it.each(['constructor', '__proto__', 'iam.attach-role-policy', ''])(
    'refuse an action outside the schema: %j',
    (action) => {
      expect(engine.evaluate({ ...shiftCheckout, action }).outcome).toBe('policy-error');
    },
  );
});

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

  it('does not start on a policy it cannot read', () => {
    expect(() => new PolicyEngine(wasm, { ...deployed, policies: { bad: 'permit (' } })).toThrow(
      /cannot be parsed/,
    );
  });

  it('finds a mistake by validation: an attribute the schema does not have', () => {
    const set = {
      ...deployed,
      policies: { typo: 'permit (principal, action, resource) when { resource.nmae == "a" };' },
    };
    expect(validatePolicySet(wasm, set).map((fault) => fault.policyId)).toContain('typo');
  });
});
