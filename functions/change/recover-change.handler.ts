import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { PersonTopic } from '../platform/person-topic.client.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { ChangeStore } from './change.store.ts';
import { EndingStore } from './ending.store.ts';
import { ExecutionsClient } from './executions.client.ts';
import { OpeningStore } from './opening.store.ts';
import { recoverAll, recoverEnded } from './recovery-sweep.ts';
import { rollbackFailedPage } from './rollback-page.ts';

const env = readSettings({
  ARTEFACT_VERSION: z.string(),
  CHANGE_STATE_MACHINE_ARN: z.string(),
  CONTROLS_TABLE: z.string(),
  ENVIRONMENT: z.string(),
  LEDGER_TABLE: z.string(),
  LOCK_LEASE_SECONDS: z.coerce.number().check(z.int(), z.positive()),
  OPERATIONS_TABLE: z.string(),
  PERSON_TOPIC_ARN: z.string(),
});
const database = new Database();
const ledger = new LedgerStore(database, env.LEDGER_TABLE, env.ARTEFACT_VERSION);
const settings = {
  controls: env.CONTROLS_TABLE,
  operations: env.OPERATIONS_TABLE,
  environment: env.ENVIRONMENT,
  lockLeaseSeconds: env.LOCK_LEASE_SECONDS,
};
const changes = new ChangeStore(database, ledger, settings, systemClock);
const topic = new PersonTopic(env.PERSON_TOPIC_ARN);
const parts = {
  changes,
  openings: new OpeningStore(database, ledger, settings, systemClock, changes),
  endings: new EndingStore(ledger, settings, systemClock, changes),
  executions: new ExecutionsClient(env.CHANGE_STATE_MACHINE_ARN),
  page: async (changeId: string) => {
    const { subject, message } = rollbackFailedPage(changeId, await changes.find(changeId));
    await topic.tell(subject, message);
  },
  skipLock: (targetKey: string, error: unknown) =>
    logger.error('lock skipped: a person has to look at it', {
      targetKey,
      reason: error instanceof Error ? error.message : 'unreadable',
    }),
  clock: systemClock,
};

const endedExecution = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    name: z.string(),
    stateMachineArn: z.literal(env.CHANGE_STATE_MACHINE_ARN),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
  }),
});

/** An execution of the change machine ended badly: its change is recovered. Anything else: every lock is looked at. */
export const handler = pipeline(async (event: unknown) => {
  const ended = z.safeParse(endedExecution, event);
  const recovered = ended.success
    ? await recoverEnded(ended.data.detail.name, parts)
    : await recoverAll(parts);
  for (const { changeId, outcome } of recovered) logger.info('lock looked at', { changeId, outcome });
  return { recovered: recovered.length };
});
