import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod/mini';
import type { EpochMs } from '../../platform/clock.ts';
import { authorityOver, type Identity, mayView } from '../authority.ts';
import { decideApproval, type OpenedApproval, openApproval } from '../decide-approval.ts';
import { type Dossier, subjectOf } from '../dossier.ts';
import { inboxFor, inboxViews } from '../inbox.ts';
import { bodyLimitBytes } from '../pages/form.ts';
import type { PagesPorts } from '../pages/pages-ports.ts';
import type { VoteRefusal } from '../refused-vote.ts';
import { leaveEvidence, reportVote } from '../report-vote.ts';
import { verdictBody } from '../vote-form.ts';
import { type ApiErrorCode, apiError } from './api-errors.ts';
import { type ApprovalSummary, detailOf, summaryOf } from './api-views.ts';
import { approverFigures } from './approver-figures.ts';

const listQuery = z.strictObject({ view: z.optional(z.enum(inboxViews)) });
const figuresQuery = z.strictObject({
  sinceEpochMs: z.optional(z.pipe(z.string().check(z.regex(/^\d{1,15}$/)), z.coerce.number())),
});

/** How far back figures look where nothing is said. */
const figuresPeriodMs = 30 * 86_400_000;
/** How many settled approvals figures are taken from. */
const figuresReadAtMost = 1_000;
const neverAgainShown = 100;

const unauthenticated = {
  missing: ['not-signed-in', 'Bearer realm="interlock"'],
  expired: [
    'sign-in-expired',
    'Bearer realm="interlock", error="invalid_token", error_description="expired"',
  ],
  invalid: ['sign-in-invalid', 'Bearer realm="interlock", error="invalid_token"'],
} as const;

/**
 * The approvals API that the command line uses: the same rules as the pages, an ID token instead of a session.
 * There are no cookies, so no other site can make a browser send what counts. An approval that does not exist
 * and one that this person has no authority over get the same answer. A refused vote leaves evidence. How many
 * requests somebody may send is counted in front of it, see `rate-limit.ts`.
 */
