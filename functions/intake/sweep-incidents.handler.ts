import * as z from 'zod/mini';
import taxonomyJson from '../../policies/event-taxonomy.json' with { type: 'json' };
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { DependencyUnavailableError, InterlockError } from '../platform/errors.ts';
import { PersonTopic } from '../platform/person-topic.client.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { CloseIncidentStore } from './close-incident.store.ts';
import { StepFunctionsIncidentExecutions } from './incident-executions.client.ts';
import { IncidentSweepStore } from './incident-sweep.store.ts';
import { type SweepParts, sweepIncidents } from './incident-sweep.ts';
import { longestCooldownSeconds, parseTaxonomy } from './taxonomy.ts';
import { WindowStore } from './window.store.ts';

const settings = readSettings({
  ARTEFACT_VERSION: z.string().check(z.minLength(1)),
  CONTROLS_TABLE: z.string().check(z.minLength(1)),
  OPERATIONS_TABLE: z.string().check(z.minLength(1)),
  LEDGER_TABLE: z.string().check(z.minLength(1)),
  INCIDENT_STATE_MACHINE_ARN: z.string().check(z.minLength(1)),
  PERSON_TOPIC_ARN: z.string().check(z.minLength(1)),
});
const database = new Database();
const executions = new StepFunctionsIncidentExecutions(settings.INCIDENT_STATE_MACHINE_ARN);
const common = {
  database,
  ledger: new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION),
  people: new PersonTopic(settings.PERSON_TOPIC_ARN),
  controlsTable: settings.CONTROLS_TABLE,
  operationsTable: settings.OPERATIONS_TABLE,
  clock: systemClock,
};
const closing = new CloseIncidentStore(common);
const parts: SweepParts = {
  incidents: new IncidentSweepStore({
    ...common,
    windows: new WindowStore(database, settings.CONTROLS_TABLE, executions),
    longestCooldownSeconds: longestCooldownSeconds(parseTaxonomy(taxonomyJson)),
  }),
  executions,
  close: (close) => closing.close(close),
  report: (incidentId, outcome, error) =>
    logger[outcome === 'failed' ? 'error' : 'info']('incident swept', {
      incidentId,
      outcome,
      ...(error instanceof InterlockError ? { code: error.code } : {}),
    }),
  clock: systemClock,
};

/** Every five minutes: incidents that nobody else would end, and problems that nobody else would mention. */
export const handler = pipeline(async () => {
  const { done, failed } = await sweepIncidents(parts);
  if (failed === 0) return { done };
  throw new DependencyUnavailableError(
    'sweep-incidents.incomplete',
    `${failed} incidents could not be looked after; the next sweep tries again`,
  );
});
