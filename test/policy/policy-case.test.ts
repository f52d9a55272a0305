import { describe, expect, it } from 'vitest';
import {
  type CaseAction,
  failureOf,
  type PolicyCase,
  parsePolicyCases,
  requestOf,
} from '../../functions/policy/policy-case.ts';

const action: CaseAction = {
  target: { type: 'lambda-alias', id: 'checkout:live', key: 'lambda-alias/checkout:live' },
  tier: 'medium',
  parameters: { toVersion: '3' },
  parameterText: '3',
  blastRadius: { resources: 1, capacityPercent: 100 },
};
const plain: PolicyCase = { case: 'may shift', action: 'lambda.shift-alias', expect: 'permitted' };
const ask = (given: Partial<PolicyCase>) => requestOf({ ...plain, ...given }, () => action);

describe('the question of a case', () => {
  it('is, when the case says nothing else, a responder’s in dev on an ordinary Wednesday, the first of the day', () => {
    expect(ask({})).toStrictEqual({
      ...action,
      agentRole: 'responder',
      action: 'lambda.shift-alias',
      targetEnvironment: 'dev',
      targetTags: {},
      environment: 'dev',
      history: { changesToday: 0, changesTodayOfAction: 0, changesTodayOnTarget: 0 },
      nowEpochMs: Date.UTC(2026, 5, 10, 12),
    });
  });

  const history = { changesToday: 3, changesTodayOfAction: 2, changesTodayOnTarget: 1 };
  it.each<[Partial<PolicyCase>, object]>([
    [{ role: 'gardener' }, { agentRole: 'gardener' }],
    [{ environment: 'prod' }, { environment: 'prod', targetEnvironment: 'prod' }],
    [{ targetEnvironment: 'prod' }, { environment: 'dev', targetEnvironment: 'prod' }],
    [{ tier: 'high' }, { tier: 'high' }],
    [{ tags: { team: 'payments' } }, { targetTags: { team: 'payments' } }],
    [{ tags: 'unknown' }, { targetTags: undefined }],
    [{ at: '2026-12-24T08:30:00Z' }, { nowEpochMs: Date.UTC(2026, 11, 24, 8, 30) }],
    [{ history }, { history }],
    [{ target: { id: 'x' } }, { target: { type: 'lambda-alias', id: 'x', key: 'lambda-alias/x' } }],
    [
      { target: { type: 'queue' } },
      { target: { type: 'queue', id: 'checkout:live', key: 'queue/checkout:live' } },
    ],
  ])('follows %j', (given, expected) => {
    expect(ask(given)).toStrictEqual({ ...(ask({}) as object), ...expected });
  });

  it('hands the catalogue the parameters of the case, or none', () => {
    const asked: unknown[] = [];
    const catalogue = (...given: unknown[]) => {
      asked.push(given);
      return 'there is no such action';
    };
    expect(requestOf(plain, catalogue)).toBe('there is no such action');
    requestOf({ ...plain, parameters: { toVersion: '2' } }, catalogue);
    expect(asked).toStrictEqual([
      ['lambda.shift-alias', {}],
      ['lambda.shift-alias', { toVersion: '2' }],
    ]);
  });
});

describe('an answer', () => {
  it.each<[string, Partial<PolicyCase>, Parameters<typeof failureOf>[1], string | undefined]>([
    ['as expected', {}, { outcome: 'permitted', determiningPolicies: ['p'] }, undefined],
    [
      'by all the policies that the case names, and more',
      { by: ['a', 'b'] },
      { outcome: 'permitted', determiningPolicies: ['a', 'b', 'c'] },
      undefined,
    ],
    [
      'without one of them',
      { by: ['a', 'b'] },
      { outcome: 'permitted', determiningPolicies: ['a'] },
      'permitted a b | permitted a',
    ],
    ['that nothing permits', {}, { outcome: 'no-permit' }, 'permitted | no-permit'],
    [
      'by the right policy, but another one',
      { by: ['p'] },
      { outcome: 'policy-error', determiningPolicies: ['p'] },
      'permitted p | policy-error p',
    ],
  ])('%s', (_what, given, answer, words) => {
    const failure = failureOf({ ...plain, ...given }, answer);
    expect(failure === undefined ? undefined : `${failure.expected} | ${failure.actual}`).toBe(words);
    if (failure !== undefined) expect(failure.case).toBe('may shift');
  });
});

describe('a table', () => {
  const parse = (given: object) =>
    parsePolicyCases('a.json', { version: 1, cases: [{ ...plain, ...given }] });

  it('holds its cases as written', () => {
    const whole = {
      role: 'gardener',
      environment: 'prod',
      target: { type: 'queue', id: 'x' },
      tags: 'unknown',
      at: '2026-12-24T08:30:00Z',
      history: { changesToday: 0, changesTodayOfAction: 0, changesTodayOnTarget: 0 },
      by: ['p'],
    };
    expect(parse(whole)).toStrictEqual([{ ...plain, ...whole }]);
  });

  it.each<[string, object]>([
    ['cases.0.case', { case: 'ab' }],
    [
      'cases.0.history.changesToday',
      { history: { changesToday: -1, changesTodayOfAction: 0, changesTodayOnTarget: 0 } },
    ],
    [
      'cases.0.history.changesTodayOfAction',
      { history: { changesToday: 0, changesTodayOfAction: 0.5, changesTodayOnTarget: 0 } },
    ],
    ['cases.0.target', { target: { kind: 'queue' } }],
  ])('names what is wrong: %s', (member, given) => {
    expect(() => parse(given)).toThrow(
      expect.objectContaining({ code: 'policy-tests.invalid', message: expect.stringContaining(member) }),
    );
  });
});
