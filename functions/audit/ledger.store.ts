import { ExponentialBackoff, handleWhenResult, retry } from 'cockatiel';
import type { Database, Item, Refusal, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import {
  type ChainHead,
  emptyChain,
  type LedgerEntry,
  type LedgerEvent,
  sealEntries,
} from './ledger-entry.ts';

/** `refusals` lines up with the `writes` given: a hole means that write was fine. */
export type CommitResult =
  | { readonly outcome: 'committed'; readonly entries: readonly LedgerEntry[] }
  | { readonly outcome: 'refused'; readonly refusals: readonly (Refusal | undefined)[] };

/** How often a commit looks for the chain's new end before it gives up: each miss means that somebody else got in. */
const appendAttempts = 20;

/** Somebody else took the place at the end of the chain: nothing was written. */
type Attempt = CommitResult | { readonly outcome: 'chain-moved' };

/**
 * Without a pause, writers that start together stay together and one of them gets in per round: the last of 40
 * would need 40 rounds. Apart from each other most find the end free, and 20 attempts are plenty.
 */
const appendRetry = retry(
  handleWhenResult((result) => (result as Attempt).outcome === 'chain-moved'),
  {
    maxAttempts: appendAttempts - 1,
    backoff: new ExponentialBackoff({ initialDelay: 10, maxDelay: 1_000 }),
  },
);

/** The only way state changes: the writes and the ledger entries that record them are one transaction. */
export class LedgerStore {
  readonly #database: Database;
  readonly #table: string;
  readonly #artefactVersion: string;

  constructor(database: Database, table: string, artefactVersion: string) {
    this.#database = database;
    this.#table = table;
    this.#artefactVersion = artefactVersion;
  }

  /**
   * Writes state and evidence together, or nothing. Two writers on one chain both succeed, one after the
   * other:
   *
   *     A reads head 7 ───── A puts 8 ✓
   *     B reads head 7 ─────────────── B puts 8 ✗ (exists) ── reads head 8 ── puts 9 ✓
   *
   * @param options.newChain The caller's own writes guarantee that the chain has no entry yet: saves the read.
   * @throws DependencyUnavailableError `ledger.contention` when the chain's end kept moving.
   */
  async commit(
    chainId: string,
    events: readonly LedgerEvent[],
    writes: readonly Write[],
    options: { newChain?: boolean } = {},
  ): Promise<CommitResult> {
    const result = await appendRetry.execute(async ({ attempt }): Promise<Attempt> => {
      const head = options.newChain === true && attempt === 0 ? emptyChain : await this.#head(chainId);
      return this.#append(sealEntries(chainId, head, this.#artefactVersion, events), writes);
    });
    if (result.outcome !== 'chain-moved') return result;
    throw new DependencyUnavailableError(
      'ledger.contention',
      `chain ${chainId} moved on ${appendAttempts} times while appending; retry`,
    );
  }

  async #append(entries: readonly LedgerEntry[], writes: readonly Write[]): Promise<Attempt> {
    const result = await this.#database.transact([...writes, ...entries.map((entry) => this.#put(entry))]);
    if (result.outcome === 'committed') return { outcome: 'committed', entries };
    const refusals = result.refusals.slice(0, writes.length);
    return refusals.some((refusal) => refusal !== undefined)
      ? { outcome: 'refused', refusals }
      : { outcome: 'chain-moved' };
  }

  /** All entries of a chain in sequence order. */
  async read(chainId: string): Promise<LedgerEntry[]> {
    return (await this.#database.query(this.#table, chainId)).map(toEntry);
  }

  async #head(chainId: string): Promise<ChainHead> {
    const [last] = await this.#database.query(this.#table, chainId, { limit: 1, newestFirst: true });
    return last === undefined ? emptyChain : toEntry(last);
  }

  /** IAM cannot forbid overwriting by `PutItem`; this condition does, and the stream watcher catches a breach. */
  #put(entry: LedgerEntry): Write {
    return {
      kind: 'put',
      table: this.#table,
      item: { pk: entry.chainId, sk: String(entry.sequence).padStart(10, '0'), ...entry },
      condition: 'attribute_not_exists(pk)',
    };
  }
}

/** A stored item without its table key. */
export function toEntry(item: Item): LedgerEntry {
  const { pk: _pk, sk: _sk, ...entry } = item;
  return entry as unknown as LedgerEntry;
}
