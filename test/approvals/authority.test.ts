import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorityOver, mayView, parseApproverPolicy } from '../../functions/approvals/authority.ts';
import { subjectOf } from '../../functions/approvals/dossier.ts';
import { parseLocalUsers } from '../../functions/approvals/local-sign-in.tsx';
import shippedPolicy from '../../policies/approvers.json' with { type: 'json' };
import shippedUsers from '../../policies/local-users.json' with { type: 'json' };
import { planOf } from './fixtures.ts';

const policy = parseApproverPolicy({
  version: 1,
  grants: [{ group: 'approvers', actionClasses: ['traffic'], environments: ['prod', 'local'] }],
  agentOwners: [{ agentRole: 'responder', identityIds: ['olga'] }],
});
const subject = { actionClass: 'traffic', environment: 'prod', agentRole: 'responder' };
const person = (id: string, ...groups: string[]) => ({ id, displayName: id, groups });

describe('authority', () => {
  it('decides with a group that covers action class and environment', () => {
    expect(authorityOver(policy, person('ana', 'x', 'approvers'), subject)).toStrictEqual({ may: 'decide' });
  });

  it.each([
    ['no group', person('ana'), subject],
    ['another group', person('ana', 'developers'), subject],
    ['a group in another case', person('ana', 'Approvers'), subject],
    ['a prototype name as group', person('ana', '__proto__', 'constructor'), subject],
    ['another action class', person('ana', 'approvers'), { ...subject, actionClass: 'data' }],
    ['another environment', person('ana', 'approvers'), { ...subject, environment: 'dev' }],
    ['a wildcard asked for', person('ana', 'approvers'), { ...subject, environment: '*' }],
    [
      'an action outside the catalogue',
      person('ana', 'approvers'),
      { environment: 'prod', agentRole: 'responder' },
    ],
  ])('is nothing with %s', (_case, identity, asked) => {
    expect(authorityOver(policy, identity, asked)).toStrictEqual({ may: 'nothing' });
  });

  it('never lets the requester, the agent owner, or anybody for an unowned agent decide', () => {
    const groups = ['approvers'];
    expect(authorityOver(policy, person('olga', ...groups), subject)).toStrictEqual({
      may: 'view',
      because: 'owns-the-agent',
    });
    expect(authorityOver(policy, person('responder', ...groups), subject)).toStrictEqual({
      may: 'view',
      because: 'is-the-requester',
    });
    expect(
      authorityOver(policy, person('ana', ...groups), { ...subject, agentRole: 'stranger' }),
    ).toStrictEqual({
      may: 'view',
      because: 'agent-has-no-owner',
    });
  });

  it('never decides without a grant of one of the person’s own groups', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), fc.string(), (groups, actionClass, environment) => {
        const mine = groups.filter((group) => group !== 'approvers');
        const asked = { actionClass, environment, agentRole: 'responder' };
        expect(authorityOver(policy, person('ana', ...mine), asked).may).toBe('nothing');
        expect(mayView(policy, person('ana', ...mine), environment)).toBe(false);
      }),
    );
  });

  it.each([
    ['nothing', {}],
    ['an unknown member', { version: 1, grants: [], agentOwners: [], everybody: true }],
    [
      'a grant without environments',
      { version: 1, grants: [{ group: 'a', actionClasses: ['*'] }], agentOwners: [] },
    ],
    [
      'an empty group',
      { version: 1, grants: [{ group: '', actionClasses: [], environments: [] }], agentOwners: [] },
    ],
  ])('refuses a policy file with %s', (_case, json) => {
    expect(() => parseApproverPolicy(json)).toThrow(
      expect.objectContaining({ code: 'approvals.invalid-approvers' }),
    );
  });
});

describe('the shipped files', () => {
  const shipped = parseApproverPolicy(shippedPolicy);
  const users = parseLocalUsers(shippedUsers);

  it.each([
    ['ana', 'decide'],
    ['ben', 'decide'],
    ['mia', 'nothing'],
  ])('give %s authority to %s over both actions', (id, may) => {
    const user = users.find((candidate) => candidate.id === id);
    expect(user).toBeDefined();
    for (const plan of [
      planOf(),
      planOf('ssm.put-parameter', { name: '/a/b', fromValue: 'on', toValue: 'off' }),
    ]) {
      expect(user && authorityOver(shipped, user, subjectOf(plan)).may).toBe(may);
    }
  });

  it('give nobody authority over an action outside the catalogue', () => {
    for (const user of users) {
      expect(authorityOver(shipped, user, subjectOf(planOf('iam.delete-role', {}))).may).toBe('nothing');
      expect(authorityOver(shipped, user, subjectOf(planOf('__proto__', {}))).may).toBe('nothing');
    }
  });
});
