import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import {
  type ExceptionRequest,
  exceptionAge,
  exceptionPolicy,
  exceptionState,
  exceptionStatuses,
  mayDecide,
  type PolicyException,
  parseExceptionRequest,
  permitOf,
} from '../../functions/policy/exception.ts';
import { PolicyEngine } from '../../functions/policy/policy-engine.ts';
import { policySetOf } from '../../functions/policy/policy-files.ts';
import { validatePolicySet } from '../../functions/policy/policy-validation.ts';
import { asking } from './requests.ts';

/** 2026-06-10T12:00:00Z */
const now = 1_781_092_800_000;
const day = 86_400_000;
const actions = new Map([
  ['lambda.shift-alias', ['lambda-alias']],
  ['ssm.put-parameter', ['ssm-parameter']],
]);
const owners = [
  { agentRole: 'gardener', identityIds: ['Mia'] },
  { agentRole: 'responder', identityIds: ['ben'] },
];
const request: ExceptionRequest = {
  owner: 'platform team',
  ticket: 'OPS-12',
  reason: 'the gardener helps out this week',
  agentRole: 'gardener',
  action: 'lambda.shift-alias',
  targetKey: 'lambda-alias/checkout:live',
  environment: 'dev',
  expiresAtEpochMs: now + day,
};
const ana = 'arn:aws:iam::000000000000:user/ana';
const ben = 'arn:aws:sts::000000000000:assumed-role/Operator/ben';
const exception: PolicyException = {
  ...request,
  exceptionId: 'exc-1',
  status: 'requested',
  requestedBy: ana,
  requestedAtEpochMs: now,
  policy: exceptionPolicy({ ...request, exceptionId: 'exc-1' }),
};

describe('a request', () => {
  it('is taken when it says who, why, for what and until when', () => {
    expect(parseExceptionRequest(request, actions, now)).toStrictEqual({ outcome: 'valid', request });
  });

  it.each([
    [now, /already/],
    [now + 1, undefined],
    [now + 30 * day, undefined],
    [now + 30 * day + 1, /longer than 30 days/],
  ])('that ends at %d', (expiresAtEpochMs, fault) => {
    const parsed = parseExceptionRequest({ ...request, expiresAtEpochMs }, actions, now);
    if (fault === undefined) expect(parsed.outcome).toBe('valid');
    else expect(parsed).toMatchObject({ faults: [expect.stringMatching(fault)] });
  });

  it('says what is wrong with a target', () => {
    const faultOf = (targetKey: string) => parseExceptionRequest({ ...request, targetKey }, actions, now);
    expect(faultOf('bogus')).toMatchObject({ faults: [expect.stringMatching(/one target as kind\/name/)] });
    expect(faultOf('ssm-parameter/checkout')).toMatchObject({
      faults: [expect.stringMatching(/of another kind .* whose keys are lambda-alias\/…/)],
    });
  });

  it.each([
    ['no owner', { owner: '' }],
    ['no ticket', { ticket: undefined }],
    ['a reason that is none', { reason: 'because' }],
    ['an action outside the catalogue', { action: 'constructor' }],
    ['every target', { targetKey: '*' }],
    ['every target of a kind', { targetKey: 'lambda-alias/*' }],
    ['a target without a kind', { targetKey: 'checkout' }],
    ['a target of another action', { targetKey: 'ssm-parameter/checkout' }],
    ['a kind that only begins like it', { targetKey: 'lambda-alias-2/checkout:live' }],
    ['a second line', { reason: 'fine\n@reason("x") permit (principal, action, resource);' }],
    ['a text that hides', { owner: 'team\u202e' }],
    ['half a character', { reason: 'a long reason \ud800' }],
    ['a member too many', { status: 'approved' }],
    ['an end that is no instant', { expiresAtEpochMs: Number.POSITIVE_INFINITY }],
  ])('is refused with %s', (_what, change) => {
    expect(parseExceptionRequest({ ...request, ...change }, actions, now).outcome).toBe('invalid');
  });
});

