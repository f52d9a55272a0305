import { type Context, Hono } from 'hono';
import { commentMaxCharacters } from './approval.ts';
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
    markRefused(context, 'no-authority');
    const signedIn = await ports.people.identify(context);
    if (signedIn === undefined) return frame.toSignIn(context);
    const dossier = await ports.desk.dossier(context.req.param('id') ?? '');
    if (dossier === undefined) return missing(context, signedIn);
    const authority = authorityOver(ports.approvers, signedIn.identity, subjectOf(dossier.plan));
    if (authority.may === 'nothing') return frame.notFound(context, signedIn);
    return { signedIn, dossier, authority };
  }

  return routes;
}
