import type { Context } from 'hono';
import type { SignedIn } from '../sign-in/identity.ts';
import type { PageFrame } from './page-frame.tsx';
import type { PagesPorts } from './pages-ports.ts';
import { markRefused } from './vote-evidence.ts';

/** What a form would have done, and where its page is. */
interface Attempt {
  /** What did not happen: `decided`, `stopped`. */
  readonly undone: 'decided' | 'stopped';
  /** Where they come back to after signing in again; that page says that nothing happened. */
  readonly returnTo: string;
  /** Only for what takes power away: when the provider does not answer, the session's word is enough. */
  readonly evenUnanswered?: boolean;
}

/** Query of a page to which somebody comes back after signing in again: it says that nothing happened yet. */
export const undoneQuery = 'undone';

/** What it says. */
export const signedInAgain = 'You had to sign in again. Nothing was decided yet: please decide now.';

/**
 * Asks the identity provider who this is, at the moment of an effect. A response is the end of it: nobody acts
 * on what was true earlier, except to stop.
 */
export async function confirmPerson(
  { people }: PagesPorts,
  frame: PageFrame,
  context: Context,
  signedIn: SignedIn,
  { undone, returnTo, evenUnanswered = false }: Attempt,
): Promise<SignedIn | Response> {
  const confirmation = await people.confirm(context, signedIn);
  if (confirmation.outcome === 'confirmed') return confirmation.signedIn;
  if (confirmation.outcome === 'unavailable' && evenUnanswered) return signedIn;
  markRefused(context, 'identity-unconfirmed', signedIn.identity);
  if (confirmation.outcome === 'sign-in-again') return frame.toSignIn(context, `${returnTo}?${undoneQuery}`);
  const text =
    'Whether you may still decide could not be asked: the identity provider does not answer. Please go back and try again.';
  return frame.notice(context, 503, `Nothing was ${undone}`, text, signedIn);
}
