import type { EpochMs } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { type EventRecord, eventItem } from './intake-items.ts';

/** What became of every event, under a key of its own: that an event was dealt with is known by its item alone. */
export class EventStore {
  readonly #database: Database;
  readonly #table: string;

  constructor(database: Database, operationsTable: string) {
    this.#database = database;
    this.#table = operationsTable;
  }

  /** The one write of a duplicate: a thousand duplicates never meet on one item. */
  async note<Done>(
    record: EventRecord,
    done: Done,
    now: EpochMs,
  ): Promise<Done | { readonly outcome: 'repeated' }> {
    const stored = await this.#database.putOnce(this.#table, eventItem(record, now));
    return stored === 'stored' ? done : { outcome: 'repeated' };
  }

  /** The same with one write to the window: both or neither, so that a repeated delivery does neither again. */
  async noteWith<Done>(
    record: EventRecord,
    write: Write,
    done: Done,
    now: EpochMs,
  ): Promise<Done | { readonly outcome: 'repeated' } | 'overtaken'> {
    const result = await this.#database.transact([this.put(record, now), write]);
    if (result.outcome === 'committed') return done;
    return result.refusals[0] === undefined ? 'overtaken' : { outcome: 'repeated' };
  }

  /** For a transaction that does more; refused where the event was dealt with before. */
  put(record: EventRecord, now: EpochMs): Write {
    return {
      kind: 'put',
      table: this.#table,
      item: eventItem(record, now),
      condition: 'attribute_not_exists(pk)',
    };
  }
}
