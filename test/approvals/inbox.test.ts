import { describe, expect, it } from 'vitest';
import { parseApproverPolicy } from '../../functions/approvals/authority.ts';
import type { Dossier, DossierList } from '../../functions/approvals/dossier.ts';
import { inboxFor } from '../../functions/approvals/inbox.ts';
import { dossierOf, now, pending, planOf, vote, wholeList } from './fixtures.ts';

const policy = parseApproverPolicy({
  version: 1,
  grants: [
    { group: 'approvers', actionClasses: ['*'], environments: ['local'] },
    { group: 'leads', actionClasses: ['*'], environments: ['local'], joins: 'escalation' },
  ],
  agentOwners: [{ agentRole: 'responder', identityIds: ['olga'] }],
});
const ana = { id: 'ana', displayName: 'Ana', groups: ['approvers'] };

const request = (id: string, over: Parameters<typeof pending>[0] = {}): Dossier =>
  dossierOf(pending({ approvalId: id, ...over }));
const requests = (count: number, name = 'apr', over: Parameters<typeof pending>[0] = {}): Dossier[] =>
  Array.from({ length: count }, (_, index) => request(`${name}-${index + 1}`, over));
const elsewhere = (made: Dossier): Dossier => ({ ...made, plan: { ...planOf(), environment: 'prod' } });
const ids = (shown: readonly Dossier[]) => shown.map(({ approval }) => approval.approvalId);

/** A list that counts how far somebody went through it. */
function counted(dossiers: readonly Dossier[], isWhole = true) {
  const read = { count: 0 };
  async function* walk() {
    for (const dossier of dossiers) {
      read.count += 1;
      yield dossier;
    }
  }
  return { read, list: { dossiers: walk(), isWhole } satisfies DossierList };
}

const inbox = (pendingList: DossierList, recent = wholeList([]), identity = ana) =>
  inboxFor(policy, identity, { pending: pendingList, recent }, now + 1_000);

describe('what waits', () => {
  it.each([
    [24, { shown: 24, found: 24, isWhole: true }],
    [25, { shown: 25, found: 25, isWhole: true }],
    [26, { shown: 25, found: 26, isWhole: false }],
  ])('of %i for one person is shown as %o, the first ones first', async (count, expected) => {
    const all = requests(count);
    const { mine } = await inbox(wholeList(all));
    expect({ ...mine, shown: mine.shown.length }).toStrictEqual(expected);
    expect(ids(mine.shown)).toStrictEqual(ids(all.slice(0, 25)));
  });

  it('is looked for behind everything that is not for them: of others, voted on, only to be read', async () => {
    const others = requests(200, 'other').map(elsewhere);
    const voted = requests(40, 'voted', { quorum: 2, votes: [vote('ana', 'approve', now)] });
    const { mine, all } = await inbox(wholeList([...others, ...voted, request('last')]));
    expect(ids(mine.shown)).toStrictEqual(['last']);
    expect(mine).toMatchObject({ found: 1, isWhole: true });
    expect(all).toMatchObject({ found: 41, isWhole: true });
    expect(ids(all.shown)).toStrictEqual(ids(voted.slice(0, 25)));
    const olga = await inbox(wholeList(requests(30)), undefined, { ...ana, id: 'olga' });
    expect(olga.mine).toStrictEqual({ shown: [], found: 0, isWhole: true });
    expect(olga.all).toMatchObject({ found: 30, isWhole: true });
  });

  it('is read no further than needed to know that there is more', async () => {
    const { list, read } = counted(requests(100));
    await inbox(list);
    expect(read.count).toBe(26);
  });

  it('is never called everything where the list was not', async () => {
    const { mine, all } = await inbox(counted([request('one')], false).list);
    for (const view of [mine, all]) expect(view).toMatchObject({ found: 1, isWhole: false });
  });

  it('waits no more when it was decided just now, or is past its time', async () => {
    const { mine, all, decided } = await inbox(
      wholeList([
        request('over', { expiresAtEpochMs: now + 1_000 }),
        request('taken', { status: 'approved', decidedAtEpochMs: now }),
        request('open', { expiresAtEpochMs: now + 1_001 }),
      ]),
      wholeList([request('taken', { status: 'approved', decidedAtEpochMs: now })]),
    );
    expect([mine, all].map(({ shown }) => ids(shown))).toStrictEqual([['open'], ['open']]);
    expect(ids(decided.shown)).toStrictEqual(['over', 'taken']);
  });
});

describe('what was decided', () => {
  const done = { status: 'approved', decidedAtEpochMs: now } as const;

  it.each([
    [10, { shown: 10, found: 10, isWhole: true }],
    [11, { shown: 10, found: 11, isWhole: false }],
  ])('of %i is shown as %o, the newest', async (count, expected) => {
    const all = requests(count, 'done', done);
    const { decided } = await inbox(wholeList([]), wholeList(all));
    expect({ ...decided, shown: decided.shown.length }).toStrictEqual(expected);
    expect(ids(decided.shown)).toStrictEqual(ids(all.slice(0, 10)));
  });

  it('is looked for behind what others decided, and read no further than needed', async () => {
    const others = requests(50, 'other', done).map(elsewhere);
    const { list, read } = counted([...others, ...requests(30, 'done', done)]);
    const { decided } = await inbox(wholeList([]), list);
    expect(ids(decided.shown)).toStrictEqual(ids(requests(10, 'done', done)));
    expect(read.count).toBeLessThanOrEqual(62);
    const cut = await inbox(wholeList([]), counted(others, false).list);
    expect(cut.decided).toStrictEqual({ shown: [], found: 0, isWhole: false });
  });
});
