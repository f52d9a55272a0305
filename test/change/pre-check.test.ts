import { describe, expect, it } from 'vitest';
import { ActionRunner } from '../../functions/change/actions/action-runner.ts';
import type { Ownership } from '../../functions/change/actions/action-surroundings.ts';
import { aliasTarget } from '../../functions/change/actions/lambda-shift-alias/alias-target.ts';
import type { DryRun } from '../../functions/change/actions/target.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import { FakeAlias, shiftPlan, start, WriteCounter } from './world.ts';

const plan = shiftPlan('inc-a', 'checkout');
const task = { operation: 'pre-check', incidentId: 'inc-a', planDigest: planDigestOf(plan) } as const;

function setUp(
  given: { plan?: unknown; owner?: Ownership; dryRun?: () => Promise<DryRun>; version?: string } = {},
) {
  const counter = new WriteCounter();
  const alias = new FakeAlias(counter);
  if (given.version !== undefined) alias.foreign(given.version);
  if (given.dryRun !== undefined) Object.assign(alias, { dryRun: given.dryRun });
  const asked: string[] = [];
  const never = (): never => {
    throw new Error('a pre-check has no business here');
  };
  const runner = new ActionRunner(aliasTarget, alias, {
    environment: 'local',
    place: { partition: 'aws', region: 'eu-west-1', account: '111122223333' },
    validationSeconds: 120,
    clock: () => start,
    pause: never,
    runtime: { facts: never, plan: async () => ('plan' in given ? given.plan : plan), killSwitch: never },
    snapshots: { keepFirst: never, find: never },
    owners: {
      ownerOf: async (arn) => {
        asked.push(arn);
        return given.owner ?? { outcome: 'not-owned' };
      },
    },
    alarms: { look: never },
    metrics: { look: never },
    probe: { look: never },
  });
  return { alias, asked, counter, runner };
}

const resultsOf = (answer: object) =>
  Object.fromEntries(
    (answer as { checks: { name: string; result: string }[] }).checks.map(({ name, result }) => [
      name,
      result,
    ]),
  );

describe('a pre-check', () => {
  it('finds nothing against a plan that could be carried out, and writes nothing', async () => {
    const { asked, counter, runner } = setUp();
    const answer = await runner.run(task);
    expect(answer).toMatchObject({ outcome: 'checked' });
    expect(resultsOf(answer)).toStrictEqual({
      parameters: 'pass',
      target: 'pass',
      snapshot: 'pass',
      permissions: 'unknown',
      owner: 'pass',
    });
    expect(asked).toStrictEqual(['arn:aws:lambda:eu-west-1:111122223333:function:checkout']);
    expect(counter.made).toBe(0);
  });

  it.each([
    ['is not stored', undefined],
    ['was altered', { ...plan, environment: 'prod' }],
    ['is for another incident', { ...plan, incidentId: 'inc-b' }],
    ['is no object', 'plan'],
  ])('says no more of a plan that %s', async (_, stored) => {
    const { runner } = setUp({ plan: stored });
    expect(resultsOf(await runner.run(task))).toStrictEqual({ parameters: 'fail' });
  });

  it.each([
    ['elsewhere', '9'],
    ['where the plan leads', '1'],
  ])('fails a target that stands %s', async (_, version) => {
    const { runner } = setUp({ version });
    expect(resultsOf(await runner.run(task))).toMatchObject({ target: 'fail', snapshot: 'pass' });
  });

  it('tells a target that is refused from one that cannot be read', async () => {
    const refused = setUp();
    refused.alias.read = async () => ({ outcome: 'refused', reason: 'the alias does not exist' });
    expect(resultsOf(await refused.runner.run(task))).toMatchObject({ target: 'fail', snapshot: 'fail' });
    const unreadable = setUp();
    unreadable.alias.read = async () => Promise.reject(new Error('socket hang up'));
    expect(resultsOf(await unreadable.runner.run(task))).toMatchObject({
      target: 'unknown',
      snapshot: 'unknown',
    });
  });

  it.each([
    ['allowed', 'pass'],
    ['denied', 'fail'],
    ['unknown', 'unknown'],
  ] as const)('takes a dry run that is %s as %s', async (outcome, result) => {
    const { runner } = setUp({ dryRun: async () => ({ outcome, reason: 'EC2 said so' }) });
    expect(resultsOf(await runner.run(task))).toMatchObject({ permissions: result });
  });

  it('does not know what a dry run that failed would have said', async () => {
    const { runner } = setUp({ dryRun: async () => Promise.reject(new Error('timeout')) });
    expect(resultsOf(await runner.run(task))).toMatchObject({ permissions: 'unknown' });
  });

  it.each([
    [{ outcome: 'owned', stack: 'checkout' }, 'pass', 'stack checkout owns it', { ownerStack: 'checkout' }],
    [{ outcome: 'unknown', reason: 'its tags are not known' }, 'unknown', 'its tags are not known', {}],
  ] as const)('names the owner %j', async (owner, result, reason, more) => {
    const { runner } = setUp({ owner });
    expect(await runner.run(task)).toMatchObject({
      checks: expect.arrayContaining([
        { name: 'owner', result, reason: expect.stringContaining(reason), ...more },
      ]),
    });
  });
});
