import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { ApprovalStore } from './approval.store.ts';
import { settleApproval } from './settle-approval.ts';

const settings = readSettings({
  ARTEFACT_VERSION: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
});
const database = new Database();
const ledger = new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION);
const approvals = new ApprovalStore(database, ledger, settings.OPERATIONS_TABLE, systemClock);

const input = z.strictObject({ approvalId: z.string().check(z.minLength(1), z.maxLength(256)) });

/** The wait is over: what people decided stands, and silence is a rejection. */
export const handler = taskHandler(input, ({ approvalId }) => settleApproval(approvals, approvalId));
