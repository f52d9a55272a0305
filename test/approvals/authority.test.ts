import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AuthoritySubject,
  authorityOver,
  mayView,
  ownsAgent,
  parseApproverPolicy,
} from '../../functions/approvals/authority.ts';
import { subjectOf } from '../../functions/approvals/dossier.ts';
import shippedPolicy from '../../policies/approvers.json' with { type: 'json' };
import shippedUsers from '../../policies/local-users.json' with { type: 'json' };
import { dossierOf, now, pending, planOf } from './fixtures.ts';

const grants = [{ group: 'approvers', actionClasses: ['traffic'], environments: ['prod', 'local'] }];
const agentOwners = [{ agentRole: 'responder', identityIds: ['olga'] }];
const policy = parseApproverPolicy({ version: 1, grants, agentOwners });
const subject: AuthoritySubject = {
  actionClass: 'traffic',
  environment: 'prod',
  agentRole: 'responder',
  escalateAtEpochMs: now + 400_000,
};
const person = (id: string, ...groups: string[]) => ({ id, displayName: id, groups });
const approver = (id: string) => person(id, 'approvers');

describe('authority', () => {
  it('decides with a group that covers action class and environment', () => {
    expect(authorityOver(policy, person('ana', 'x', 'approvers'), subject, now)).toStrictEqual({
      may: 'decide',
    });
  });

  const { actionClass: _actionClass, ...unknownAction } = subject;
  it.each<[string, ReturnType<typeof person>, AuthoritySubject]>([
    ['no group', person('ana'), subject],
    ['another group', person('ana', 'developers'), subject],
    ['a group in another case', person('ana', 'Approvers'), subject],
    ['a prototype name as group', person('ana', '__proto__', 'constructor'), subject],
    ['another action class', approver('ana'), { ...subject, actionClass: 'data' }],
    ['another environment', approver('ana'), { ...subject, environment: 'dev' }],
    ['a wildcard asked for', approver('ana'), { ...subject, environment: '*' }],
    ['an action outside the catalogue', approver('ana'), unknownAction],
  ])('is nothing with %s', (_case, identity, asked) => {
    expect(authorityOver(policy, identity, asked, now)).toStrictEqual({ may: 'nothing' });
  });

  it.each<[string, string, Partial<AuthoritySubject>, string]>([
    ['the agent’s owner', 'olga', {}, 'owns-the-agent'],
    ['the agent’s owner in another case', 'OLGA', {}, 'owns-the-agent'],
    ['the agent itself', 'responder', {}, 'is-the-requester'],
    ['whoever asked for it', 'ana', { requestedBy: 'Ana' }, 'is-the-requester'],
    ['whoever made the change', 'ana', { changedBy: 'ANA' }, 'made-the-change'],
    ['anybody, for an agent nobody answers for', 'ana', { agentRole: 'stranger' }, 'agent-has-no-owner'],
  ])('never lets %s decide', (_case, id, more, because) => {
    expect(authorityOver(policy, approver(id), { ...subject, ...more }, now)).toStrictEqual({
      may: 'view',
      because,
    });
  });

  const aliases = ['Ana@corp.example', 'aduarte'];
  it.each<[string, Partial<AuthoritySubject>, string]>([
    ['asked for it', { requestedBy: 'ana@corp.example' }, 'is-the-requester'],
    ['made the change', { changedBy: 'ADuarte' }, 'made-the-change'],
    ['owns the agent', { agentRole: 'deployer' }, 'owns-the-agent'],
    ['is the agent', { agentRole: 'aduarte' }, 'is-the-requester'],
  ])('never lets whoever %s by another of their names decide', (_case, more, because) => {
    const owned = [...agentOwners, { agentRole: 'deployer', identityIds: ['ana@CORP.example'] }];
    const asked = { ...subject, ...more };
    expect(
      authorityOver({ ...policy, agentOwners: owned }, { ...approver('7f3c'), aliases }, asked, now),
    ).toStrictEqual({ may: 'view', because });
    expect(
      authorityOver({ ...policy, agentOwners: owned }, { ...approver('7f3c'), aliases }, subject, now),
    ).toStrictEqual({
      may: 'decide',
    });
  });

  it('gives nothing for another name: no group, and nobody’s place', () => {
    const lent = { from: 'ana', to: 'dov', groups: ['approvers'], until: '2026-11-22T10:05:00Z' };
    const delegated = { ...policy, delegations: [lent] };
    const eve = { ...person('eve'), aliases: ['approvers', 'dov', 'ana'] };
    expect(authorityOver(delegated, eve, subject, now)).toStrictEqual({ may: 'nothing' });
    expect(mayView(delegated, eve, 'prod', now)).toBe(false);
  });

  it('excludes nobody else for what one person asked for or changed', () => {
    const about = { ...subject, requestedBy: 'ana', changedBy: 'ben' };
    expect(authorityOver(policy, approver('cleo'), about, now)).toStrictEqual({ may: 'decide' });
  });

  it('never decides without a grant of one of the person’s own groups', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), fc.string(), (groups, actionClass, environment) => {
        const mine = groups.filter((group) => group !== 'approvers');
        const asked = { ...subject, actionClass, environment };
        expect(authorityOver(policy, person('ana', ...mine), asked, now).may).toBe('nothing');
        expect(mayView(policy, person('ana', ...mine), environment, now)).toBe(false);
      }),
    );
  });
});