describe('its policy', () => {
  const wasm = readCedarWasm();
  const set = policySetOf(readPolicyFiles());
  const engine = new PolicyEngine(wasm, set);
  const asked = { ...asking('lambda.shift-alias'), agentRole: 'gardener' };
  const answer = (change: object, exceptions = [{ id: 'exception-exc-1', policy: exception.policy }]) =>
    engine.evaluate({ ...asked, ...change }, exceptions).outcome;

  it('permits exactly what was asked for, until its end', () => {
    const elsewhere = { type: 'lambda-alias', id: 'payments:live', key: 'lambda-alias/payments:live' };
    expect(answer({})).toBe('permitted');
    expect(answer({ nowEpochMs: now + day - 1 })).toBe('permitted');
    expect(answer({ nowEpochMs: now + day })).toBe('no-permit');
    expect(answer({ agentRole: 'baker' })).toBe('no-permit');
    expect(answer({ target: elsewhere })).toBe('no-permit');
    expect(answer({ targetEnvironment: 'prod' })).toBe('no-permit');
    const inSteps = { parameters: { ...asked.parameters, progressive: true } };
    expect(answer({ environment: 'prod', ...inSteps })).toBe('no-permit');
  });

  it('passes the strict validation of the build', () => {
    const policies = { 'exception-exc-1': exception.policy };
    expect(validatePolicySet(wasm, { ...set, policies })).toStrictEqual([]);
  });

  it('is refused by it when a name only looks like another', () => {
    const alike = exceptionPolicy({
      ...request,
      targetKey: 'lambda-alias/check\u043eut:live',
      exceptionId: 'exc-1',
    });
    const [fault] = validatePolicySet(wasm, { ...set, policies: { 'exception-exc-1': alike } });
    expect(fault?.message).toMatch(/mixed scripts/);
  });

  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '") permit (principal, action, resource); //',
      '", action, resource);\npermit (principal, action, resource);\n@reason("',
      '\\") unless { false } //',
      '\\u{22}',
      '*/',
      "' || true || '",
    ),
  );

  it('stays one permit with the same scope, whatever the texts in it say', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (owner, reason, targetKey, environment) => {
        if (![owner, reason, targetKey, environment].every((text) => text.isWellFormed())) return;
        const given = { ...request, owner, reason, targetKey, environment, exceptionId: 'exc-1' };
        const exceptions = [{ id: 'exception-exc-1', policy: exceptionPolicy(given) }];
        expect(answer({}, exceptions)).toBe('no-permit');
        const own = { type: 'lambda-alias', id: 'checkout:live', key: targetKey };
        expect(answer({ target: own, targetEnvironment: environment, environment }, exceptions)).toBe(
          'permitted',
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe('a stored exception', () => {
  const approved = { ...exception, status: 'approved' };
  const scope = {
    agentRole: 'gardener',
    action: 'lambda.shift-alias',
    targetKey: 'lambda-alias/checkout:live',
    environment: 'dev',
  };

  it('gives its permit to a decision of exactly its scope', () => {
    expect(permitOf(approved, scope, now)).toStrictEqual({ id: 'exception-exc-1', policy: exception.policy });
  });

  it.each<[string, object, object]>([
    ['that is not approved', { status: 'requested' }, {}],
    ['that was revoked', { status: 'revoked' }, {}],
    ['that has expired', { expiresAtEpochMs: now }, {}],
    ['whose text was altered', { policy: 'permit (principal, action, resource);' }, {}],
    ['whose owner was altered', { owner: 'somebody else' }, {}],
    ['for another role', {}, { agentRole: 'baker' }],
    ['for another action', {}, { action: 'ssm.put-parameter' }],
    ['for another target', {}, { targetKey: 'lambda-alias/checkout:blue' }],
    ['for another environment', {}, { environment: 'prod' }],
    ['that cannot be read', { reason: undefined }, {}],
  ])('gives nothing when it is one %s', (_what, change, place) => {
    expect(permitOf({ ...approved, ...change }, { ...scope, ...place }, now)).toBeUndefined();
  });
});

describe('deciding', () => {
  it('takes a second person', () => {
    expect(mayDecide(exception, ben, 'approved', owners, now).outcome).toBe('may');
    expect(mayDecide(exception, ben, 'rejected', owners, now).outcome).toBe('may');
    for (const same of [
      ana,
      'arn:aws:sts::1:assumed-role/Operator/ana',
      'arn:aws:iam::000000000000:user/ANA',
    ]) {
      expect(mayDecide(exception, same, 'approved', owners, now)).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining('a second person has to decide'),
      });
    }
    expect(mayDecide(exception, 'unknown', 'approved', owners, now).outcome).toBe('refused');
    expect(mayDecide({ ...exception, requestedBy: 'unknown' }, ben, 'approved', owners, now).outcome).toBe(
      'refused',
    );
  });

  it.each([
    ['requested', { approved: true, rejected: true, revoked: true }],
    ['approved', { approved: false, rejected: false, revoked: true }],
    ['rejected', { approved: false, rejected: false, revoked: false }],
    ['revoked', { approved: false, rejected: false, revoked: false }],
  ] as const)('of one that is %s', (status, may) => {
    for (const decision of ['approved', 'rejected', 'revoked'] as const) {
      const outcome = mayDecide({ ...exception, status }, ben, decision, owners, now).outcome;
      expect(outcome).toBe(may[decision] ? 'may' : 'refused');
    }
  });

  it('approves nothing that has expired, and lets everybody take back', () => {
    expect(mayDecide(exception, ben, 'approved', owners, now + day).outcome).toBe('refused');
    expect(mayDecide(exception, ben, 'approved', owners, now + day - 1).outcome).toBe('may');
    expect(mayDecide(exception, ana, 'revoked', owners, now + day).outcome).toBe('may');
  });
});

describe('the agent’s owner', () => {
  const mia = 'arn:aws:iam::111122223333:user/mia';

  it('approves no exception for the agent, and may always reject or take back', () => {
    expect(mayDecide(exception, mia, 'approved', owners, now)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('agent-owner: you answer for gardener'),
    });
    expect(mayDecide(exception, mia, 'rejected', owners, now).outcome).toBe('may');
    expect(mayDecide({ ...exception, status: 'approved' }, mia, 'revoked', owners, now).outcome).toBe('may');
  });
});

