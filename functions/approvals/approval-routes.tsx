import { type Context, Hono } from 'hono';
import * as z from 'zod/mini';
import { commentMaxCharacters, rejectReasons } from './approval.ts';
import { type Authority, authorityOver } from './authority.ts';
import { formToken, isFormToken } from './csrf.ts';
import { type Dossier, isIntact, subjectOf } from './dossier.ts';
import { readForm } from './form.ts';
import type { SignedIn } from './identity.ts';
import type { PageFrame, PageStatus } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { ApprovalView } from './views/approval-view.tsx';

/** Browsers send line breaks as two characters and count them as one. */
const comment = z.optional(
  z.string().check(
    z.overwrite((text) => text.replaceAll('\r\n', '\n').trim()),
    z.maxLength(commentMaxCharacters),
  ),
);
const csrf = z.optional(z.string());
const verdictForm = z.discriminatedUnion('verdict', [
  z.strictObject({ csrf, verdict: z.literal('approve'), comment }),
  z.strictObject({ csrf, verdict: z.literal('reject'), reason: z.enum(rejectReasons), comment }),
]);

const warnings = {
  malformed: `That form was not complete, or its comment is longer than ${commentMaxCharacters} characters. Nothing was decided.`,
  stale: 'This page was out of date. Nothing was decided: please look again and decide.',
  altered: 'Nothing was decided.',
  decided: 'Your vote does not count: this was decided before it arrived.',
  expired: 'Your vote does not count: the time was up before it arrived.',
  forbidden: 'Nothing was decided: you may read this, but not decide it.',
} as const;

/** An approval as one person sees it. */
interface Opened {
  readonly signedIn: SignedIn;
  readonly dossier: Dossier;
  readonly authority: Authority;
}

/** `GET` shows an approval, `POST` votes on it. */
export function approvalRoutes(ports: PagesPorts, frame: PageFrame): Hono {
  const routes = new Hono();

  /** Who asks, and what they may do with this approval at this moment; a response where that is the end of it. */
  async function open(context: Context): Promise<Opened | Response> {
    const signedIn = await ports.people.identify(context);
    if (signedIn === undefined) return frame.toSignIn(context);
    const dossier = await ports.desk.dossier(context.req.param('id') ?? '');
    if (dossier === undefined) return frame.notFound(context, signedIn);
    const authority = authorityOver(ports.approvers, signedIn.identity, subjectOf(dossier.plan));
    if (authority.may === 'nothing') return frame.notFound(context, signedIn);
    return { signedIn, dossier, authority };
  }

  async function show(
    context: Context,
    { signedIn, dossier, authority }: Opened,
    status: PageStatus = 200,
    warning?: string,
  ): Promise<Response> {
    const purpose = `approval/${dossier.approval.approvalId}`;
    const view = (
      <ApprovalView
        dossier={dossier}
        authority={authority}
        formToken={formToken(await ports.keys(), signedIn.sessionId, purpose)}
        now={ports.clock()}
        {...(warning === undefined ? {} : { warning })}
      />
    );
    return frame.page(context, status, 'Approval', view, signedIn);
  }

  routes.get('/:id', async (context) => {
    const opened = await open(context);
    return opened instanceof Response ? opened : show(context, opened);
  });

  routes.post('/:id', async (context) => {
    const opened = await open(context);
    if (opened instanceof Response) return opened;
    const { signedIn, dossier, authority } = opened;
    const { approvalId, planDigest } = dossier.approval;
    const form = await readForm(context, verdictForm);
    if (form === undefined) return show(context, opened, 400, warnings.malformed);
    if (!isFormToken(await ports.keys(), signedIn.sessionId, `approval/${approvalId}`, form.csrf)) {
      return show(context, opened, 403, warnings.stale);
    }
    if (!isIntact(dossier)) return show(context, opened, 409, warnings.altered);
    const vote = {
      identityId: signedIn.identity.id,
      displayName: signedIn.identity.displayName,
      verdict: form.verdict,
      ...(form.verdict === 'reject' ? { reason: form.reason } : {}),
      ...(form.comment === undefined || form.comment === '' ? {} : { comment: form.comment }),
    };
    const result = await ports.vote(approvalId, planDigest, vote, authority);
    ports.onVote(approvalId, result.outcome);
    if (result.outcome === 'unknown') return frame.notFound(context, signedIn);
    const now = { ...opened, dossier: { ...dossier, approval: result.approval } };
    switch (result.outcome) {
      case 'recorded':
      case 'already-voted':
        return context.redirect(`/approvals/${encodeURIComponent(approvalId)}`, 303);
      case 'already-decided':
        return show(context, now, 409, warnings.decided);
      case 'expired':
        return show(context, now, 409, warnings.expired);
      case 'not-allowed':
        return show(context, now, 403, warnings.forbidden);
    }
  });

  return routes;
}