describe('groups that join at escalation', () => {
  const late = parseApproverPolicy({
    version: 1,
    grants: [...grants, { group: 'leads', actionClasses: ['*'], environments: ['*'], joins: 'escalation' }],
    agentOwners,
  });

  it.each([
    [399_999, { may: 'view', because: 'not-yet-escalated' }],
    [400_000, { may: 'decide' }],
    [400_001, { may: 'decide' }],
  ])('%s ms after it was asked, a lead may %o', (later, authority) => {
    expect(authorityOver(late, person('kim', 'leads'), subject, now + later)).toStrictEqual(authority);
  });

  it('lets them look before that', () => {
    expect(mayView(late, person('kim', 'leads'), 'prod', now)).toBe(true);
  });

  it('does not hold back who is asked from the start, nor let anybody in who is excluded', () => {
    expect(authorityOver(late, person('kim', 'leads', 'approvers'), subject, now)).toStrictEqual({
      may: 'decide',
    });
    expect(authorityOver(late, person('olga', 'leads'), subject, now + 400_000)).toStrictEqual({
      may: 'view',
      because: 'owns-the-agent',
    });
  });
});

describe('standing in for somebody', () => {
  const standIns = (...delegations: { from: string; to: string; groups?: string[]; until?: string }[]) =>
    parseApproverPolicy({
      version: 1,
      grants,
      agentOwners,
      delegations: delegations.map((given) => ({
        groups: ['approvers'],
        until: '2026-11-22T10:05:00Z',
        ...given,
      })),
    });
  const until = 1_795_341_900_000; // 10:05:00

  it.each([
    [until - 1, { may: 'decide', onBehalfOf: 'ana' }],
    [until, { may: 'nothing' }],
    [until + 1, { may: 'nothing' }],
  ])('at %s, around its end, allows %o', (at, authority) => {
    const given = standIns({ from: 'ana', to: 'dov' });
    expect(authorityOver(given, person('dov', 'developers'), subject, at)).toStrictEqual(authority);
  });

  it.each([
    [until - 1, true],
    [until, false],
    [until + 1, false],
  ])('at %s, around its end, lets look: %s', (at, may) => {
    const given = standIns({ from: 'ana', to: 'Dov' });
    expect(mayView(given, person('dov', 'developers'), 'prod', at)).toBe(may);
    expect(mayView(given, approver('ana'), 'prod', at)).toBe(true);
  });

  it('lets look where the lent groups may decide, and nowhere else', () => {
    const lookAs = (to: string, groups: string[], environment = 'prod') =>
      mayView(standIns({ from: 'ana', to: 'dov', groups }), person(to), environment, now);
    expect(lookAs('dov', ['approvers'])).toBe(true);
    expect(lookAs('dov', ['approvers'], 'dev')).toBe(false);
    expect(lookAs('dov', ['developers'])).toBe(false);
    expect(lookAs('eve', ['approvers'])).toBe(false);
    expect(mayView(standIns({ from: 'ana', to: 'ANA' }), person('ana'), 'prod', now)).toBe(false);
  });

  it('reads its end with the zone that it names', () => {
    const given = standIns({ from: 'ana', to: 'dov', until: '2026-11-22T12:05:00+02:00' });
    expect(authorityOver(given, person('dov'), subject, until - 1).may).toBe('decide');
    expect(authorityOver(given, person('dov'), subject, until).may).toBe('nothing');
  });

  it('uses one’s own authority first', () => {
    const given = standIns({ from: 'ana', to: 'ben' });
    expect(authorityOver(given, approver('ben'), subject, now)).toStrictEqual({ may: 'decide' });
  });

  it.each<[string, string, string, Partial<AuthoritySubject>]>([
    ['for the agent’s owner', 'olga', 'dov', {}],
    ['for whoever asked for it', 'ana', 'dov', { requestedBy: 'ana' }],
    ['for whoever made the change', 'ana', 'dov', { changedBy: 'ana' }],
    ['for the agent', 'responder', 'dov', {}],
  ])('is no way around an exclusion: %s', (_case, from, to, more) => {
    const given = standIns({ from, to });
    expect(authorityOver(given, person(to), { ...subject, ...more }, now).may).toBe('nothing');
  });

  it.each<[string, string, Partial<AuthoritySubject>, string]>([
    ['the agent’s owner', 'olga', {}, 'owns-the-agent'],
    ['whoever asked for it', 'dov', { requestedBy: 'dov' }, 'is-the-requester'],
    ['whoever made the change', 'dov', { changedBy: 'Dov' }, 'made-the-change'],
    ['whoever made it by another name', 'dov', { changedBy: 'DOV@corp.example' }, 'made-the-change'],
  ])('does not free %s from an exclusion', (_case, to, more, because) => {
    const given = standIns({ from: 'ana', to });
    const asked = { ...subject, ...more };
    const aliases = [`${to}@corp.example`];
    expect(authorityOver(given, { ...approver(to), aliases }, asked, now)).toStrictEqual({
      may: 'view',
      because,
    });
    expect(authorityOver(given, { ...person(to), aliases }, asked, now).may).toBe('nothing');
  });

  it('lends the groups that it names and no others, and nothing to oneself', () => {
    const other = standIns({ from: 'ana', to: 'dov', groups: ['developers'] });
    expect(authorityOver(other, person('dov'), subject, now).may).toBe('nothing');
    expect(authorityOver(standIns({ from: 'ana', to: 'ANA' }), person('ana'), subject, now).may).toBe(
      'nothing',
    );
  });
});

