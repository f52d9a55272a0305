import type { DynamoDBBatchResponse, DynamoDBStreamEvent, EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { systemClock } from '../platform/clock.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { approvalTables, openApprovals } from './approval-tables.store.ts';
import { ApprovalTokenClient } from './approval-token.client.ts';
import { deliverBatch, repairMissed } from './callback-batch.ts';
import { deliverDecision } from './deliver-decision.ts';
import { failureFields } from './failure-fields.ts';
import { TaskCallbackClient } from './task-callback.client.ts';

const settings = readSettings({ ...approvalTables, APPROVAL_KEY_ARN: z.string() });
const { approvals } = openApprovals(settings);
const tokens = new ApprovalTokenClient(settings.APPROVAL_KEY_ARN);
const executions = new TaskCallbackClient();

async function deliver(approvalId: string): Promise<void> {
  const outcome = await deliverDecision({ approvals, tokens, executions }, approvalId);
  logger.info('callback', { approvalId, outcome });
}

function report(approvalId: string, error: unknown): void {
  logger.error('callback failed', { approvalId, ...failureFields(error) });
}

type CallbackEvent = DynamoDBStreamEvent | EventBridgeEvent<string, unknown>;

/** Tells executions what people decided: from the stream at once, from the schedule whatever was missed. */
export const handler = pipeline(async (event: CallbackEvent): Promise<DynamoDBBatchResponse> => {
  if ('Records' in event) return deliverBatch(event.Records, deliver, report);
  await repairMissed(approvals, systemClock(), deliver, report);
  return { batchItemFailures: [] };
});
