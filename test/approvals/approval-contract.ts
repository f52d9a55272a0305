import { describe, expect, it } from 'vitest';
import type { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import type { Authority } from '../../functions/approvals/authority.ts';
import type { Database } from '../../functions/platform/dynamodb.ts';
import { now, pending } from './fixtures.ts';
import { setRecovered } from './moot-incident.ts';

/** What callers may rely on, in memory and in DynamoDB. */
export type Approvals = Pick<
  ApprovalStore,
  | 'get'
  | 'tokenOf'
  | 'list'
  | 'create'
  | 'vote'
  | 'expire'
  | 'cancel'
  | 'remind'
  | 'escalate'
  | 'beginCallback'
  | 'markDelivered'
>;

const may: Authority = { may: 'decide' };
const token = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
let counter = 0;

/** @param make A store whose clock reads what `clock.now` holds, over tables that tests may write to. */
export function approvalContract(
  name: string,
  make: (clock: { now: number }) => Promise<{
    readonly store: Approvals;
    readonly database: Database;
    readonly operations: string;
  }>,
): void {
  describe(`${name}: contract`, () => {
    const fresh = async (quorum = 1) => {
      const clock = { now };
      const { store, database, operations } = await make(clock);
      counter += 1;
      const id = `contract-${process.pid}-${counter}`;
      const approval = pending({ approvalId: id, incidentId: `inc-${id}`, quorum });
      const recover = (isRecovered = true) =>
        setRecovered(database, operations, approval.incidentId, isRecovered);
      const vote = (identityId: string, verdict: 'approve' | 'reject', authority = may) =>
        store.vote(
          id,
          approval.planDigest,
          { identityId, displayName: identityId, verdict, via: 'page' },
          authority,
          900,
        );
      return { clock, store, id, approval, vote, recover };
    };

    it('stores a request once; asking again replaces the token and keeps the expiry', async () => {
      const { clock, store, id, approval } = await fresh();
      expect(await store.create(approval, token('first'))).toBe('requested');
      clock.now = now + 5_000;
      const later = { ...approval, requestedAtEpochMs: now + 5_000, expiresAtEpochMs: now + 900_000 };
      expect(await store.create(later, token('second'))).toBe('token-replaced');
      expect(textOf(await store.tokenOf(id))).toBe('second');
      expect(await store.get(id)).toMatchObject({
        status: 'pending',
        requestedAtEpochMs: now,
        expiresAtEpochMs: approval.expiresAtEpochMs,
      });
    });

    it('refuses an id that stands for another plan', async () => {
      const { store, approval } = await fresh();
      await store.create(approval, token('t'));
      const other = { ...approval, planDigest: 'f'.repeat(64) };
      await expect(store.create(other, token('u'))).rejects.toMatchObject({
        code: 'approval.bound-elsewhere',
      });
      const elsewhere = { ...approval, incidentId: `${approval.incidentId}-2` };
      await expect(store.create(elsewhere, token('u'))).rejects.toMatchObject({
        code: 'approval.bound-elsewhere',
      });
      expect(textOf(await store.tokenOf(approval.approvalId))).toBe('t');
    });

    it('puts a decision up again for an execution that waits with a new token, and keeps it', async () => {
      const { store, id, approval, vote } = await fresh();
      await store.create(approval, token('old'));
      await vote('ana', 'approve');
      const decided = await store.get(id);
      if (decided === undefined) throw new Error('lost');
      expect(await store.markDelivered(decided, 'execution-no-longer-waits')).toBe('marked');
      expect(await store.create(approval, token('new'))).toBe('token-replaced');
      expect(await store.get(id)).toMatchObject({ status: 'approved', callbackDelivered: false });
      expect(textOf(await store.tokenOf(id))).toBe('new');
    });

    it('leaves an expired approval alone', async () => {
      const { store, id, approval } = await fresh();
      await store.create(approval, token('old'));
      await store.expire(id, 'settle-approval');
      expect(await store.create(approval, token('new'))).toBe('already-expired');
      expect(textOf(await store.tokenOf(id))).toBe('old');
    });

    it('knows nothing of an unknown id or another digest', async () => {
      const { store, id, approval, vote } = await fresh();
      expect(await store.get(id)).toBeUndefined();
      expect(await vote('ana', 'approve')).toStrictEqual({ outcome: 'unknown' });
      expect(await store.expire(id, 'settle-approval')).toBeUndefined();
      expect(await store.cancel(id, 'incident-closed', 'approval-sweep')).toBeUndefined();
      expect(await store.remind(id)).toBe('not-due');
      expect(await store.escalate(id)).toBe('not-due');
      await store.create(approval, token('t'));
      const other = await store.vote(
        id,
        'f'.repeat(64),
        { identityId: 'ana', displayName: 'Ana', verdict: 'approve', via: 'api' },
        may,
        900,
      );
      expect(other).toStrictEqual({ outcome: 'unknown' });
    });

    it('counts distinct people and decides once', async () => {
      const { store, id, approval, vote } = await fresh(2);
      await store.create(approval, token('t'));
      expect(await vote('mia', 'approve', { may: 'nothing' })).toMatchObject({ outcome: 'not-allowed' });
      expect(await vote('ana', 'approve')).toMatchObject({ outcome: 'recorded' });
      expect(await vote('ana', 'approve')).toMatchObject({ outcome: 'already-voted' });
      expect(await store.get(id)).toMatchObject({ status: 'pending' });
      expect(await vote('ben', 'approve')).toMatchObject({ outcome: 'recorded' });
      expect(await vote('cleo', 'reject')).toMatchObject({ outcome: 'already-decided' });
      expect(await store.get(id)).toMatchObject({ status: 'approved', usableUntilEpochMs: now + 900_000 });
    });

    it.each([
      [599_999, 'recorded', 'approved'],
      [600_000, 'expired', 'pending'],
      [600_001, 'expired', 'pending'],
    ])('at %s ms of 600,000 a vote is %s', async (later, outcome, status) => {
      const { clock, store, id, approval, vote } = await fresh();
      await store.create(approval, token('t'));
      clock.now = now + later;
      expect(await vote('ana', 'approve')).toMatchObject({ outcome });
      expect(await store.get(id)).toMatchObject({ status });
    });

    it('cancels what is pending, once, and keeps what was decided first', async () => {
      const { store, id, approval, vote, recover } = await fresh();
      await store.create(approval, token('t'));
      await recover();
      const cancelled = await store.cancel(id, 'incident-recovered', 'incident-watch');
      expect(cancelled).toMatchObject({
        status: 'cancelled',
        cancelledBecause: 'incident-recovered',
        version: 2,
      });
      expect(await store.cancel(id, 'incident-closed', 'approval-sweep')).toStrictEqual(cancelled);
      expect(await vote('ana', 'approve')).toMatchObject({ outcome: 'cancelled' });
      expect(await store.expire(id, 'settle-approval')).toStrictEqual(cancelled);
      expect(await store.create(approval, token('new'))).toBe('token-replaced');
      expect(await store.get(id)).toMatchObject({ status: 'cancelled', callbackDelivered: false });
      const decided = await fresh();
      await decided.store.create(decided.approval, token('t'));
      await decided.vote('ana', 'reject');
      await decided.recover();
      expect(await decided.store.cancel(decided.id, 'incident-closed', 'approval-sweep')).toMatchObject({
        status: 'rejected',
      });
    });

    it.each([
      [599_999, 'cancelled'],
      [600_000, 'pending'],
      [600_001, 'pending'],
    ])('cancelling at %s ms of 600,000 leaves it %s', async (later, status) => {
      const { clock, store, id, approval, recover } = await fresh();
      await store.create(approval, token('t'));
      await recover();
      clock.now = now + later;
      expect(await store.cancel(id, 'incident-closed', 'approval-sweep')).toMatchObject({ status });
      expect(await store.get(id)).toMatchObject({ status });
    });

    it.each(['incident-recovered', 'incident-closed'] as const)(
      'goes on asking where the problem is back by the time it is cancelled: %s',
      async (because) => {
        const { store, id, approval, vote, recover } = await fresh();
        await store.create(approval, token('t'));
        expect(await store.cancel(id, because, 'incident-watch')).toStrictEqual(approval);
        await recover();
        await recover(false);
        expect(await store.cancel(id, because, 'approval-sweep')).toStrictEqual(approval);
        expect(await vote('ana', 'approve')).toMatchObject({ outcome: 'recorded' });
      },
    );

    it('reminds once, then escalates once, and the vote that decides still counts', async () => {
      const { clock, store, id, approval, vote } = await fresh();
      await store.create(approval, token('t'));
      const asked: string[] = [];
      for (const later of [199_999, 200_000, 200_001, 399_999, 400_000, 400_001]) {
        clock.now = now + later;
        asked.push(await store.remind(id), await store.escalate(id));
      }
      expect(
        asked.flatMap((outcome, index) => (outcome === 'not-due' ? [] : [`${index} ${outcome}`])),
      ).toStrictEqual(['2 reminded', '9 escalated']);
      expect(await store.get(id)).toMatchObject({
        status: 'pending',
        remindedAtEpochMs: now + 200_000,
        escalatedAtEpochMs: now + 400_000,
      });
      expect(await vote('ana', 'approve')).toMatchObject({ outcome: 'recorded' });
      expect(await store.get(id)).toMatchObject({ status: 'approved', remindedAtEpochMs: now + 200_000 });
    });

    it('lets one writer through where two read the same version', async () => {
      const { store, id, approval, vote } = await fresh();
      await store.create(approval, token('t'));
      await vote('ana', 'reject');
      const read = await store.get(id);
      if (read === undefined) throw new Error('lost');
      const begun = await store.beginCallback(read);
      expect(begun).toMatchObject({ callbackAttempts: 1 });
      expect(await store.beginCallback(read)).toBe('superseded');
      expect(await store.markDelivered(read)).toBe('superseded');
      if (begun === 'superseded') throw new Error('lost');
      expect(await store.markDelivered(begun)).toBe('marked');
      expect(await store.get(id)).toMatchObject({ status: 'rejected', callbackDelivered: true });
    });
  });
}