describe('a policy file', () => {
  const sound = { version: 1, grants, agentOwners };
  const delegation = { from: 'ana', to: 'dov', groups: ['approvers'], until: '2026-11-22T10:05:00Z' };
  it.each<[string, object]>([
    ['nothing', {}],
    ['an unknown member', { ...sound, everybody: true }],
    ['a grant without environments', { ...sound, grants: [{ group: 'a', actionClasses: ['*'] }] }],
    ['an empty group', { ...sound, grants: [{ group: '', actionClasses: [], environments: [] }] }],
    ['a group that joins some other time', { ...sound, grants: [{ ...grants[0], joins: 'later' }] }],
    ['a delegation without an end', { ...sound, delegations: [{ ...delegation, until: undefined }] }],
    ['an end without a zone', { ...sound, delegations: [{ ...delegation, until: '2026-11-22T10:05:00' }] }],
    ['a delegation of nothing', { ...sound, delegations: [{ ...delegation, groups: [] }] }],
    ['a Slack user of no team', { ...sound, slackUsers: [{ userId: 'U1', identityId: 'ana' }] }],
    ['a name without end', { ...sound, delegations: [{ ...delegation, to: 'd'.repeat(257) }] }],
  ])('is refused with %s', (_case, json) => {
    expect(() => parseApproverPolicy(json)).toThrow(
      expect.objectContaining({ code: 'approvals.invalid-approvers' }),
    );
  });

  it('says who answers for an agent, however the name is written', () => {
    expect(ownsAgent(policy.agentOwners, 'responder', 'olga')).toBe(true);
    expect(ownsAgent([{ agentRole: 'responder', identityIds: ['Olga'] }], 'responder', 'olga')).toBe(true);
    expect(ownsAgent(policy.agentOwners, 'stranger', 'olga')).toBe(false);
  });
});

describe('the shipped files', () => {
  const shipped = parseApproverPolicy(shippedPolicy);
  const about = (...plan: Parameters<typeof planOf>) => subjectOf(dossierOf(pending(), planOf(...plan)));

  it.each([
    ['ana', 'decide'],
    ['ben', 'decide'],
    ['kim', 'view'],
    ['mia', 'nothing'],
  ])('let %s %s over both actions at first', (id, may) => {
    const user = shippedUsers.users.find((candidate) => candidate.id === id);
    expect(user).toBeDefined();
    const parameter = about('ssm.put-parameter', { name: '/a/b', fromValue: 'on', toValue: 'off' });
    for (const asked of [about(), parameter]) {
      expect(user && authorityOver(shipped, user, asked, now).may).toBe(may);
    }
  });

  it('give nobody authority over an action outside the catalogue', () => {
    for (const user of shippedUsers.users) {
      expect(authorityOver(shipped, user, about('iam.delete-role', {}), now + 400_000).may).toBe('nothing');
      expect(authorityOver(shipped, user, about('__proto__', {}), now + 400_000).may).toBe('nothing');
    }
  });
});

describe('what is decided about', () => {
  const asked = dossierOf(pending());
  const tagged = (reading: string, tags?: Record<string, string>) => ({
    ...asked,
    decision: { ...asked.decision, inputs: { targetTags: { reading, tags } } },
  });

  it('names whoever asked for it, as the signal has it', () => {
    const { incident } = asked;
    if (incident === undefined) throw new Error('the fixture has an incident');
    const signal = { ...incident.signal, requestedBy: 'rob' };
    expect(subjectOf({ ...asked, incident: { ...incident, signal } })).toMatchObject({ requestedBy: 'rob' });
    expect(subjectOf(asked)).not.toHaveProperty('requestedBy');
  });

  it('names whoever made the change, as the tag had it when it was decided', () => {
    expect(subjectOf(tagged('read', { 'interlock:changed-by': 'ben' }))).toMatchObject({ changedBy: 'ben' });
    expect(subjectOf(tagged('read', {}))).not.toHaveProperty('changedBy');
    expect(subjectOf(tagged('unreadable'))).not.toHaveProperty('changedBy');
  });
});
