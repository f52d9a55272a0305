import * as z from 'zod/mini';
import limitsJson from '../../policies/limits.json' with { type: 'json' };
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { randomId } from '../platform/ids.ts';
import { PersonTopic } from '../platform/person-topic.client.ts';
import { taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { limitsFor, parseLimits } from '../policy/limits.ts';
import { AuthoriseStore } from './authorise.store.ts';
import { ChangeStore } from './change.store.ts';
import { controlChange } from './change-control.ts';
import { changeRequest } from './change-request.ts';
import { EndingStore } from './ending.store.ts';
import { OpeningStore } from './opening.store.ts';
import { rollbackFailedPage } from './rollback-page.ts';
import { UndoStore } from './undo.store.ts';
import { VerdictStore } from './verdict.store.ts';

const env = readSettings({
  ARTEFACT_VERSION: z.string(),
  CONTROLS_TABLE: z.string(),
  ENVIRONMENT: z.string(),
  LEDGER_TABLE: z.string(),
  LOCK_LEASE_SECONDS: z.coerce.number().check(z.int(), z.positive()),
  OPERATIONS_TABLE: z.string(),
  PERSON_TOPIC_ARN: z.string(),
  POLICY_DIGEST: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  SNAPSHOT_RETENTION_SECONDS: z.coerce.number().check(z.int(), z.positive()),
});
const database = new Database();
const ledger = new LedgerStore(database, env.LEDGER_TABLE, env.ARTEFACT_VERSION);
const settings = {
  controls: env.CONTROLS_TABLE,
  operations: env.OPERATIONS_TABLE,
  dailyLimits: limitsFor(parseLimits(limitsJson), env.ENVIRONMENT),
  environment: env.ENVIRONMENT,
  lockLeaseSeconds: env.LOCK_LEASE_SECONDS,
  policyDigest: env.POLICY_DIGEST,
  snapshotRetentionSeconds: env.SNAPSHOT_RETENTION_SECONDS,
};
const changes = new ChangeStore(database, ledger, settings, systemClock);
const topic = new PersonTopic(env.PERSON_TOPIC_ARN);
const parts = {
  changes,
  openings: new OpeningStore(database, ledger, settings, systemClock, changes),
  endings: new EndingStore(ledger, settings, systemClock, changes),
  gate: new AuthoriseStore(database, ledger, settings, systemClock),
  verdicts: new VerdictStore(ledger, settings, systemClock, changes, randomId),
  undos: new UndoStore(database, ledger, settings, systemClock, changes),
  page: async (changeId: string) => {
    const { subject, message } = rollbackFailedPage(changeId, await changes.find(changeId));
    await topic.tell(subject, message);
  },
};

/** One step of the change protocol for the `change` state machine. */
export const handler = taskHandler(changeRequest, (request) => controlChange(request, parts));
