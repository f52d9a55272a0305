import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import taxonomyJson from '../../policies/event-taxonomy.json' with { type: 'json' };
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { DeadLetters } from './dead-letters.client.ts';
import { StepFunctionsIncidentExecutions } from './incident-executions.client.ts';
import { IntakeStore } from './intake.store.ts';
import { type ReceivingParts, receiveBatch } from './receive-batch.ts';
import { readArrival } from './signal.ts';
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
const parts: ReceivingParts = {
  read: (body) => readArrival(body, taxonomy, settings.ENVIRONMENT),
  accept: (arrival) => intake.accept(arrival),
  setAside: (...letter) => deadLetters.setAside(...letter),
  log: logger,
};

/** A batch of one priority queue. */
export const handler = pipeline<SQSEvent, SQSBatchResponse>(({ Records }) => receiveBatch(Records, parts));
