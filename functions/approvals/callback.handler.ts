import type { DynamoDBBatchResponse, DynamoDBStreamEvent, EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { InterlockError } from '../platform/errors.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { ApprovalStore } from './approval.store.ts';
import { isPastExpiry } from './approval.ts';
import { ApprovalTokenClient } from './approval-token.client.ts';
import { deliverBatch, sweep } from './callback-batch.ts';
import { type DeliveryPorts, deliverDecision } from './deliver-decision.ts';
import { TaskCallbackClient } from './task-callback.client.ts';

const settings = readSettings({
  APPROVAL_KEY_ARN: z.string(),
  ARTEFACT_VERSION: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
});
const database = new Database();
const ledger = new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION);
const approvals = new ApprovalStore(database, ledger, settings.OPERATIONS_TABLE, systemClock);
const tokens = new ApprovalTokenClient(settings.APPROVAL_KEY_ARN);
const executions = new TaskCallbackClient();
const ports: DeliveryPorts = {
  get: (approvalId) => approvals.get(approvalId),
  tokenOf: (approvalId) => approvals.tokenOf(approvalId),
  decrypt: (approvalId, ciphertext) => tokens.decrypt(approvalId, ciphertext),
  beginCallback: (approval) => approvals.beginCallback(approval),
  succeed: (token, output) => executions.succeed(token, output),
  markDelivered: (approval, tooLate) => approvals.markDelivered(approval, tooLate),
};

/** How many approvals one sweep looks at per list; the next one is a minute away. */
const sweptAtOnce = 100;

type CallbackEvent = DynamoDBStreamEvent | EventBridgeEvent<string, unknown>;

/** Tells executions what people decided: from the stream at once, from the schedule whatever was missed. */
export const handler = pipeline(async (event: CallbackEvent): Promise<DynamoDBBatchResponse> => {
  if ('Records' in event) return deliverBatch(event.Records, deliver, report);
  const overdue = (await approvals.list('pending', sweptAtOnce)).filter((approval) =>
    isPastExpiry(approval, systemClock()),
  );
  const undelivered = await approvals.list('undelivered', sweptAtOnce);
  const ids = [...undelivered, ...overdue].map(({ approvalId }) => approvalId);
  await sweep(
    ids,
    async (approvalId) => {
      if (overdue.some((approval) => approval.approvalId === approvalId)) {
        await approvals.expire(approvalId, 'approval-sweep');
      }
      await deliver(approvalId);
    },
    report,
  );
  return { batchItemFailures: [] };
});

async function deliver(approvalId: string): Promise<void> {
  logger.info('callback', { approvalId, outcome: await deliverDecision(ports, approvalId) });
}

function report(approvalId: string, error: unknown): void {
  const code = error instanceof InterlockError ? error.code : 'unexpected';
  logger.error('callback failed', {
    approvalId,
    code,
    errorName: error instanceof Error ? error.name : 'unknown',
  });
}
