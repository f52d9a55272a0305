import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { RecommendationStore } from './recommendation.store.ts';

const settings = readSettings({
  ARTEFACT_VERSION: z.string(),
  ENVIRONMENT: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
});
const database = new Database();
const recommendations = new RecommendationStore(
  database,
  new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION),
  { operations: settings.OPERATIONS_TABLE, environment: settings.ENVIRONMENT },
  systemClock,
);

const input = z.strictObject({
  incidentId: z.string().check(z.regex(/^inc-[0-9a-f]{20}$/)),
  planDigest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  /** As answered: one out of contract is unknown, and never a reason to say nothing. */
  checks: z.array(z.unknown()).check(z.maxLength(100)),
});

/** Writes what people are given about one plan: pre-checks, impact, risk, runbook. */
export const handler = taskHandler(input, (request) => recommendations.make(request));
