import type { EpochMs } from '../../platform/clock.ts';
import type { Database } from '../../platform/dynamodb.ts';
import { itemKeys } from '../../platform/item-keys.ts';
import { outboxStatusKeys } from '../../platform/outbox.ts';
import type { Channel, ChannelDelivery, Outgoing, OutgoingKey } from '../notice.ts';

/**
 * The outbox: what people are to be told, and what became of it. Whoever makes something true puts there what is to
 * be said of it, in the same transaction.
 */
export class NoticeStore {
  readonly #database: Database;
  readonly #table: string;

  constructor(database: Database, table: string) {
    this.#database = database;
    this.#table = table;
  }

  /** What is due by then, longest due first; eventually consistent, so a claim decides. */
  async due(now: EpochMs, limit: number): Promise<Outgoing[]> {
    const options = { oldestFirst: true };
    const items = await this.#database.byStatus(this.#table, outboxStatusKeys.due, limit, options);
    return items
      .map((item) => item as unknown as Outgoing)
      .filter(({ nextAttemptAtEpochMs }) => nextAttemptAtEpochMs <= now);
  }

  /**
   * Takes a due notice: nobody else gets it before `untilEpochMs`, unless it is settled first.
   *
   *     stream ── claim until 10:01:30 ✓ ── sends ── marks ── settles
   *     sweep ─────── claim ✗ (not due before 10:01:30)
   */
  async claim(key: OutgoingKey, now: EpochMs, untilEpochMs: EpochMs): Promise<Outgoing | undefined> {
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
          ':due': outboxStatusKeys.due,
          ':now': now,
        },
      },
    ]);
    if (claimed.outcome === 'refused') return undefined;
    return (await this.#database.get(this.#table, keyOf(key))) as unknown as Outgoing | undefined;
  }

  /** Notes what became of a notice on one channel; what was delivered stays so, whoever comes later. */
  async mark(key: OutgoingKey, channel: Channel, delivery: ChannelDelivery): Promise<void> {
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
  async settle(claimed: Outgoing, now: EpochMs, next: 'done' | EpochMs): Promise<void> {
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
          ':statusKey': isDone ? outboxStatusKeys.done : outboxStatusKeys.due,
          ':at': iso(isDone ? now : next),
          ':next': isDone ? claimed.nextAttemptAtEpochMs : next,
          ':due': outboxStatusKeys.due,
          ':claimed': claimed.nextAttemptAtEpochMs,
        },
      },
    ]);
  }
}

function keyOf(key: OutgoingKey) {
  return 'announcementId' in key
    ? itemKeys.announcement(key.announcementId)
    : itemKeys.notice(key.approvalId, key.kind, key.approvalVersion);
}

function iso(epochMs: EpochMs): string {
  return new Date(epochMs).toISOString();
}
