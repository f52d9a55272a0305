import { type Context, Hono } from 'hono';
import { statusAt } from '../approval.ts';
import { askedGroups } from '../authority.ts';
import { decideApproval, type OpenedApproval, openApproval } from '../decide-approval.ts';
import { subjectOf } from '../dossier.ts';
import { refusalAnswers } from '../refusal-answers.ts';
import type { VoteRefusal } from '../refused-vote.ts';
import { reportVote } from '../report-vote.ts';
import type { SignedIn } from '../sign-in/identity.ts';
import { verdictForm } from '../vote-form.ts';
import { confirmPerson, signedInAgain, undoneQuery } from './confirm-person.ts';
import { formToken, isFormToken } from './csrf.ts';
import { readForm } from './form.ts';
import type { PageFrame, PageStatus } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { ApprovalView } from './views/approval-view.tsx';
import { markRefused } from './vote-evidence.ts';

/** An approval as one person sees it. */
interface Opened extends OpenedApproval {
  readonly signedIn: SignedIn;
}

/** `GET` shows an approval, `POST` votes on it, `GET` of its status tells an open copy whether it is out of date. */
export function approvalRoutes(ports: PagesPorts, frame: PageFrame): Hono {
  const routes = new Hono();

  routes.get('/:id', async (context) => {
    const opened = await open(context, await ports.people.identify(context));
    if (opened instanceof Response) return opened;
    const warning = context.req.query(undoneQuery) === undefined ? undefined : signedInAgain;
    return show(context, opened, 200, warning);
  });

  routes.get('/:id/status', async (context) => {
    const signedIn = await ports.people.identify(context);
    if (signedIn === undefined) return context.json({ error: 'not signed in' }, 401);
    const opened = await openApproval(ports, signedIn.identity, context.req.param('id'));
    if ('outcome' in opened) return context.json({ error: 'not found' }, 404);
    const { approval } = opened.dossier;
    return context.json({ status: statusAt(approval, ports.clock()), version: approval.version });
  });

  routes.post('/:id', async (context) => {
    const opened = await open(context, await ports.people.identify(context), true);
    if (opened instanceof Response) return opened;
    const { signedIn, dossier } = opened;
    const { approvalId } = dossier.approval;
    const form = await readForm(context, verdictForm);
    if (form === undefined) return refuse(context, opened, 'malformed-form');
    const { csrf, ...verdict } = form;
    if (csrf === undefined) return refuse(context, opened, 'form-token-missing');
    if (!isFormToken(await ports.keys(), signedIn.sessionId, purposeOf(approvalId), csrf)) {
      return refuse(context, opened, 'form-token-wrong');
    }
    const person = await confirmPerson(ports, frame, context, signedIn, {
      undone: 'decided',
      returnTo: pathOf(approvalId),
    });
    if (person instanceof Response) return person;
    // Once more, with the groups that the provider has now.
    const confirmed = await open(context, person);
    if (confirmed instanceof Response) return confirmed;
    const result = await decideApproval(ports, person.identity, confirmed, {
      ...verdict,
      via: 'page',
    });
    reportVote(ports, approvalId, result);
    switch (result.outcome) {
      case 'accepted':
        return context.redirect(pathOf(approvalId), 303);
      case 'refused':
        return refuse(context, { ...result.opened, signedIn: person }, result.because);
      case 'not-found':
        markRefused(context, result.because, person.identity);
        return frame.notFound(context, person);
    }
  });

  return routes;

  /** Who asks, and what they may do with this approval at this moment; a response where that is the end of it. */
  async function open(
    context: Context,
    signedIn: SignedIn | undefined,
    isVote = false,
  ): Promise<Opened | Response> {
    const approvalId = context.req.param('id') ?? '';
    if (signedIn === undefined) {
      markRefused(context, 'no-authority');
      return isVote ? frame.toSignIn(context, `${context.req.path}?${undoneQuery}`) : frame.toSignIn(context);
    }
    const opened = await openApproval(ports, signedIn.identity, approvalId);
    if ('dossier' in opened) return { ...opened, signedIn };
    markRefused(context, opened.because, signedIn.identity);
    return frame.notFound(context, signedIn);
  }

  async function show(
    context: Context,
    { signedIn, dossier, authority }: Opened,
    status: PageStatus,
    warning?: string,
  ): Promise<Response> {
    const view = (
      <ApprovalView
        dossier={dossier}
        authority={authority}
        asked={askedGroups(ports.approvers, subjectOf(dossier))}
        reader={signedIn.identity}
        engaged={await ports.killSwitches()}
        formToken={formToken(await ports.keys(), signedIn.sessionId, purposeOf(dossier.approval.approvalId))}
        now={ports.clock()}
        {...(warning === undefined ? {} : { warning })}
      />
    );
    return frame.page(context, status, 'Approval', view, signedIn);
  }

  async function refuse(context: Context, opened: Opened, because: VoteRefusal): Promise<Response> {
    markRefused(context, because, opened.signedIn.identity);
    const [status, warning] = refusalAnswers[because];
    return show(context, opened, status, warning);
  }
}

function purposeOf(approvalId: string): string {
  return `approval/${approvalId}`;
}

function pathOf(approvalId: string): string {
  return `/approvals/${encodeURIComponent(approvalId)}`;
}
