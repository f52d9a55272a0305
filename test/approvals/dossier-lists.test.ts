import { beforeEach, describe, expect, it } from 'vitest';
import { type Approval, newApproval } from '../../functions/approvals/approval.ts';
import { toApprovalItem } from '../../functions/approvals/approval-item.ts';
import { DossierStore } from '../../functions/approvals/dossier.store.ts';
import type { DossierList } from '../../functions/approvals/dossier.ts';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { changeIdFor } from '../../functions/platform/ids.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { allOf, dossierOf, now, pending, planOf } from './fixtures.ts';
import { MemoryDatabase } from './memory-database.ts';

const table = 'Operations';
let database: MemoryDatabase;
let store: DossierStore;

beforeEach(() => {
  database = new MemoryDatabase();
  store = new DossierStore(database, new LedgerStore(database, 'Ledger', 'artefact'), table);
});

const put = (item: Item) => database.transact([{ kind: 'put', table, item }]);

/** Stores an approval with the plan, decision and incident that it rests on. */
async function ask(approvalId: string, over: Partial<Approval> = {}, lifeSeconds = 600): Promise<Approval> {
  const plan = planOf(undefined, undefined, `inc-${approvalId}`);
  const planDigest = planDigestOf(plan);
  const asked = newApproval({ ...pending({}, plan), approvalId, ...over, lifeSeconds });
  const approval = { ...asked, ...over };
  const { decision, incident, triage } = dossierOf(approval, plan);
  await put(toApprovalItem(approval));
  await put({ ...itemKeys.plan(plan.incidentId, planDigest), plan, planDigest });
  await put({ ...itemKeys.decision(plan.incidentId, planDigest), ...decision });
  await put({ ...itemKeys.incident(plan.incidentId), ...incident });
  await put({ ...itemKeys.triage(plan.incidentId), ...triage });
  return approval;
}

const idsOf = async (list: DossierList) => (await allOf(list)).map(({ approval }) => approval.approvalId);

describe('the list of what waits', () => {
  it('begins with what expires first, whenever it was asked', async () => {
    await ask('long', { requestedAtEpochMs: now });
    await ask('middle', { requestedAtEpochMs: now + 1_000 });
    await ask('short', { requestedAtEpochMs: now + 2_000 }, 120);
    const list = await store.pending();
    expect(list.isWhole).toBe(true);
    expect(await idsOf(list)).toStrictEqual(['short', 'long', 'middle']);
  });

  it.each([
    [26, 27, true],
    [499, 500, true],
    [500, 500, false],
  ])('holds the oldest request behind %i newer ones', async (newer, listed, isWhole) => {
    await ask('oldest');
    for (let index = 0; index < newer; index++) {
      await ask(`newer-${index}`, { requestedAtEpochMs: now + 1_000 + index });
    }
    const list = await store.pending();
    const ids = await idsOf(list);
    expect([ids[0], ids.length, list.isWhole]).toStrictEqual(['oldest', listed, isWhole]);
  });

  it('leaves out what it rests on and what cannot be read, and has what was decided meanwhile as it is', async () => {
    await ask('whole');
    await put(toApprovalItem(pending({ approvalId: 'without-a-plan' })));
    const voted = await ask('voted');
    const list = await store.pending();
    await put({ ...toApprovalItem({ ...voted, status: 'rejected', decidedAtEpochMs: now }) });
    const dossiers = await allOf(list);
    expect(dossiers.map(({ approval: { approvalId, status } }) => [approvalId, status])).toStrictEqual([
      ['whole', 'pending'],
      ['voted', 'rejected'],
    ]);
    expect(dossiers[0]).not.toHaveProperty('triage');
  });
});

describe('the list of what was decided', () => {
  it.each([
    [100, 100, true],
    [101, 100, false],
  ])('of %i holds the %i newest', async (count, listed, isWhole) => {
    for (let index = 0; index < count; index++) {
      const decidedAtEpochMs = now + index;
      await ask(`done-${index}`, {
        status: 'rejected',
        decidedAtEpochMs,
        callbackDelivered: index % 2 === 0,
      });
    }
    const list = await store.recent();
    const ids = await idsOf(list);
    expect([ids.length, ids[0], list.isWhole]).toStrictEqual([listed, `done-${count - 1}`, isWhole]);
  });
});

describe('the dossier of what was decided', () => {
  const change = (approval: Approval) => {
    const { incidentId, planDigest } = approval;
    const changeId = changeIdFor(incidentId, planDigest);
    return { ...itemKeys.change(changeId), changeId, incidentId, planDigest, status: 'kept' };
  };

  it('holds the change that was begun on it, with why it stands there', async () => {
    const approval = await ask('apr-1', { status: 'approved', decidedAtEpochMs: now });
    expect(await store.dossier('apr-1')).not.toHaveProperty('change');
    await put({ ...change(approval), statusReason: 'the alarm is OK again' });
    expect(await store.dossier('apr-1')).toMatchObject({
      change: { status: 'kept', statusReason: 'the alarm is OK again' },
    });
    expect(await allOf(await store.recent())).toMatchObject([{ approval: { approvalId: 'apr-1' } }]);
  });

  it.each(['pending', 'rejected', 'expired', 'cancelled'] as const)(
    'holds none that is %s',
    async (status) => {
      await put(change(await ask('apr-1', { status })));
      expect(await store.dossier('apr-1')).not.toHaveProperty('change');
    },
  );
});
