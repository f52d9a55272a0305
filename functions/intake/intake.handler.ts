import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import taxonomyJson from '../../policies/event-taxonomy.json' with { type: 'json' };
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { InterlockError, InvalidInputError } from '../platform/errors.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { DeadLetters } from './dead-letters.client.ts';
import { StepFunctionsIncidentExecutions } from './incident-executions.client.ts';
import { IntakeStore } from './intake.store.ts';
import { priorityOfQueue } from './queue-priority.ts';
import { type Arrival, readArrival } from './signal.ts';
import { parseTaxonomy } from './taxonomy.ts';

const settings = readSettings({
  ENVIRONMENT: z.string().check(z.minLength(1)),
  ARTEFACT_VERSION: z.string().check(z.minLength(1)),
  POLICY_DIGEST: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  CONTROLS_TABLE: z.string().check(z.minLength(1)),
  OPERATIONS_TABLE: z.string().check(z.minLength(1)),
  LEDGER_TABLE: z.string().check(z.minLength(1)),
  INCIDENT_STATE_MACHINE_ARN: z.string().check(z.minLength(1)),
  P0_DLQ_URL: z.string().check(z.minLength(1)),
  P1_DLQ_URL: z.string().check(z.minLength(1)),
  P2_DLQ_URL: z.string().check(z.minLength(1)),
});
const database = new Database();
const intake = new IntakeStore({
  database,
  ledger: new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION),
  executions: new StepFunctionsIncidentExecutions(settings.INCIDENT_STATE_MACHINE_ARN),
  controlsTable: settings.CONTROLS_TABLE,
  operationsTable: settings.OPERATIONS_TABLE,
  policyDigest: settings.POLICY_DIGEST,
  clock: systemClock,
});
const deadLetters = new DeadLetters({
  P0: settings.P0_DLQ_URL,
  P1: settings.P1_DLQ_URL,
  P2: settings.P2_DLQ_URL,
});
const taxonomy = parseTaxonomy(taxonomyJson);

/** A batch of one priority queue. Each record succeeds or fails alone: only failed ones are delivered again. */
export const handler = pipeline<SQSEvent, SQSBatchResponse>(async ({ Records }) => {
  const succeeded = await Promise.all(Records.map(receive));
  const failed = Records.filter((_, index) => !succeeded[index]);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
});

async function receive(record: SQSRecord): Promise<boolean> {
  const { messageId } = record;
  try {
    const arrival = await readOrSetAside(record);
    if (arrival === undefined) return true;
    const eventId = arrival.kind === 'record' ? arrival.eventId : arrival.signal.eventId;
    logger.info('event done', { messageId, eventId, ...(await intake.accept(arrival)) });
    return true;
  } catch (error) {
    const errorName = error instanceof Error ? error.name : 'unknown';
    const code = error instanceof InterlockError ? error.code : 'unexpected';
    logger.error('message failed, the queue delivers it again', { messageId, errorName, code });
    return false;
  }
}

/** Only what can never be read goes aside; whatever else goes wrong is thrown and the queue delivers again. */
async function readOrSetAside({ messageId, body, eventSourceARN }: SQSRecord): Promise<Arrival | undefined> {
  try {
    return readArrival(body, taxonomy, settings.ENVIRONMENT);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const priority = priorityOfQueue(eventSourceARN);
    await deadLetters.setAside(priority, body, error.message, error.code);
    logger.warn('message set aside', { messageId, code: error.code, priority });
    return undefined;
  }
}
