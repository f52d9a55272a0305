import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { PersonTopic } from '../platform/person-topic.client.ts';
import { taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { CloseIncidentStore } from './close-incident.store.ts';
import { closeInput } from './incident-close.ts';

const settings = readSettings({
  ARTEFACT_VERSION: z.string().check(z.minLength(1)),
  CONTROLS_TABLE: z.string().check(z.minLength(1)),
  OPERATIONS_TABLE: z.string().check(z.minLength(1)),
  LEDGER_TABLE: z.string().check(z.minLength(1)),
  PERSON_TOPIC_ARN: z.string().check(z.minLength(1)),
});
const database = new Database();
const incidents = new CloseIncidentStore({
  database,
  ledger: new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION),
  people: new PersonTopic(settings.PERSON_TOPIC_ARN),
  controlsTable: settings.CONTROLS_TABLE,
  operationsTable: settings.OPERATIONS_TABLE,
  clock: systemClock,
});

/** Ends an incident: the state machine's last task, or the event that its execution ended without one. */
export const handler = taskHandler(closeInput, (close) => incidents.close(close));
