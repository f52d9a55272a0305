import { isTaskCancelledError, TimeoutStrategy, timeout } from 'cockatiel';
import type { Context } from 'hono';
import type { Confirmation, SignedIn } from '../sign-in/identity.ts';
import type { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { markRefused } from './vote-evidence.ts';

/** What a form would have done, and where its page is. */
interface Attempt {
  /** What did not happen: `decided`, `stopped`. */
  readonly undone: 'decided' | 'stopped';
  /** Where they come back to after signing in again; that page says that nothing happened. */
  readonly returnTo: string;
  /** Only for what takes power away: when the provider does not answer within 2 seconds, the session's word is enough. */
  readonly evenUnanswered?: boolean;
}

/** Query of a page to which somebody comes back after signing in again: it says that nothing happened yet. */
export const undoneQuery = 'undone';

/** What it says. */
export const signedInAgain = 'You had to sign in again. Nothing was decided yet: please decide now.';

/** What takes power away does not wait for the provider longer than this. Milliseconds. */
const briefly = timeout(2_000, TimeoutStrategy.Aggressive);

/**
 * Asks the identity provider who this is, at the moment of an effect. A response is the end of it: nobody acts
 * on what was true earlier, except to stop.
 */
export async function confirmPerson(
  ports: Pick<PagesPorts, 'people' | 'onError'>,
  frame: PageFrame,
  context: Context,
  signedIn: SignedIn,
  { undone, returnTo, evenUnanswered = false }: Attempt,
): Promise<SignedIn | Response> {
  const confirmation = evenUnanswered
    ? await confirmBriefly(ports, context, signedIn)
    : await ports.people.confirm(context, signedIn);
  if (confirmation.outcome === 'confirmed') return confirmation.signedIn;
  if (confirmation.outcome === 'unavailable' && evenUnanswered) return signedIn;
  markRefused(context, 'identity-unconfirmed', signedIn.identity);
  if (confirmation.outcome === 'sign-in-again') return frame.toSignIn(context, `${returnTo}?${undoneQuery}`);
  const text =
    'Whether you may still decide could not be asked: the identity provider does not answer. Please go back and try again.';
  return frame.notice(context, 503, `Nothing was ${undone}`, text, signedIn);
}

/** A question that takes too long is left to end by itself, whatever comes of it. */
async function confirmBriefly(
  { people, onError }: Pick<PagesPorts, 'people' | 'onError'>,
  context: Context,
  signedIn: SignedIn,
): Promise<Confirmation> {
  try {
    return await briefly.execute(() => people.confirm(context, signedIn));
  } catch (error) {
    if (!isTaskCancelledError(error)) onError(error instanceof Error ? error : new Error(String(error)));
    return { outcome: 'unavailable' };
  }
}
