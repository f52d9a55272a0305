import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type Notice,
  noticeWrite,
  type Outgoing,
  type OutgoingKey,
} from '../../functions/approvals/notice.ts';
import { NoticeStore } from '../../functions/approvals/notices/notice.store.ts';
import type { Database } from '../../functions/platform/dynamodb.ts';
import { now, pending } from './fixtures.ts';

/** What callers may rely on, whatever tables are below. */
export function noticesContract(
  name: string,
  tables: () => Promise<{ readonly database: Database; readonly operations: string }>,
): void {
  async function open() {
    const { database, operations } = await tables();
    const put = async ({ approvalId, kind, approvalVersion, createdAtEpochMs }: Notice) => {
      const approval = pending({ approvalId, version: approvalVersion });
      await database.transact([noticeWrite(operations, approval, kind, createdAtEpochMs)]);
    };
    return { store: new NoticeStore(database, operations), put };
  }

  describe(`${name}: the outbox`, () => {
    async function one(overrides: Partial<Notice> = {}) {
      const { store, put } = await open();
      const notice: Notice = {
        approvalId: randomUUID(),
        kind: 'requested',
        approvalVersion: 1,
        createdAtEpochMs: now,
        status: 'due',
        deliveries: {},
        nextAttemptAtEpochMs: now,
        ...overrides,
      };
      await put(notice);
      return { store, notice };
    }

    async function claimed(store: NoticeStore, key: OutgoingKey, at: number, until: number): Promise<Notice> {
      const notice = await store.claim(key, at, until);
      expect(notice).toBeDefined();
      return notice as Notice;
    }

    it('gives a notice to one of many who ask at once', async () => {
      const { store, notice } = await one();
      const taken = await Promise.all(
        Array.from({ length: 10 }, () => store.claim(notice, now, now + 1_000)),
      );
      expect(taken.filter((each) => each !== undefined)).toHaveLength(1);
      expect(taken.find((each) => each !== undefined)).toMatchObject({
        approvalId: notice.approvalId,
        kind: 'requested',
        approvalVersion: 1,
        deliveries: {},
        nextAttemptAtEpochMs: now + 1_000,
      });
    });

    it.each([
      [now - 1, undefined],
      [now, 'claimed'],
      [now + 1, 'claimed'],
    ])('gives it at %i where it is due', async (at, outcome) => {
      const { store, notice } = await one();
      const taken = await store.claim(notice, at, at + 1_000);
      expect(taken === undefined ? undefined : 'claimed').toBe(outcome);
    });

    it('gives it again once the claim has run out, and not before', async () => {
      const { store, notice } = await one();
      await claimed(store, notice, now, now + 1_000);
      expect(await store.claim(notice, now + 999, now + 5_000)).toBeUndefined();
      await claimed(store, notice, now + 1_000, now + 5_000);
    });

    it('gives nothing that is not there, or is done', async () => {
      const { store, notice } = await one();
      expect(await store.claim({ ...notice, approvalVersion: 2 }, now, now + 1)).toBeUndefined();
      expect(await store.claim({ ...notice, kind: 'outcome' }, now, now + 1)).toBeUndefined();
      await store.settle(await claimed(store, notice, now, now + 1_000), now, 'done');
      expect(await store.claim(notice, now + 10_000, now + 20_000)).toBeUndefined();
    });

    it('keeps what became of it on each channel, beside one another', async () => {
      const { store, notice } = await one();
      await claimed(store, notice, now, now + 1_000);
      await Promise.all([
        store.mark(notice, 'email', { status: 'delivered', attempts: 1 }),
        store.mark(notice, 'slack', { status: 'failed', attempts: 1 }),
        store.mark(notice, 'webhook', { status: 'failed', attempts: 1 }),
      ]);
      await store.mark(notice, 'slack', { status: 'delivered', attempts: 2, messageId: 'C1/1.2' });
      await store.mark(notice, 'email', { status: 'failed', attempts: 2 });
      expect((await claimed(store, notice, now + 1_000, now + 2_000)).deliveries).toStrictEqual({
        email: { status: 'delivered', attempts: 1 },
        slack: { status: 'delivered', attempts: 2, messageId: 'C1/1.2' },
        webhook: { status: 'failed', attempts: 1 },
      });
    });

    it('marks nothing that is not there', async () => {
      const { store, notice } = await one();
      const other = { ...notice, approvalVersion: 9 };
      await store.mark(other, 'email', { status: 'delivered', attempts: 1 });
      expect(await store.claim(other, now, now + 1)).toBeUndefined();
    });

    it('is due again when its next try is, in that order', async () => {
      const { store, notice } = await one();
      const taken = await claimed(store, notice, now, now + 90_000);
      await store.settle(taken, now + 10, now + 60_010);
      const isDue = async (at: number) =>
        (await store.due(at, 1_000)).some((each) => approvalOf(each) === notice.approvalId);
      expect([await isDue(now + 60_009), await isDue(now + 60_010)]).toStrictEqual([false, true]);
    });

    it.each([['done' as const], [now + 1_501]])('ends no claim of somebody else (%s)', async (next) => {
      const { store, notice } = await one();
      const late = await claimed(store, notice, now, now + 1_000);
      const current = await claimed(store, notice, now + 1_000, now + 2_000);
      await store.settle(late, now + 1_500, next);
      expect(await store.claim(notice, now + 1_999, now + 9_000)).toBeUndefined();
      await claimed(store, notice, now + 2_000, now + 3_000);
      await store.settle(current, now + 2_500, next);
      await claimed(store, notice, now + 3_000, now + 4_000);
    });

    it('lists what is due, longest due first, and never what waits', async () => {
      const { store, put } = await open();
      const base = { kind: 'outcome', approvalVersion: 3, status: 'due', deliveries: {} } as const;
      // A day that no other test uses: the list is over all approvals.
      const day = now - 86_400_000;
      const ids = [randomUUID(), randomUUID(), randomUUID()];
      for (const [index, approvalId] of ids.entries()) {
        const due = day + ([200, 100, 301][index] ?? 0);
        await put({ ...base, approvalId, createdAtEpochMs: due, nextAttemptAtEpochMs: due });
      }
      const listed = (await store.due(day + 300, 1_000)).map(approvalOf);
      expect(listed).toStrictEqual([ids[1], ids[0]]);
      // What somebody is at work on, or waits for its next try, hides nothing that is due.
      const [first] = await store.due(day + 300, 1);
      expect(first).toMatchObject({ approvalId: ids[1] });
      await claimed(store, { ...base, approvalId: ids[1] ?? '' }, day + 300, day + 100_000);
      expect(await store.due(day + 300, 1)).toMatchObject([{ approvalId: ids[0] }]);
    });
  });
}

function approvalOf(outgoing: Outgoing): string | undefined {
  return 'approvalId' in outgoing ? outgoing.approvalId : undefined;
}
