import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { ApprovalStore } from './approval.store.ts';
import { DossierStore } from './dossier.store.ts';
import { RefusedVoteStore } from './refused-vote.store.ts';

/** The settings that every function of this capability has. */
export const approvalTables = {
  ARTEFACT_VERSION: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
};

/** The stores over the tables that the settings name, by the system's clock. */
export function openApprovals(settings: {
  readonly ARTEFACT_VERSION: string;
  readonly LEDGER_TABLE: string;
  readonly OPERATIONS_TABLE: string;
}) {
  const database = new Database();
  const ledger = new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION);
  return {
    database,
    ledger,
    approvals: new ApprovalStore(database, ledger, settings.OPERATIONS_TABLE, systemClock),
    dossiers: new DossierStore(database, ledger, settings.OPERATIONS_TABLE),
    refusals: new RefusedVoteStore(database, ledger, settings.OPERATIONS_TABLE, systemClock),
  };
}
