import * as z from 'zod/mini';
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { PersonTopic } from '../platform/person-topic.client.ts';
import { logger, taskHandler } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { ApprovalStore } from './approval.store.ts';
import { ApprovalTokenClient } from './approval-token.client.ts';
import { DossierStore } from './dossier.store.ts';
import { requestApproval } from './request-approval.ts';

const settings = readSettings({
  APPROVAL_KEY_ARN: z.string(),
  APPROVAL_SECONDS: z.coerce.number().check(z.positive()),
  ARTEFACT_VERSION: z.string(),
  LEDGER_TABLE: z.string(),
  OPERATIONS_TABLE: z.string(),
  PERSON_TOPIC_ARN: z.string(),
  PUBLIC_BASE_URL: z.url({ protocol: /^https?$/ }),
});
const database = new Database();
const ledger = new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION);
const approvals = new ApprovalStore(database, ledger, settings.OPERATIONS_TABLE, systemClock);
const dossiers = new DossierStore(database, ledger, settings.OPERATIONS_TABLE);
const tokens = new ApprovalTokenClient(settings.APPROVAL_KEY_ARN);
const people = new PersonTopic(settings.PERSON_TOPIC_ARN);

const text = z.string().check(z.minLength(1), z.maxLength(256));
const input = z.strictObject({
  incidentId: text,
  planDigest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  approvalId: text,
  taskToken: z.string().check(z.minLength(1), z.maxLength(2_048)),
});

/** Asks people; the execution waits for its task token meanwhile. */
export const handler = taskHandler(input, (request) =>
  requestApproval(
    {
      clock: systemClock,
      lifeSeconds: settings.APPROVAL_SECONDS,
      publicBaseUrl: settings.PUBLIC_BASE_URL,
      findAsked: (incidentId, planDigest) => dossiers.asked(incidentId, planDigest),
      encrypt: (approvalId, token) => tokens.encrypt(approvalId, token),
      create: (approval, ciphertext) => approvals.create(approval, ciphertext),
      tell: (subject, message) => people.tell(subject, message),
      onNotificationFailure: async (approval, error) => {
        const errorName = error instanceof Error ? error.name : 'unknown';
        logger.error('people were not told', { approvalId: approval.approvalId, errorName });
        await approvals.recordNotificationFailure(approval);
      },
    },
    request,
  ),
);
