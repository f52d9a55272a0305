import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import type { Notice } from '../../functions/approvals/notice.ts';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { MemoryDatabase } from './memory-database.ts';

const tables = { ledger: 'Ledger', operations: 'Operations' } as const;

/** The approval store as it is, over tables in memory, with a look at what it leaves beside the approvals. */
export class MemoryApprovals extends ApprovalStore {
  readonly database: MemoryDatabase;
  readonly ledger: LedgerStore;
  readonly operationsTable = tables.operations;

  constructor(clock: () => number, database = new MemoryDatabase()) {
    const ledger = new LedgerStore(database, tables.ledger, 'test-artefact');
    super(database, ledger, tables.operations, clock);
    this.database = database;
    this.ledger = ledger;
  }

  /** What people are told about one approval, by kind and version. */
  async notices(approvalId: string): Promise<Notice[]> {
    const { pk } = itemKeys.notice(approvalId, '', 0);
    return (await this.database.query(tables.operations, pk)) as unknown as Notice[];
  }

  entries(incidentId: string): Promise<LedgerEntry[]> {
    return this.ledger.read(incidentChain(incidentId));
  }
}
