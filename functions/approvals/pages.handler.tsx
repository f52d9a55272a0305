import type { Context as LambdaContext } from 'aws-lambda';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import * as z from 'zod/mini';
import approvers from '../../policies/approvers.json' with { type: 'json' };
import localUsers from '../../policies/local-users.json' with { type: 'json' };
import { LedgerStore } from '../audit/ledger.store.ts';
import { systemClock } from '../platform/clock.ts';
import { Database } from '../platform/dynamodb.ts';
import { InterlockError } from '../platform/errors.ts';
import { randomId } from '../platform/ids.ts';
import { readKillSwitch } from '../platform/kill-switch-reading.store.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { ApprovalStore } from './approval.store.ts';
import { parseApproverPolicy } from './authority.ts';
import { DossierStore } from './dossier.store.ts';
import { LocalSignIn, parseLocalUsers } from './local-sign-in.tsx';
import { noSignIn } from './no-sign-in.tsx';
import { approvalPages } from './pages.tsx';
import { SessionSecretClient } from './session-secret.client.ts';

const settings = readSettings({
  APPROVAL_USABLE_SECONDS: z.coerce.number().check(z.positive()),
  ARTEFACT_VERSION: z.string(),
  CONTROLS_TABLE: z.string(),
  ENVIRONMENT: z.string(),
  LEDGER_TABLE: z.string(),
  LOCAL_LOGIN: z.optional(z.string()),
  OPERATIONS_TABLE: z.string(),
  SESSION_SECRET_ARN: z.string(),
});
const database = new Database();
const ledger = new LedgerStore(database, settings.LEDGER_TABLE, settings.ARTEFACT_VERSION);
const approvals = new ApprovalStore(database, ledger, settings.OPERATIONS_TABLE, systemClock);
const secret = new SessionSecretClient(settings.SESSION_SECRET_ARN);
const keys = () => secret.keys(systemClock());
/** Two conditions, so that a stray variable does not open a cloud stage. */
const isLocal = settings.LOCAL_LOGIN === 'true' && settings.ENVIRONMENT === 'local';

const pages = approvalPages({
  environment: settings.ENVIRONMENT,
  desk: new DossierStore(database, ledger, settings.OPERATIONS_TABLE),
  vote: (approvalId, planDigest, vote, authority) =>
    approvals.vote(approvalId, planDigest, vote, authority, settings.APPROVAL_USABLE_SECONDS),
  killSwitch: () => readKillSwitch(database, settings.CONTROLS_TABLE),
  people: isLocal
    ? new LocalSignIn({ users: parseLocalUsers(localUsers), keys, clock: systemClock, newId: randomId })
    : noSignIn,
  approvers: parseApproverPolicy(approvers),
  keys,
  clock: systemClock,
  strictTransport: !isLocal,
  onVote: (approvalId, outcome) => logger.info('vote', { approvalId, outcome }),
  onError: (error) => {
    const code = error instanceof InterlockError ? error.code : 'unexpected';
    logger.error('page failed', { code, errorName: error.name });
  },
});
const respond = handle(pages);

/** The approval pages behind the HTTP API. */
export const handler = pipeline((event: LambdaEvent, context: LambdaContext) =>
  respond(event, context as never),
);
