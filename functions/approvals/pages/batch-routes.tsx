import { type Context, Hono } from 'hono';
import { decideApproval, openApproval, type Verdict } from '../decide-approval.ts';
import type { Dossier } from '../dossier.ts';
import { waitingFor } from '../inbox.ts';
import { refusalAnswers } from '../refusal-answers.ts';
import type { VoteRefusal } from '../refused-vote.ts';
import { leaveEvidence, reportVote } from '../report-vote.ts';
import type { SignedIn } from '../sign-in/identity.ts';
import { batchForm } from '../vote-form.ts';
import { batchesIn, batchKeyOf } from './batch.ts';
import { confirmPerson, signedInAgain, undoneQuery } from './confirm-person.ts';
import { formToken, isFormToken } from './csrf.ts';
import { readForm } from './form.ts';
import type { PageFrame, PageStatus } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { BatchResultView, type ItemResult } from './views/batch-result-view.tsx';
import { BatchView } from './views/batch-view.tsx';

/**
 * `GET` shows the identical low-risk requests that somebody may decide, `POST` decides each one that was ticked
 * by itself, as its own page would: authority, the plan that was shown, and the first decision wins.
 */
export function batchRoutes(ports: PagesPorts, frame: PageFrame): Hono {
  const routes = new Hono();

  routes.get('/:key', async (context) => {
    const signedIn = await ports.people.identify(context);
    if (signedIn === undefined) return frame.toSignIn(context);
    const wasUndone = context.req.query(undoneQuery) !== undefined;
    return show(context, signedIn, context.req.param('key'), 200, wasUndone ? signedInAgain : undefined);
  });

  routes.post('/:key', async (context) => {
    const signedIn = await ports.people.identify(context);
    if (signedIn === undefined) return frame.toSignIn(context, `${context.req.path}?${undoneQuery}`);
    const key = context.req.param('key');
    const form = await readForm(context, batchForm);
    if (form === undefined) {
      const warning =
        'Nothing was decided: tick what you mean and decide again. “Something else” needs a comment.';
      return show(context, signedIn, key, 400, warning);
    }
    const { csrf, item: items, ...said } = form;
    if (!isFormToken(await ports.keys(), signedIn.sessionId, purposeOf(key), csrf)) {
      const because = csrf === undefined ? 'form-token-missing' : 'form-token-wrong';
      await refuseAll(items, because, signedIn);
      return show(context, signedIn, key, ...refusalAnswers[because]);
    }
    const path = `/batches/${encodeURIComponent(key)}`;
    const person = await confirmPerson(ports, frame, context, signedIn, {
      undone: 'decided',
      returnTo: path,
    });
    if (person instanceof Response) {
      await refuseAll(items, 'identity-unconfirmed', signedIn);
      return person;
    }
    const results: ItemResult[] = [];
    for (const { approvalId, planDigest } of items) {
      results.push(await decide(person, key, approvalId, { ...said, planDigest, via: 'batch' }));
    }
    return frame.page(context, 200, 'Batch', <BatchResultView results={results} />, person);
  });

  return routes;

  async function show(
    context: Context,
    signedIn: SignedIn,
    key: string,
    status: PageStatus,
    warning?: string,
  ): Promise<Response> {
    const { batch, areMore } = await batchOf(signedIn, key);
    if (batch === undefined) {
      const text = 'These requests were decided, or they are not yours to decide.';
      return frame.notice(context, 404, 'Nothing is waiting here', text, signedIn);
    }
    const token = formToken(await ports.keys(), signedIn.sessionId, purposeOf(key));
    const view = (
      <BatchView
        batch={batch}
        areMore={areMore}
        engaged={await ports.killSwitches()}
        formToken={token}
        now={ports.clock()}
        {...(warning === undefined ? {} : { warning })}
      />
    );
    return frame.page(context, status, 'Batch', view, signedIn);
  }

  async function batchOf({ identity }: SignedIn, key: string) {
    const pending = await ports.desk.pending();
    const { mine } = await waitingFor(ports.approvers, identity, pending, ports.clock());
    const batch = batchesIn(mine.shown).find((each) => each.key === key);
    return { batch, areMore: !mine.isWhole || mine.found > mine.shown.length };
  }

  async function decide(
    { identity }: SignedIn,
    key: string,
    approvalId: string,
    verdict: Verdict,
  ): Promise<ItemResult> {
    const opened = await openApproval(ports, identity, approvalId);
    if ('outcome' in opened) return refused(opened.because);
    // Someone wrote this form by hand: our own hold nothing else.
    if (batchKeyOf(opened.dossier) !== key) return refused('malformed-form', opened.dossier);
    const result = await decideApproval(ports, identity, opened, verdict);
    reportVote(ports, approvalId, result);
    if (result.outcome === 'accepted') return { approvalId, dossier: result.opened.dossier };
    return refused(result.because, 'opened' in result ? result.opened.dossier : undefined);

    async function refused(because: VoteRefusal, dossier?: Dossier): Promise<ItemResult> {
      await leaveEvidence(ports, approvalId, because, async () => identity);
      return { approvalId, because, ...(dossier === undefined ? {} : { dossier }) };
    }
  }

  async function refuseAll(
    items: readonly { readonly approvalId: string }[],
    because: VoteRefusal,
    { identity }: SignedIn,
  ): Promise<void> {
    for (const { approvalId } of items) await leaveEvidence(ports, approvalId, because, async () => identity);
  }
}

function purposeOf(key: string): string {
  return `batch/${key}`;
}
