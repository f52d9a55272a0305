import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentOwners } from '../../functions/approvals/authority.ts';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { ExceptionStore } from '../../functions/policy/exception.store.ts';
import { exceptionPolicy, type PolicyException } from '../../functions/policy/exception.ts';
import { MemoryDatabase } from '../approvals/memory-database.ts';

/** 2026-06-10T12:00:00Z */
const now = 1_781_092_800_000;
const [ana, ben] = ['ana', 'ben'].map((name) => `arn:aws:iam::111122223333:user/${name}`) as [string, string];
const request = {
  owner: 'platform team',
  ticket: 'OPS-12',
  reason: 'the gardener helps out this week',
  agentRole: 'gardener',
  action: 'lambda.shift-alias',
  targetKey: 'lambda-alias/checkout:live',
  environment: 'dev',
  expiresAtEpochMs: now + 86_400_000,
};
let database: MemoryDatabase;
let shown: PolicyException;
const store = (agentOwners: () => Promise<AgentOwners> = async () => []) =>
  new ExceptionStore(database, new LedgerStore(database, 'Ledger', 'test'), 'Operations', agentOwners);
beforeEach(async () => {
  database = new MemoryDatabase();
  shown = await store().request(request, ana, now);
});
async function overwrite(change: Item): Promise<void> {
  const item = await database.get('Operations', itemKeys.exception(shown.exceptionId));
  await database.transact([{ kind: 'put', table: 'Operations', item: { ...item, ...change } }]);
}

describe('an exception that is overwritten after it was shown', () => {
  const elsewhere = { ...request, targetKey: 'lambda-alias/payments:live' };

  it.each<[string, () => Item]>([
    [
      'another target',
      () => ({ ...elsewhere, policy: exceptionPolicy({ ...elsewhere, exceptionId: shown.exceptionId }) }),
    ],
    ['another policy alone', () => ({ policy: 'permit (principal, action, resource);' })],
    ['another person who asked', () => ({ requestedBy: ben })],
  ])('is not approved: %s', async (_case, change) => {
    await overwrite(change());
    expect(await store().decide(shown.exceptionId, 'approved', ben, now + 1, shown)).toStrictEqual({
      outcome: 'refused',
      reason: `exception ${shown.exceptionId} changed since it was shown; look at it again`,
    });
    expect(await store().find(shown.exceptionId)).toMatchObject({ status: 'requested' });
  });

  it('comes into force as it was shown and not otherwise', async () => {
    await overwrite({ targetKey: elsewhere.targetKey });
    const decided = await store().decide(shown.exceptionId, 'approved', ben, now + 1, shown);
    expect(decided).toMatchObject({ outcome: 'decided' });
    expect(await store().find(shown.exceptionId)).toStrictEqual({
      ...shown,
      status: 'approved',
      decidedBy: ben,
      decidedAtEpochMs: now + 1,
    });
  });

  it('is not approved by anybody to whom nothing was shown', async () => {
    expect(await store().decide(shown.exceptionId, 'approved', ben, now + 1)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('was not shown'),
    });
  });

  it('says so where somebody else decided meanwhile', async () => {
    await store().decide(shown.exceptionId, 'revoked', ana, now + 1);
    expect(await store().decide(shown.exceptionId, 'approved', ben, now + 2, shown)).toStrictEqual({
      outcome: 'refused',
      reason: `exception ${shown.exceptionId} was decided by somebody else meanwhile`,
    });
  });
});

describe('where the published policies cannot be read', () => {
  const unreadable = async (): Promise<never> => {
    throw new Error('the archive is damaged');
  };

  it.each(['rejected', 'revoked'] as const)('an exception is %s all the same', async (decision) => {
    expect(await store(unreadable).decide(shown.exceptionId, decision, ben, now + 1)).toMatchObject({
      outcome: 'decided',
    });
  });

  it('none is approved', async () => {
    await expect(
      store(unreadable).decide(shown.exceptionId, 'approved', ben, now + 1, shown),
    ).rejects.toThrow('the archive is damaged');
  });
});
