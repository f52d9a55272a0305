import { describe, expect, it } from 'vitest';
import {
  type ExceptionRequest,
  exceptionIdFor,
  exceptionIdOf,
  exceptionPolicy,
  mayDecide,
  type PolicyException,
  parseExceptionRequest,
} from '../../functions/policy/exception.ts';

/** 2026-06-10T12:00:00Z */
const now = 1_781_092_800_000;
const day = 86_400_000;
const actions = new Map([
  ['lambda.shift-alias', ['lambda-alias']],
  ['ecs.set-desired-count', ['ecs-service', 'ecs-set']],
]);
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
const ben = 'arn:aws:iam::000000000000:user/ben';
const exception: PolicyException = {
  ...request,
  exceptionId: 'exc-1',
  status: 'requested',
  requestedBy: ana,
  requestedAtEpochMs: now,
  policy: exceptionPolicy({ ...request, exceptionId: 'exc-1' }),
};

describe('the faults of a request', () => {
  it.each<[string, object, readonly string[]]>([
    [
      'an action that nobody knows',
      { action: 'iam.delete-user' },
      [
        'action iam.delete-user is not in the action catalogue; it has lambda.shift-alias, ecs.set-desired-count',
      ],
    ],
    [
      'a target of another kind',
      { action: 'ecs.set-desired-count' },
      [
        'target lambda-alias/checkout:live is of another kind than those of ecs.set-desired-count, whose keys are ecs-service/… or ecs-set/…',
      ],
    ],
    [
      'an end that has passed',
      { expiresAtEpochMs: now },
      ['it would have expired already; name a later end'],
    ],
    [
      'an end that is far',
      { expiresAtEpochMs: now + 31 * day },
      ['it would last longer than 30 days; name an earlier end, or change the policy'],
    ],
    [
      'several members',
      { owner: '', ticket: 7, targetKey: '*' },
      [
        'owner is missing, too long or not one line of plain text',
        'ticket is missing, too long or not one line of plain text',
        'targetKey does not name exactly one target as kind/name, such as lambda-alias/checkout:live',
      ],
    ],
  ])('%s', (_what, change, faults) => {
    expect(parseExceptionRequest({ ...request, ...change }, actions, now)).toStrictEqual({
      outcome: 'invalid',
      faults,
    });
  });

  it('name the request itself where it is none', () => {
    expect(parseExceptionRequest('all of it', actions, now)).toStrictEqual({
      outcome: 'invalid',
      faults: ['the request is missing, too long or not one line of plain text'],
    });
  });
});

describe('the id of an exception', () => {
  it('is the same for the same request of the same person at the same instant, and only then', () => {
    const id = exceptionIdFor(request, ana, now);
    expect(id).toMatch(/^exc-[0-9a-f]{20}$/);
    expect(exceptionIdFor({ ...request }, ana, now)).toBe(id);
    const others = [
      exceptionIdFor({ ...request, ticket: 'OPS-13' }, ana, now),
      exceptionIdFor(request, ben, now),
      exceptionIdFor(request, ana, now + 1),
    ];
    expect(new Set([id, ...others]).size).toBe(4);
  });

  it('stands behind the id of its permit', () => {
    expect(exceptionIdOf('exception-exc-1')).toBe('exc-1');
    expect(exceptionIdOf('permit-responder-ssm-put-parameter')).toBe('permit-responder-ssm-put-parameter');
  });
});

describe('the permit of an exception', () => {
  it('is one policy, for one role, action, target and environment, until an instant', () => {
    const reason = 'it\u2028s "urgent"';
    expect(exceptionPolicy({ ...request, reason, exceptionId: 'exc-1' })).toBe(
      [
        '@reason("exception exc-1 (OPS-12, platform team): it\\u{2028}s \\u{22}urgent\\u{22}")',
        'permit (',
        '  principal == Interlock::AgentRole::"gardener",',
        '  action == Interlock::Action::"lambda.shift-alias",',
        '  resource == Interlock::Target::"lambda-alias/checkout:live"',
        ')',
        'when {',
        '  resource.environment == "dev" &&',
        '  context.environment == "dev" &&',
        '  context.time.now < datetime("2026-06-11T12:00:00.000Z")',
        '};',
        '',
      ].join('\n'),
    );
  });
});

describe('the words of a refusal', () => {
  const owners = [{ agentRole: 'gardener', identityIds: ['ben'] }];
  const reasonOf = (change: Partial<PolicyException>, person: string, agentOwners = owners) =>
    mayDecide({ ...exception, ...change }, person, 'approved', agentOwners, now);

  it.each<[string, Partial<PolicyException>, string, string]>([
    [
      'decided before',
      { status: 'revoked' },
      ben,
      'exception exc-1 is revoked and cannot be approved any more',
    ],
    ['by nobody', {}, 'root', 'it is not known who you are; check your AWS credentials'],
    [
      'by the first person',
      {},
      ana,
      `exception exc-1 was requested by ${ana}; a second person has to decide`,
    ],
    [
      'for somebody unknown',
      { requestedBy: 'root' },
      ben,
      'exception exc-1 was requested by root; a second person has to decide',
    ],
    [
      'by the owner',
      {},
      ben,
      'agent-owner: you answer for gardener (policies/approvers.json); somebody else has to approve exception exc-1',
    ],
  ])('%s', (_what, change, person, reason) => {
    expect(reasonOf(change, person)).toStrictEqual({ outcome: 'refused', reason });
  });

  it('too late', () => {
    expect(reasonOf({ expiresAtEpochMs: now }, ben, [])).toStrictEqual({
      outcome: 'refused',
      reason: 'exception exc-1 has expired; request a new one',
    });
  });
});
