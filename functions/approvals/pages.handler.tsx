import type { Context as LambdaContext } from 'aws-lambda';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import * as z from 'zod/mini';
import approvers from '../../policies/approvers.json' with { type: 'json' };
import localUsers from '../../policies/local-users.json' with { type: 'json' };
import { systemClock } from '../platform/clock.ts';
import { randomId } from '../platform/ids.ts';
import { readKillSwitch } from '../platform/kill-switch-reading.store.ts';
import { logger, pipeline } from '../platform/pipeline.ts';
import { readSettings } from '../platform/settings.ts';
import { approvalTables, openApprovals } from './approval-tables.store.ts';
import { parseApproverPolicy } from './authority.ts';
import { failureFields } from './failure-fields.ts';
import { LocalSignIn, parseLocalUsers } from './local-sign-in.tsx';
import { noSignIn } from './no-sign-in.tsx';
import { approvalPages } from './pages.tsx';
import { refusedVoteFields } from './refused-vote.ts';
import { SessionSecretClient } from './session-secret.client.ts';

const settings = readSettings({
  ...approvalTables,
  APPROVAL_USABLE_SECONDS: z.coerce.number().check(z.positive()),
  CONTROLS_TABLE: z.string(),
  ENVIRONMENT: z.string(),
  LOCAL_LOGIN: z.optional(z.string()),
  SESSION_SECRET_ARN: z.string(),
});
const { approvals, database, dossiers, refusals } = openApprovals(settings);
const secret = new SessionSecretClient(settings.SESSION_SECRET_ARN);
const session = { keys: () => secret.keys(systemClock()), clock: systemClock };
/** Two conditions, so that a stray variable does not open a cloud stage. */
const isLocal = settings.LOCAL_LOGIN === 'true' && settings.ENVIRONMENT === 'local';

const pages = approvalPages({
  ...session,
  environment: settings.ENVIRONMENT,
  desk: dossiers,
  vote: (approvalId, planDigest, vote, authority) =>
    approvals.vote(approvalId, planDigest, vote, authority, settings.APPROVAL_USABLE_SECONDS),
  refusals,
  killSwitch: () => readKillSwitch(database, settings.CONTROLS_TABLE),
  people: isLocal
    ? new LocalSignIn({ ...session, users: parseLocalUsers(localUsers), newId: randomId })
    : noSignIn,
  approvers: parseApproverPolicy(approvers),
  strictTransport: !isLocal,
  onVote: (approvalId, outcome) => logger.info('vote', { approvalId, outcome }),
  onRefusedVote: (refused) => logger.warn('vote refused', refusedVoteFields(refused)),
  onError: (error) => logger.error('page failed', failureFields(error)),
});
const respond = handle(pages);

/** The approval pages behind the HTTP API. */
export const handler = pipeline((event: LambdaEvent, context: LambdaContext) =>
  respond(event, context as never),
);
