import { randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { ContextClient } from './context.client.ts';
import { RoutingClient } from './routing.client.ts';
import { TriageStore } from './triage.store.ts';
import { triage } from './triage.ts';
import { triageAnswerJsonSchema } from './triage-answer.ts';

const settings = readSettings({
  ENVIRONMENT: z.string(),
  ARTEFACT_VERSION: z.string(),
  OPERATIONS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  ROUTING_FUNCTION_ARN: z.string(),
});
const database = new Database();
const ledger = new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION);
const store = new TriageStore(database, ledger, settings.OPERATIONS_TABLE, systemClock);
const context = new ContextClient(settings.ENVIRONMENT);
const routing = new RoutingClient(settings.ROUTING_FUNCTION_ARN);

const input = z.strictObject({
  incidentId: z.string().check(z.regex(/^inc-[0-9a-f]{20}$/)),
  /** 1 unless it is the one re-plan. */
  round: z.optional(z.literal([1, 2])),
});

/** Diagnoses an incident and answers with the digests of the plans proposed, or with why there is none. */
export const handler = taskHandler(input, ({ incidentId, round = 1 }) =>
  triage(incidentId, round, {
    incident: (id) => store.incident(id),
    find: (id, which) => store.find(id, which),
    earlier: (id) => store.earlier(id),
    gather: (incident) => context.gather(incident),
    recordAsked: (incident, prompt, which) => store.recordAsked(incident, prompt, which),
    ask: (prompt) => routing.ask(prompt, triageAnswerJsonSchema),
    recordAnswer: (triaged) => store.recordAnswer(triaged),
    boundary: () => randomBytes(16).toString('hex'),
  }),
);
