import { describe, expect, it } from 'vitest';
import { readPolicyCases } from '../../cli/policy-directory.ts';
import { catalogue } from '../../functions/change/catalogue.ts';
import { readCedarWasm, readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import { type PolicyCase, parsePolicyCases } from '../../functions/policy/policy-case.ts';
import { PolicyEngine } from '../../functions/policy/policy-engine.ts';
import { policySetOf } from '../../functions/policy/policy-files.ts';
import { lintPolicies, rolesOf } from '../../functions/policy/policy-lint.ts';
import type { PolicySet } from '../../functions/policy/policy-set.ts';
import { catalogueExamples, runPolicyCases } from '../../functions/policy/policy-tables.ts';

const wasm = readCedarWasm();
const set = policySetOf(readPolicyFiles());
const engine = new PolicyEngine(wasm, set);
const permitted: PolicyCase = { case: 'may shift', action: 'lambda.shift-alias', expect: 'permitted' };

/** What is shipped, asked once: it takes seconds. */
const cases = readPolicyCases('policies');
const shipped = runPolicyCases(engine, cases);

describe('the table tests', () => {
  it('hold', () => {
    expect(shipped.failures).toStrictEqual([]);
  });

  it('show every policy at work', () => {
    expect([...shipped.determining].toSorted()).toStrictEqual(Object.keys(set.policies).toSorted());
  });

  it('ask about every action of the catalogue', () => {
    expect(new Set(cases.map(({ action }) => action))).toStrictEqual(new Set(catalogue.map(({ id }) => id)));
  });
});

describe('the examples of the catalogue', () => {
  const examples = catalogueExamples();

  it('are those of every action, as policies see them', () => {
    expect(examples.length).toBe(catalogue.flatMap((action) => action.examples).length);
    expect(examples.find(({ action }) => action === 'lambda.shift-alias')).toMatchObject({
      actionClass: 'traffic',
      target: { key: 'lambda-alias/checkout:live' },
      parameters: { functionName: 'checkout', toVersion: '1' },
      parameterText: expect.stringContaining('checkout'),
      isIrreversible: false,
    });
  });

  it('say which cannot be taken back', () => {
    const irreversible = examples.filter((example) => example.isIrreversible).map(({ action }) => action);
    expect(irreversible).toContain('ec2.reboot-instance');
    expect(irreversible).not.toContain('ssm.put-parameter');
  });
});

describe('a run of the tables', () => {
  const byTeam = '@reason("r") permit (principal, action, resource) when { resource.hasTag("team") };';
  const asking = new PolicyEngine(wasm, { ...set, policies: { 'by-team': byTeam } });
  const team: PolicyCase = { ...permitted, tags: { team: 'payments' } };
  const unread: PolicyCase = { ...permitted, tags: 'unknown', expect: 'tags-unknown', by: ['by-team'] };

  it('tells which policies decided a case, and with which tags', () => {
    expect(runPolicyCases(asking, [team, { ...permitted, expect: 'no-permit' }])).toStrictEqual({
      cases: 2,
      failures: [],
      determining: new Set(['by-team']),
      tags: [{ team: 'payments' }],
    });
  });

  it('does not take a policy that asks for tags which nobody could read for one that decided', () => {
    expect(runPolicyCases(asking, [unread])).toStrictEqual({
      cases: 1,
      failures: [],
      determining: new Set(),
      tags: [],
    });
  });
});

describe('a case', () => {
  const failureOf = (change: Partial<PolicyCase>) =>
    runPolicyCases(engine, [{ ...permitted, ...change }]).failures[0]?.actual;

  it.each<[string, Partial<PolicyCase>, string | undefined]>([
    ['as it is', {}, undefined],
    ['that expects a denial', { expect: 'no-permit' }, 'permitted permit-responder-lambda-shift-alias'],
    [
      'that names another policy',
      { by: ['permit-responder-ssm-put-parameter'] },
      'permitted permit-responder-lambda-shift-alias',
    ],
    [
      'about an action that is not there',
      { action: 'constructor' },
      'action constructor is not in the action catalogue',
    ],
    [
      'with parameters that do not fit',
      { parameters: { force: true } },
      'the parameters do not fit the schema of lambda.shift-alias',
    ],
  ])('%s', (_what, change, actual) => {
    expect(failureOf(change)).toBe(actual);
  });

  it.each([
    ['tags that are no texts', { ...permitted, tags: { protected: true } }],
    ['another word for unknown tags', { ...permitted, tags: 'none' }],
    ['an unknown member', { ...permitted, roles: ['responder'] }],
    ['an unknown expectation', { ...permitted, expect: 'allow' }],
    ['no words', { ...permitted, case: '' }],
    ['an instant without a zone', { ...permitted, at: '2026-12-24T12:00:00' }],
    ['nobody who decided', { ...permitted, by: [] }],
  ])('is refused with %s', (_what, given) => {
    expect(() => parsePolicyCases('a.json', { version: 1, cases: [given] })).toThrow(
      /policies\/tests\/a\.json/,
    );
  });

  it('is refused in a file without any', () => {
    expect(() => parsePolicyCases('a.json', { version: 1, cases: [] })).toThrow(/cases/);
  });
});

describe('lint', () => {
  const aboutShifts = cases.filter(({ action }) => action === permitted.action);
  const problemsOf = (linted: PolicySet, tables: ReturnType<typeof runPolicyCases>) =>
    lintPolicies(wasm, linted, tables).map(({ policyId, problem }) => `${policyId}: ${problem}`);
  const lint = (policies: PolicySet['policies'], asked: readonly PolicyCase[] = aboutShifts) => {
    const linted = { ...set, policies };
    return problemsOf(linted, runPolicyCases(new PolicyEngine(wasm, linted), asked));
  };
  const role = 'principal == Interlock::AgentRole::"responder"';
  const shift = 'action == Interlock::Action::"lambda.shift-alias"';
  const here = 'resource.environment == context.environment';

  it('has nothing to say about what is shipped', () => {
    expect(problemsOf(set, shipped)).toStrictEqual([]);
  }, 20_000);

  it.each([
    [
      'without a reason',
      `permit (${role}, ${shift}, resource) when { resource.kind == "lambda-alias" && ${here} };`,
      'no @reason',
    ],
    [
      'for every role',
      `@reason("r") permit (principal, ${shift}, resource) when { resource.kind == "lambda-alias" && ${here} };`,
      'every role',
    ],
    [
      'for every entity of the type of roles',
      `@reason("r") permit (principal is Interlock::AgentRole, ${shift}, resource) when { resource.kind == "lambda-alias" && ${here} };`,
      'every role',
    ],
    [
      'for roles below another',
      `@reason("r") permit (principal in Interlock::AgentRole::"responder", ${shift}, resource) when { resource.kind == "lambda-alias" && ${here} };`,
      'does not name one role',
    ],
    [
      'for roles below another, by type',
      `@reason("r") permit (principal is Interlock::AgentRole in Interlock::AgentRole::"responder", ${shift}, resource) when { resource.kind == "lambda-alias" && ${here} };`,
      'every role',
    ],
    [
      'for every action',
      `@reason("r") permit (${role}, action, resource) when { resource.kind == "lambda-alias" && ${here} };`,
      'every action',
    ],
    [
      'for every kind',
      `@reason("r") permit (${role}, ${shift}, resource) when { ${here} };`,
      'every kind of target',
    ],
    [
      'for every kind but one',
      `@reason("r") permit (${role}, ${shift}, resource) when { resource.kind != "x" && ${here} };`,
      'every kind of target',
    ],
    [
      'for every environment',
      `@reason("r") permit (${role}, ${shift}, resource) when { resource.kind == "lambda-alias" };`,
      'other environments',
    ],
    [
      'that never holds',
      `@reason("r") permit (${role}, ${shift}, resource) when { resource.kind == "lamda-alias" && ${here} };`,
      'decides no table test',
    ],
    [
      'by tags that no case is about',
      `@reason("r") forbid (${role}, ${shift}, resource) when { resource.hasTag("critical") };`,
      'decides no table test',
    ],
  ])('finds a policy %s', (_what, policy, problem) => {
    expect(lint({ odd: policy })).toContainEqual(expect.stringContaining(problem));
  });

  it('takes a policy that only an example of the catalogue meets for one that decides', () => {
    const odd = `@reason("r") permit (${role}, ${shift}, resource) when { resource.kind == "lambda-alias" && ${here} && context.environment == "dev" };`;
    expect(lint({ odd }, [])).toStrictEqual([]);
  });

  it('tries permits out in an environment that they are for', () => {
    const odd = `@reason("r") permit (${role}, ${shift}, resource) when { context.environment == "dev" };`;
    expect(lint({ odd })).toStrictEqual([
      'odd: it permits every kind of target',
      'odd: it permits targets of other environments',
    ]);
  });

  it('says of a forbid neither that it is broad nor whom it names', () => {
    const odd = `@reason("r") forbid (principal, action, resource);`;
    const named = `@reason("r") forbid (principal == Interlock::AgentRole::"gardener", action, resource);`;
    const linted = { ...set, policies: { odd, named } };
    const tables = runPolicyCases(new PolicyEngine(wasm, linted), aboutShifts);
    expect(lintPolicies(wasm, linted, tables, ['responder'])).toStrictEqual([]);
    expect(rolesOf(linted)).toStrictEqual([]);
  });

  describe('of permits by tags', () => {
    const critical = 'resource.hasTag("team") && resource.getTag("team") == "payments"';
    const byTeam: PolicyCase = { ...permitted, tags: { team: 'payments' }, by: ['odd'] };

    it('has nothing to say about a narrow one with a case', () => {
      const odd = `@reason("r") permit (${role}, ${shift}, resource) when { ${critical} && resource.kind == "lambda-alias" && ${here} };`;
      expect(lint({ odd }, [...aboutShifts, byTeam])).toStrictEqual([]);
    });

    it('tries them out with the tags of the cases', () => {
      const odd = `@reason("r") permit (${role}, ${shift}, resource) when { ${critical} };`;
      expect(lint({ odd }, [...aboutShifts, byTeam])).toStrictEqual([
        'odd: it permits every kind of target',
        'odd: it permits targets of other environments',
      ]);
    });
  });

  it('finds a permit for a role that no other file knows', () => {
    const odd = `@reason("r") permit (principal == Interlock::AgentRole::"respondr", ${shift}, resource) when { resource.kind == "lambda-alias" && ${here} };`;
    const linted = { ...set, policies: { odd } };
    const tables = runPolicyCases(new PolicyEngine(wasm, linted), aboutShifts);
    const problems = (knownRoles?: string[]) =>
      lintPolicies(wasm, linted, tables, knownRoles).map(({ problem }) => problem);
    expect(problems(['responder'])).toStrictEqual([
      'it permits role "respondr", which no other policy file knows',
    ]);
    expect(problems(['responder', 'respondr'])).toStrictEqual([]);
    expect(problems()).toStrictEqual([]);
  });

  it('knows the roles that permits name', () => {
    expect(rolesOf(set)).toStrictEqual(['responder']);
  });
});
