import { describe, expect, it } from 'vitest';
import { cancelMoot, cancelReasonOf } from '../../functions/approvals/cancel-moot.ts';
import { DossierStore } from '../../functions/approvals/dossier.store.ts';
import type { IncidentRecord } from '../../functions/approvals/dossier.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { dossierOf, incidentId, now, pending } from './fixtures.ts';
import { MemoryApprovals } from './memory-approvals.ts';
import { setRecovered } from './moot-incident.ts';

const { incident } = dossierOf(pending());
const open = incident as IncidentRecord;
const recovered: IncidentRecord = { ...open, recoveredAtEpochMs: now };
const closed: IncidentRecord = { ...open, status: 'closed', result: 'needs-person' };

/** Two plans of one incident were put to people, one was denied; a change of it waits to be judged. */
async function waiting(record?: IncidentRecord) {
  const store = new MemoryApprovals(() => now + 60_000);
  const table = store.operationsTable;
  const put = (item: object) => store.database.transact([{ kind: 'put', table, item: { ...item } }]);
  if (record !== undefined) await put({ ...itemKeys.incident(incidentId), ...record });
  await put({ ...itemKeys.decision(incidentId, 'a'), outcome: 'require-approval', approvalId: 'apr-1' });
  await put({ ...itemKeys.decision(incidentId, 'b'), outcome: 'require-approval', approvalId: 'apr-2' });
  await put({ ...itemKeys.decision(incidentId, 'c'), outcome: 'deny' });
  await put({ ...itemKeys.denials(incidentId), denials: [] });
  const verdictOn = { changeId: 'chg-1', reason: 'unknown' };
  for (const approval of [
    pending(),
    pending({ approvalId: 'apr-2' }),
    pending({ approvalId: 'apr-3', verdictOn }),
    pending({ approvalId: 'apr-4', incidentId: 'inc-other' }),
  ]) {
    await store.create(approval, Buffer.from('sealed'));
  }
  const incidents = new DossierStore(store.database, store.ledger, table);
  const statuses = async () =>
    Promise.all(['apr-1', 'apr-2', 'apr-3', 'apr-4'].map(async (id) => (await store.get(id))?.status));
  return {
    store,
    statuses,
    cancel: () => cancelMoot({ incidents, approvals: store }, incidentId, 'incident-watch'),
  };
}

describe('what nobody needs to decide any more', () => {
  it.each([
    ['open', open, undefined],
    ['open and recovered', recovered, 'incident-recovered'],
    ['closed', closed, 'incident-closed'],
    ['closed after it recovered', { ...closed, recoveredAtEpochMs: now }, 'incident-closed'],
    ['not to be read', undefined, undefined],
  ])('an incident that is %s: %s', (_case, record, because) => {
    expect(cancelReasonOf(record)).toBe(because);
  });

  it.each([
    [recovered, 'incident-recovered'],
    [closed, 'incident-closed'],
  ] as const)('is cancelled, all of that incident and nothing else, once', async (record, because) => {
    const { store, statuses, cancel } = await waiting(record);
    expect(await cancel()).toBe(because);
    expect(await cancel()).toBe(because);
    expect(await statuses()).toStrictEqual(['cancelled', 'cancelled', 'pending', 'pending']);
    const entries = (await store.entries(incidentId)).filter(({ type }) => type === 'approval.cancelled');
    expect(entries).toMatchObject([
      { actor: { kind: 'system', id: 'incident-watch' }, detail: { approvalId: 'apr-1', because, votes: 0 } },
      { detail: { approvalId: 'apr-2', because } },
    ]);
    expect((await store.notices('apr-2')).map(({ kind }) => kind)).toStrictEqual(['outcome', 'requested']);
  });

  it.each([
    ['that goes on', open],
    ['that cannot be read', undefined],
  ])('leaves an incident %s alone', async (_case, record) => {
    const { statuses, cancel } = await waiting(record);
    expect(await cancel()).toBe('still-needed');
    expect(await statuses()).toStrictEqual(['pending', 'pending', 'pending', 'pending']);
  });

  it('goes on asking where the problem comes back between the look and the cancellation', async () => {
    const { store, statuses } = await waiting(recovered);
    const dossiers = new DossierStore(store.database, store.ledger, store.operationsTable);
    const incidents = {
      incidentRecord: (id: string) => dossiers.incidentRecord(id),
      approvalsOf: async (id: string) => {
        await setRecovered(store.database, store.operationsTable, id, false);
        return dossiers.approvalsOf(id);
      },
    };
    await cancelMoot({ incidents, approvals: store }, incidentId, 'incident-watch');
    expect(await statuses()).toStrictEqual(['pending', 'pending', 'pending', 'pending']);
    expect((await store.entries(incidentId)).map(({ type }) => type)).not.toContain('approval.cancelled');
  });

  it('keeps what was decided first', async () => {
    const { store, statuses, cancel } = await waiting(recovered);
    const vote = { identityId: 'ana', displayName: 'Ana', verdict: 'approve', via: 'page' } as const;
    await store.vote('apr-1', pending().planDigest, vote, { may: 'decide' }, 900);
    await cancel();
    expect(await statuses()).toStrictEqual(['approved', 'cancelled', 'pending', 'pending']);
  });
});
