import * as z from 'zod/mini';
import { systemClock } from '../platform/clock.ts';
import { taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { approvalTables, openApprovals } from './approval-tables.store.ts';
import { ApprovalTokenClient } from './approval-token.client.ts';
import { approvalRequest, requestApproval } from './request-approval.ts';

const settings = readSettings({
  ...approvalTables,
  APPROVAL_KEY_ARN: z.string(),
  APPROVAL_SECONDS: z.coerce.number().check(z.positive()),
  VERDICT_SECONDS: z.coerce.number().check(z.positive()),
});
const { approvals, dossiers } = openApprovals(settings);
const tokens = new ApprovalTokenClient(settings.APPROVAL_KEY_ARN);
const ports = {
  approvals,
  clock: systemClock,
  dossiers,
  lifeSeconds: settings.APPROVAL_SECONDS,
  tokens,
  verdictSeconds: settings.VERDICT_SECONDS,
};

/** Asks people; the execution waits for its task token meanwhile. */
export const handler = taskHandler(approvalRequest, (request) => requestApproval(ports, request));
