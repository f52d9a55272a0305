import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { readPolicyFiles } from '../../functions/platform/policy-files.store.ts';
import type { PolicyFiles } from '../../functions/policy/policy-files.ts';
import { CommandStack, interlock, operations } from '../cli/command-stack.ts';

let stack: CommandStack;
const cli = (...args: string[]) => stack.cli(...args);
const json = (...args: string[]) => stack.json(...args);
const put = (table: string, item: Item) => stack.put(table, item);
const shipped = readPolicyFiles();
const publish = (files: PolicyFiles) => stack.publish(files);

beforeAll(async () => {
  stack = await CommandStack.start();
});
afterAll(() => stack.stop());

describe('before anything was published', () => {
  afterAll(() => publish(shipped));

  it.each([
    ['autonomy', 'show'],
    ['autonomy', 'set', 'local', 'responder', 'traffic', 'suggest', '--reason', 'x'],
    ['break-glass', 'open', '--incident', 'inc-1', '--reason', 'x'],
    ['policy', 'matrix', '--live'],
  ])('refuses %s %s and says what to do', async (...args) => {
    expect(await cli('--as', 'ana', ...args)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/stage local has no published policies yet.*deploying the stage publishes/),
    });
  });

  it('shows the register of exceptions, which no policy stands behind', async () => {
    expect(await cli('exception', 'list')).toMatchObject({ code: 0, out: 'no exceptions\n' });
  });
});

describe('what a command goes by', () => {
  const changed = (name: string, change: (shape: never) => object): PolicyFiles => ({
    ...shipped,
    [name]: JSON.stringify(change(JSON.parse(shipped[name] ?? '') as never)),
  });
  afterAll(() => publish(shipped));

  it('is who may break the glass in the published policies, whatever this checkout says', async () => {
    const ben = { environment: 'local', role: 'arn:aws:iam::000000000000:user/ben' };
    await publish(changed('break-glass.json', (shape: object) => ({ ...shape, roles: [ben] })));
    const open = ['break-glass', 'open', '--incident', 'inc-none', '--reason', 'nobody answers'];
    expect((await cli('--as', 'ana', ...open)).err).toContain('may not break the glass');
    expect((await cli('--as', 'ben', ...open)).err).toContain('there is no incident');
  });

  it('is the stages that are published', async () => {
    const at = { environment: 'local', agentRole: 'responder', actionClass: 'repair' };
    await publish(
      changed('autonomy.json', (shape: object) => ({ ...shape, stages: [{ ...at, stage: 'suggest' }] })),
    );
    expect(await json('autonomy', 'show')).toContainEqual({
      ...at,
      stage: 'suggest',
      version: 0,
      from: 'declared',
      declared: 'suggest',
    });
    const { rows } = (await json('policy', 'matrix', '--live')) as { rows: { stage?: string }[] };
    expect(new Set(rows.map(({ stage }) => stage))).not.toContain('guarded');
  });
});

describe('interlock policy', () => {
  it.each<[string[], RegExp]>([
    [['matrix', '--environment', 'nowhere'], /no environment "nowhere"; known are local/],
    [['replay', '--since', '1h', '--candidate', '/nonexistent'], /no directory \/nonexistent/],
    [['replay', '--since', '1h', '--candidate', interlock], /no directory .*main\.ts/],
  ])('refuses %j', async (args, message) => {
    const refused = await cli('policy', ...args);
    expect([refused.code, refused.err]).toStrictEqual([1, expect.stringMatching(message)]);
    expect(refused.err).not.toContain('unexpected');
  });

  it('shows the matrix of the stage that is named', async () => {
    expect(await json('policy', 'matrix', '--live')).toMatchObject({ environment: 'local' });
    expect(await json('--stage', 'prod', 'policy', 'matrix')).toMatchObject({ environment: 'prod' });
    expect(await json('policy', 'matrix', '--environment', 'local')).toMatchObject({ environment: 'local' });
  });
});

describe('what the records hold', () => {
  it('is found however old it is, and made again whole', async () => {
    // More than one page: a page ends after a megabyte.
    const many = 25;
    const since = Date.now() - 60_000;
    for (let index = 0; index < many; index++) {
      await put(operations, {
        ...itemKeys.decision('inc-many', String(index)),
        decisionId: `dec-${index}`,
        incidentId: 'inc-many',
        planDigest: String(index),
        action: 'none',
        agentRole: 'responder',
        environment: 'local',
        outcome: 'deny',
        quorum: 0,
        clause: 'none',
        reason: 'none',
        determiningPolicies: [],
        policyDigest: '0'.repeat(64),
        inputs: { padding: 'x'.repeat(50_000) },
        decidedAtEpochMs: since + index,
        statusKey: 'DECISION#deny',
        statusAt: new Date(since + index).toISOString(),
      });
    }
    expect((await cli('policy', 'show', 'dec-0')).out).toContain('none on no known target in local');
    expect((await cli('policy', 'show', 'dec-none')).err).toContain('there is no decision dec-none');
    const replayed = await cli('policy', 'replay', '--since', '1h', '--json');
    expect(replayed.code).toBe(1);
    expect(
      (JSON.parse(replayed.out) as { decisionId: string }[]).map(({ decisionId }) => decisionId),
    ).toStrictEqual(Array.from({ length: many }, (_, index) => `dec-${index}`));
  });

  it('is said to be more than a list shows', async () => {
    for (const index of [1, 2, 3]) {
      await put(operations, {
        ...itemKeys.change(`chg-listed-${index}`),
        changeId: `chg-listed-${index}`,
        incidentId: 'inc-listed',
        planDigest: 'p',
        status: 'kept',
        updatedAtEpochMs: Date.now(),
        statusKey: 'CHANGE#kept',
        statusAt: new Date().toISOString(),
      });
    }
    const list = ['change', 'list', '--json', '--limit'];
    const cut = await cli(...list, '2');
    expect(JSON.parse(cut.out)).toHaveLength(2);
    expect(cut.err).toContain('there are more that are kept: these are the newest 2 of each');
    expect(await cli(...list, '3')).toMatchObject({ code: 0, err: '' });
    expect(await cli(...list, '0')).toMatchObject({ code: 2 });
  });
});
