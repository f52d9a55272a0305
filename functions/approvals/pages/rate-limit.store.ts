import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../../platform/errors.ts';
import { itemKeys } from '../../platform/item-keys.ts';
import type { RateLimit } from './pages-ports.ts';
import { requestsPerWindow, windowMs, windowStart } from './rate-limit.ts';

/** Counts requests in `Controls`, one item for each caller and window. */
export class RateLimitStore implements RateLimit {
  readonly #database: Database;
  readonly #table: string;
  readonly #clock: Clock;

  constructor(database: Database, controlsTable: string, clock: Clock) {
    this.#database = database;
    this.#table = controlsTable;
    this.#clock = clock;
  }

  /** Counts a request unless the limit is reached: a limited one uses nothing up. */
  async take(kind: 'address' | 'identity', caller: string): Promise<'allowed' | 'limited'> {
    const start = windowStart(this.#clock());
    try {
      const result = await this.#database.transact([
        {
          kind: 'update',
          table: this.#table,
          key: itemKeys.rate(`${kind}#${caller}`, start),
          update: 'SET ttlEpochSeconds = :ttl ADD requests :one',
          condition: 'attribute_not_exists(requests) OR requests < :limit',
          values: {
            ':ttl': Math.ceil((start + 2 * windowMs) / 1_000),
            ':one': 1,
            ':limit': requestsPerWindow[kind],
          },
        },
      ]);
      return result.outcome === 'committed' ? 'allowed' : 'limited';
    } catch (error) {
      // More requests of one caller at once than one counter can take: that is the flood it is here for.
      if (error instanceof DependencyUnavailableError) return 'limited';
      throw error;
    }
  }
}
