import { beforeAll, describe, expect, it } from 'vitest';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { start, World } from './world.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await freshTables();
});

const vote = (identityId: string, verdict: 'approve' | 'reject' = 'approve') => ({
  identityId,
  displayName: identityId,
  verdict,
  atEpochMs: start - 1_000,
});

async function atTheGate(votes: unknown): Promise<{ world: World; token: number }> {
  const world = await new World(tables).prepare({ decision: { quorum: 2 }, approval: { quorum: 2, votes } });
  await world.killSwitch(false);
  return { world, token: await world.upToTheGate() };
}

describe('a quorum of two', () => {
  it.each([
    ['one person twice', [vote('ada'), vote('ada')]],
    ['one person, and one who rejected', [vote('ada'), vote('ben', 'reject')]],
    ['a person who thought better of it', [vote('ada'), vote('ben'), vote('ben', 'reject')]],
    ['votes that cannot be read', ['ada', 'ben']],
    ['a text as long', 'ada and ben'],
  ])('is not reached by %s', async (_, votes) => {
    const { world, token } = await atTheGate(votes);
    expect(await world.gate.authorise(world.changeId, token)).toMatchObject({
      outcome: 'refused',
      refusal: 'approval',
      reason: expect.stringContaining('quorum'),
    });
    expect(await world.types()).not.toContain('change.started');
  });

  it('is reached by two people', async () => {
    const { world, token } = await atTheGate([vote('ada'), vote('ben')]);
    expect(await world.gate.authorise(world.changeId, token)).toStrictEqual({ outcome: 'authorised' });
  });

  it('counts for the version that was read only', async () => {
    const { world, token } = await atTheGate([vote('ada'), vote('ben')]);
    world.database.beforeTransact = async () => {
      const approval = await tables.database.get(tables.operations, itemKeys.approval(world.approvalId));
      await world.put(tables.operations, { ...approval, votes: [vote('ada'), vote('ada')], version: 3 });
    };
    expect(await world.gate.authorise(world.changeId, token)).toMatchObject({
      outcome: 'refused',
      refusal: 'approval',
    });
  });

  it('is not reached on an approval without a version', async () => {
    const { world, token } = await atTheGate([vote('ada'), vote('ben')]);
    const approval = await tables.database.get(tables.operations, itemKeys.approval(world.approvalId));
    const { version: _, ...without } = approval ?? {};
    await world.put(tables.operations, without);
    expect(await world.gate.authorise(world.changeId, token)).toMatchObject({ refusal: 'approval' });
  });
});
