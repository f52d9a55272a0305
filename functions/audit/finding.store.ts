import type { Database } from '../platform/dynamodb.ts';
import { controlChain } from '../platform/item-keys.ts';
import { type Finding, openFinding } from './finding.ts';
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
  async open(finding: Finding): Promise<'opened' | 'already-open'> {
    const result = await this.#ledger.commit(
      controlChain('findings', finding.openedAtEpochMs),
      [
        {
          type: 'finding.opened',
          atEpochMs: finding.openedAtEpochMs,
          actor: { kind: 'system', id: 'ledger-watch' },
          detail: { findingId: finding.findingId, kind: finding.kind, summary: finding.summary },
        },
      ],
      [openFinding(this.#table, finding)],
    );
    return result.outcome === 'committed' ? 'opened' : 'already-open';
  }

  /** Open findings, newest first, for people. */
  async listOpen(): Promise<Finding[]> {
    return (await this.#database.byStatus(this.#table, 'FINDING#open')) as unknown as Finding[];
  }
}
