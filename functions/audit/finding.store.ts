import type { Database } from '../platform/dynamodb.ts';
import { controlChain, itemKeys } from '../platform/item-keys.ts';
import { type Finding, openFinding, type StoredFinding } from './finding.ts';
import {
  type Closure,
  type ClosureRefusal,
  closedEntry,
  closeFinding,
  closureRefusal,
  openedEntry,
} from './finding-closure.ts';
import type { LedgerStore } from './ledger.store.ts';

export class FindingStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #table: string;

  constructor(database: Database, ledger: LedgerStore, table: string) {
    this.#database = database;
    this.#ledger = ledger;
    this.#table = table;
  }

  /** Opens a finding with its ledger entry; the same failure reported again is one finding. */
  async open(finding: Finding, by = 'ledger-watch'): Promise<'opened' | 'already-open'> {
    const result = await this.#ledger.commit(
      controlChain('findings', finding.openedAtEpochMs),
      [openedEntry(finding, by)],
      [openFinding(this.#table, finding)],
    );
    return result.outcome === 'committed' ? 'opened' : 'already-open';
  }

  /** Closes a finding with its ledger entry; the first to close it wins. */
  async close(findingId: string, closure: Closure): Promise<'closed' | 'unknown' | ClosureRefusal> {
    const finding = await this.find(findingId);
    if (finding === undefined) return 'unknown';
    const refusal = closureRefusal(finding, closure);
    if (refusal !== undefined) return refusal;
    const result = await this.#ledger.commit(
      controlChain('findings', closure.atEpochMs),
      [closedEntry(finding, closure)],
      [closeFinding(this.#table, findingId, closure)],
    );
    return result.outcome === 'committed' ? 'closed' : 'already-closed';
  }

  /** Strongly consistent. */
  async find(findingId: string): Promise<StoredFinding | undefined> {
    return (await this.#database.get(this.#table, itemKeys.finding(findingId))) as StoredFinding | undefined;
  }

  /** Open findings, newest first, for people. */
  async listOpen(): Promise<StoredFinding[]> {
    return (await this.#database.byStatus(this.#table, 'FINDING#open')) as unknown as StoredFinding[];
  }

  /** The last findings that were closed, for people. */
  async listClosed(limit: number): Promise<StoredFinding[]> {
    return (await this.#database.byStatus(
      this.#table,
      'FINDING#closed',
      limit,
    )) as unknown as StoredFinding[];
  }
}
