import * as z from 'zod/mini';
import { taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { approvalTables, openApprovals } from './approval-tables.store.ts';
import { settleApproval } from './settle-approval.ts';

const { approvals } = openApprovals(readSettings(approvalTables));

const input = z.strictObject({ approvalId: z.string().check(z.minLength(1), z.maxLength(256)) });

/** The wait is over: what people decided stands, and silence is a rejection. */
export const handler = taskHandler(input, ({ approvalId }) => settleApproval(approvals, approvalId));
