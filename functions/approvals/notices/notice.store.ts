import type { EpochMs } from '../../platform/clock.ts';
import type { Database } from '../../platform/dynamodb.ts';
import { itemKeys } from '../../platform/item-keys.ts';
import { type Channel, type ChannelDelivery, type Notice, noticeStatusKeys } from '../notice.ts';
import type { NoticeKey } from './deliver-notices.ts';

/** The outbox: what people are to be told, and what became of it. Notices are put there by whoever changes an approval. */
export class NoticeStore {
  readonly #database: Database;
  readonly #table: string;

  constructor(database: Database, table: string) {
    this.#database = database;
    this.#table = table;
  }

  /** What is due by then, longest due first; eventually consistent, so a claim decides. */
  async due(now: EpochMs, limit: number): Promise<Notice[]> {
    const options = { oldestFirst: true };
    const items = await this.#database.byStatus(this.#table, noticeStatusKeys.due, limit, options);
    return items
      .map((item) => item as unknown as Notice)
      .filter(({ nextAttemptAtEpochMs }) => nextAttemptAtEpochMs <= now);
  }

  /**
   * Takes a due notice: nobody else gets it before `untilEpochMs`, unless it is settled first.
   *
   *     stream ── claim until 10:01:30 ✓ ── sends ── marks ── settles
   *     sweep ─────── claim ✗ (not due before 10:01:30)
   */
  async claim(key: NoticeKey, now: EpochMs, untilEpochMs: EpochMs): Promise<Notice | undefined> {
    const claimed = await this.#database.transact([
      {
        kind: 'update',
        table: this.#table,
        key: keyOf(key),
        // The list is ordered by when something is due, so what waits for its next try never hides what is due now.
        update: 'SET nextAttemptAtEpochMs = :until, statusAt = :at',
        condition: 'statusKey = :due AND nextAttemptAtEpochMs <= :now',
        values: {
          ':until': untilEpochMs,
          ':at': iso(untilEpochMs),
          ':due': noticeStatusKeys.due,
          ':now': now,
        },
      },
    ]);
    if (claimed.outcome === 'refused') return undefined;
    return (await this.#database.get(this.#table, keyOf(key))) as unknown as Notice | undefined;
  }

  /** Notes what became of a notice on one channel; what was delivered stays so, whoever comes later. */
  async mark(key: NoticeKey, channel: Channel, delivery: ChannelDelivery): Promise<void> {
    await this.#database.transact([
      {
        kind: 'update',
        table: this.#table,
        key: keyOf(key),
        update: 'SET deliveries.#channel = :delivery',
        condition:
          'attribute_exists(pk) AND (attribute_not_exists(deliveries.#channel) OR deliveries.#channel.#status <> :delivered)',
        names: { '#channel': channel, '#status': 'status' },
        values: { ':delivery': delivery, ':delivered': 'delivered' },
      },
    ]);
  }

  /** Ends a claim; one that has run out is left to whoever has the notice now. */
  async settle(claimed: Notice, now: EpochMs, next: 'done' | EpochMs): Promise<void> {
    const isDone = next === 'done';
    await this.#database.transact([
      {
        kind: 'update',
        table: this.#table,
        key: keyOf(claimed),
        update: 'SET #status = :status, statusKey = :statusKey, statusAt = :at, nextAttemptAtEpochMs = :next',
        condition: 'statusKey = :due AND nextAttemptAtEpochMs = :claimed',
        names: { '#status': 'status' },
        values: {
          ':status': isDone ? 'done' : 'due',
          ':statusKey': isDone ? noticeStatusKeys.done : noticeStatusKeys.due,
          ':at': iso(isDone ? now : next),
          ':next': isDone ? claimed.nextAttemptAtEpochMs : next,
          ':due': noticeStatusKeys.due,
          ':claimed': claimed.nextAttemptAtEpochMs,
        },
      },
    ]);
  }
}

function keyOf({ approvalId, kind, approvalVersion }: NoticeKey) {
  return itemKeys.notice(approvalId, kind, approvalVersion);
}

function iso(epochMs: EpochMs): string {
  return new Date(epochMs).toISOString();
}