export function apiRoutes(ports: PagesPorts): Hono {
  const routes = new Hono();
  const { approvers, desk } = ports;

  /** Who asks, as their ID token says; a response where that is the end of it. */
  async function identify(context: Context): Promise<Identity | Response> {
    if (ports.api === undefined) return apiError(context, 'not-configured');
    const result = await ports.api.identify(context.req.header('authorization'));
    if (result.outcome === 'identified') return result.identity;
    if (result.outcome === 'unavailable') {
      return apiError(context, result.because ?? 'identity-provider-unavailable');
    }
    const [code, challenge] = unauthenticated[result.because];
    return apiError(context, code, { 'WWW-Authenticate': challenge });
  }

  function listed(dossiers: readonly Dossier[], identity: Identity, now: EpochMs): ApprovalSummary[] {
    return dossiers.flatMap((dossier) => {
      const authority = authorityOver(approvers, identity, subjectOf(dossier), now);
      return authority.may === 'nothing' ? [] : [summaryOf({ dossier, authority }, identity, now)];
    });
  }

  routes.get('/configuration', (context) =>
    ports.apiSignIn === undefined ? apiError(context, 'not-configured') : context.json(ports.apiSignIn),
  );

  routes.get('/approvals', async (context) => {
    const identity = await identify(context);
    if (identity instanceof Response) return identity;
    const query = z.safeParse(listQuery, context.req.query());
    if (!query.success) return apiError(context, 'malformed-request');
    const now = ports.clock();
    const [pending, recent] = await Promise.all([desk.pending(), desk.recent()]);
    const inbox = await inboxFor(approvers, identity, { pending, recent }, now);
    const { shown, found, isWhole } = inbox[query.data.view ?? 'all'];
    return context.json({ approvals: listed(shown, identity, now), found, isWhole });
  });

  routes.get('/approvals/figures', async (context) => {
    const identity = await identify(context);
    if (identity instanceof Response) return identity;
    if (!approvers.grants.some(({ group }) => identity.groups.includes(group))) {
      return apiError(context, 'not-an-approver');
    }
    const query = z.safeParse(figuresQuery, context.req.query());
    if (!query.success) return apiError(context, 'malformed-request');
    const now = ports.clock();
    const since = query.data.sinceEpochMs ?? now - figuresPeriodMs;
    const read = await desk.decidedSince(since, figuresReadAtMost);
    return context.json(approverFigures(read, figuresReadAtMost, since, now));
  });

  routes.get('/approvals/never-again', async (context) => {
    const identity = await identify(context);
    if (identity instanceof Response) return identity;
    const records = await desk.neverAgain(neverAgainShown);
    const now = ports.clock();
    const readable = records.filter(({ environment }) => mayView(approvers, identity, environment, now));
    return context.json({ neverAgain: readable });
  });

  routes.get('/approvals/:id', async (context) => {
    const identity = await identify(context);
    if (identity instanceof Response) return identity;
    const opened = await openApproval(ports, identity, context.req.param('id'));
    if ('outcome' in opened) return apiError(context, 'not-found');
    return context.json(await show(opened, identity));
  });

  routes.post('/approvals/:id/votes', atMost(bodyLimitBytes), async (context) => {
    const approvalId = context.req.param('id');
    const identity = await identify(context);
    if (identity instanceof Response) {
      await leaveEvidence(ports, approvalId, 'identity-unconfirmed', async () => undefined);
      return identity;
    }
    const refuse = async (because: VoteRefusal, code: ApiErrorCode): Promise<Response> => {
      await leaveEvidence(ports, approvalId, because, async () => identity);
      return apiError(context, code);
    };
    const opened = await openApproval(ports, identity, approvalId);
    if ('outcome' in opened) return refuse(opened.because, 'not-found');
    if (!isJson(context)) return refuse('malformed-form', 'unsupported-media-type');
    const body = await readBody(context);
    if (body === undefined) return refuse('malformed-form', 'malformed-body');
    const result = await decideApproval(ports, identity, opened, { ...body, via: 'api' });
    reportVote(ports, approvalId, result);
    switch (result.outcome) {
      case 'accepted':
        return context.json(await show(result.opened, identity));
      case 'not-found':
        return refuse(result.because, 'not-found');
      case 'refused':
        return refuse(result.because, errorCodeOf(result.because));
    }
  });

  routes.all('*', (context) => apiError(context, 'not-found'));
  routes.onError((error, context) => {
    ports.onError(error);
    return apiError(context, 'failed');
  });

  function atMost(maxSize: number): MiddlewareHandler {
    const onError = async (context: Context): Promise<Response> => {
      const identity = await identify(context);
      if (identity instanceof Response) return identity;
      await leaveEvidence(ports, context.req.param('id') ?? '', 'form-too-large', async () => identity);
      return apiError(context, 'body-too-large');
    };
    return bodyLimit({ maxSize, onError });
  }

  async function show(opened: OpenedApproval, identity: Identity) {
    return detailOf(opened, identity, ports.clock(), await ports.killSwitches());
  }

  return routes;
}

function isJson(context: Context): boolean {
  const [mediaType = ''] = (context.req.header('content-type') ?? '').split(';');
  return mediaType.trim().toLowerCase() === 'application/json';
}

async function readBody(context: Context): Promise<z.output<typeof verdictBody> | undefined> {
  try {
    return z.safeParse(verdictBody, await context.req.json()).data;
  } catch {
    return undefined;
  }
}

/** A refusal that has no answer of its own here is a bug: it is answered as one, not as something harmless. */
function errorCodeOf(because: VoteRefusal): ApiErrorCode {
  switch (because) {
    case 'already-decided':
    case 'cancelled':
    case 'expired':
    case 'no-authority':
    case 'plan-altered':
      return because;
    default:
      return 'failed';
  }
}