describe('ageing', () => {
  it.each([
    ['requested', now, { state: 'waiting', ageDays: 0, daysLeft: 1 }],
    ['requested', now + day - 1, { state: 'waiting', ageDays: 0, daysLeft: 0 }],
    ['requested', now + day, { state: 'lapsed', ageDays: 1, daysLeft: 0 }],
    ['approved', now + day - 1, { state: 'in-force', ageDays: 0, daysLeft: 0 }],
    ['approved', now + day, { state: 'expired', ageDays: 1, daysLeft: 0 }],
    ['approved', now + 3 * day, { state: 'expired', ageDays: 3, daysLeft: -2 }],
    ['revoked', now, { state: 'revoked', ageDays: 0, daysLeft: 1 }],
    ['revoked', now + day, { state: 'revoked', ageDays: 1, daysLeft: 0 }],
    ['rejected', now + day, { state: 'rejected', ageDays: 1, daysLeft: 0 }],
  ] as const)('%s at %d', (status, at, expected) => {
    expect(exceptionAge({ ...exception, status }, at)).toStrictEqual(expected);
  });

  it('is not in force until an end that is no instant', () => {
    const endless = { status: 'approved' as const, expiresAtEpochMs: Number.NaN };
    expect(exceptionState(endless, now)).toBe('expired');
  });

  it('is in force exactly while it permits', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...exceptionStatuses),
        fc.integer({ min: now - 2, max: now + 2 }),
        (status, expiresAtEpochMs) => {
          const asked = { ...request, expiresAtEpochMs };
          const stored = { ...exception, ...asked, status };
          const policy = exceptionPolicy({ ...asked, exceptionId: 'exc-1' });
          expect(exceptionState(stored, now) === 'in-force').toBe(
            permitOf({ ...stored, policy }, asked, now) !== undefined,
          );
        },
      ),
    );
  });
});
