import type { DynamoDBStreamEvent, EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { systemClock } from '../platform/clock.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { approvalTables, openApprovals } from './approval-tables.store.ts';
import { ApprovalTokenClient } from './approval-token.client.ts';
import { deliverBatch, repairMissed } from './callback-batch.ts';
import { type CancelledBy, cancelMoot } from './cancel-moot.ts';
import { deliverDecision } from './deliver-decision.ts';
import { failureFields } from './failure-fields.ts';
import { TaskCallbackClient } from './task-callback.client.ts';

const settings = readSettings({ ...approvalTables, APPROVAL_KEY_ARN: z.string() });
const { approvals, dossiers } = openApprovals(settings);
const tokens = new ApprovalTokenClient(settings.APPROVAL_KEY_ARN);
const executions = new TaskCallbackClient();

async function deliver(approvalId: string): Promise<void> {
  const outcome = await deliverDecision({ approvals, tokens, executions }, approvalId);
  logger.info('callback', { approvalId, outcome });
}

async function cancel(incidentId: string, by: CancelledBy): Promise<void> {
  const outcome = await cancelMoot({ incidents: dossiers, approvals }, incidentId, by);
  if (outcome !== 'still-needed') logger.info('nobody needs to decide', { incidentId, outcome });
}

function report(id: string, error: unknown): void {
  logger.error('callback failed', { id, ...failureFields(error) });
}

type CallbackEvent = DynamoDBStreamEvent | EventBridgeEvent<string, unknown>;

/**
 * Tells executions what people decided, and ends the wait where the incident needs nobody any more: from the stream
 * at once, from the schedule whatever was missed. The schedule also asks people again who have not decided yet.
 */
export const handler = pipeline(async (event: CallbackEvent): Promise<void> => {
  if ('Records' in event) {
    const act = { approval: deliver, incident: (id: string) => cancel(id, 'incident-watch') };
    await deliverBatch(event.Records, act, report);
    return;
  }
  const repairs = { deliver, cancelMoot: (id: string) => cancel(id, 'approval-sweep') };
  await repairMissed(approvals, systemClock(), repairs, report);
});
