import { type Context, Hono } from 'hono';
import { canBeApprovalId, commentMaxCharacters } from './approval.ts';
import { type Authority, authorityOver } from './authority.ts';
import { formToken, isFormToken } from './csrf.ts';
import { type Dossier, isIntact, subjectOf } from './dossier.ts';
import { readForm } from './form.ts';
import type { SignedIn } from './identity.ts';
import type { PageFrame, PageStatus } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { ApprovalView } from './views/approval-view.tsx';
import { markRefused } from './vote-evidence.ts';
import { verdictForm } from './vote-form.ts';

const stale = 'This page was out of date. Nothing was decided: please look again and decide.';
/** What somebody is told who may see the approval: their vote did not count. */
const refusals = {
  'malformed-form': [
    400,
    `That form was not complete, or its comment is longer than ${commentMaxCharacters} characters. Nothing was decided.`,
  ],
  'form-token-missing': [403, stale],
  'form-token-wrong': [403, stale],
  'plan-altered': [409, 'Nothing was decided.'],
  'already-decided': [409, 'Your vote does not count: this was decided before it arrived.'],
  expired: [409, 'Your vote does not count: the time was up before it arrived.'],
  'no-authority': [403, 'Nothing was decided: you may read this, but not decide it.'],
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
    if (signedIn === undefined) {
      markRefused(context, 'no-authority');
      return frame.toSignIn(context);
    }
    const approvalId = context.req.param('id') ?? '';
    const dossier = canBeApprovalId(approvalId) ? await ports.desk.dossier(approvalId) : undefined;
    if (dossier === undefined) {
      markRefused(context, 'incomplete-record');
      return frame.notFound(context, signedIn);
    }
    const authority = authorityOver(ports.approvers, signedIn.identity, subjectOf(dossier.plan));
    if (authority.may === 'nothing') {
      markRefused(context, 'no-authority');
      return frame.notFound(context, signedIn);
    }
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

  async function refuse(context: Context, opened: Opened, because: keyof typeof refusals): Promise<Response> {
    markRefused(context, because);
    const [status, warning] = refusals[because];
    return show(context, opened, status, warning);
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
    if (form === undefined) return refuse(context, opened, 'malformed-form');
    if (form.csrf === undefined) return refuse(context, opened, 'form-token-missing');
    if (!isFormToken(await ports.keys(), signedIn.sessionId, `approval/${approvalId}`, form.csrf)) {
      return refuse(context, opened, 'form-token-wrong');
    }
    if (!isIntact(dossier)) return refuse(context, opened, 'plan-altered');
    const vote = {
      identityId: signedIn.identity.id,
      displayName: signedIn.identity.displayName,
      verdict: form.verdict,
      ...(form.verdict === 'reject' ? { reason: form.reason } : {}),
      ...(form.comment === undefined || form.comment === '' ? {} : { comment: form.comment }),
    };
    const result = await ports.vote(approvalId, planDigest, vote, authority);
    ports.onVote(approvalId, result.outcome);
    if (result.outcome === 'unknown') {
      markRefused(context, 'incomplete-record');
      return frame.notFound(context, signedIn);
    }
    const now = { ...opened, dossier: { ...dossier, approval: result.approval } };
    switch (result.outcome) {
      case 'recorded':
      case 'already-voted':
        return context.redirect(`/approvals/${encodeURIComponent(approvalId)}`, 303);
      case 'already-decided':
      case 'expired':
        return refuse(context, now, result.outcome);
      case 'not-allowed':
        return refuse(context, now, 'no-authority');
    }
  });

  return routes;
}
