import type { Context as LambdaContext } from 'aws-lambda';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import * as z from 'zod/mini';
import approvers from '../../../policies/approvers.json' with { type: 'json' };
import { systemClock } from '../../platform/clock.ts';
import { readEngagedSwitches } from '../../platform/kill-switch-reading.store.ts';
import { logger, pipeline } from '../../platform/pipeline.ts';
import { readSettings } from '../../platform/settings.ts';
import { approvalTables, openApprovals } from '../approval-tables.store.ts';
import { parseApproverPolicy } from '../authority.ts';
import { failureFields } from '../failure-fields.ts';
import { refusedVoteFields } from '../refused-vote.ts';
import { openApiIdentity, openSignIn } from '../sign-in/oidc-identity.client.ts';
import { type OidcSettings, oidcSettings, oidcVariables } from '../sign-in/oidc-settings.ts';
import { sessionSecret } from '../sign-in/session-secret.client.ts';
import { openSlack } from '../slack/slack.client.ts';
import { approvalPages } from './pages.tsx';
import type { ApiSignIn } from './pages-ports.ts';
import { RateLimitStore } from './rate-limit.store.ts';
import { StopClient } from './stop.client.ts';

const settings = readSettings({
  ...approvalTables,
  ...oidcVariables,
  APPROVAL_USABLE_SECONDS: z.coerce.number().check(z.positive()),
  CONTROLS_TABLE: z.string(),
  ENGAGE_KILL_SWITCH_ARN: z.string(),
  SESSION_SECRET_ARN: z.string(),
  SLACK_SECRET_ARN: z.optional(z.string()),
  SLACK_API_URL: z.optional(z.string()),
});
const { ENVIRONMENT, CONTROLS_TABLE, SLACK_SECRET_ARN, SLACK_API_URL } = settings;
const { approvals, database, dossiers, refusals } = openApprovals(settings);
const keys = sessionSecret(settings.SESSION_SECRET_ARN);
const oidc = oidcSettings(settings);
const api = openApiIdentity(oidc, systemClock);
const apiSignIn = commandLineSignIn(oidc);
const stop = new StopClient(settings.ENGAGE_KILL_SWITCH_ARN);

const pages = approvalPages({
  keys,
  clock: systemClock,
  environment: ENVIRONMENT,
  approvers: parseApproverPolicy(approvers),
  desk: dossiers,
  vote: (approvalId, planDigest, vote, authority) =>
    approvals.vote(approvalId, planDigest, vote, authority, settings.APPROVAL_USABLE_SECONDS),
  refusals,
  killSwitches: () => readEngagedSwitches(database, CONTROLS_TABLE),
  stopEverything: (by, reason) => stop.stop(by, reason),
  people: openSignIn(oidc, database, CONTROLS_TABLE, keys, systemClock, (doing, reason) =>
    logger.warn('identity provider', { doing, reason }),
  ),
  ...(api === undefined ? {} : { api }),
  ...(apiSignIn === undefined ? {} : { apiSignIn }),
  ...(SLACK_SECRET_ARN === undefined || SLACK_SECRET_ARN === ''
    ? {}
    : {
        slack: openSlack(
          { secretArn: SLACK_SECRET_ARN, apiUrl: SLACK_API_URL, controlsTable: CONTROLS_TABLE },
          database,
        ),
      }),
  rate: new RateLimitStore(database, CONTROLS_TABLE, systemClock),
  strictTransport: ENVIRONMENT !== 'local',
  onVote: (approvalId, outcome) => logger.info('vote', { approvalId, outcome }),
  onRefusedVote: (refused) => logger.warn('vote refused', refusedVoteFields(refused)),
  onError: (error) => logger.error('page failed', failureFields(error)),
});
const respond = handle(pages);

/** The approval pages, their API and the Slack endpoint behind the HTTP API. */
export const handler = pipeline((event: LambdaEvent, context: LambdaContext) => respond(event, context));

function commandLineSignIn(provider: OidcSettings | undefined): ApiSignIn | undefined {
  if (provider?.cliClientId === undefined) return undefined;
  const { issuer, cliClientId, scopes } = provider;
  return { issuer, cliClientId, scopes };
}
