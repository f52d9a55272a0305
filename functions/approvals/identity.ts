import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import type { Identity } from './authority.ts';

/** A person with the session they came with. */
export interface SignedIn {
  readonly identity: Identity;
  readonly sessionId: string;
}

/** What a visitor sees while they are not signed in yet. */
export interface SignInPage {
  readonly status: 200 | 400 | 403 | 503;
  readonly title: string;
  readonly content: Child;
}

/** What came of signing in: on to a path on this site, or the page again. */
export type SignInResult =
  | { readonly outcome: 'redirect'; readonly location: string }
  | { readonly outcome: 'refused'; readonly page: SignInPage };

/**
 * The one way in which the pages learn who somebody is. Groups are looked up at each request, so that a person
 * who was removed from a group has lost its authority by the next click.
 */
export interface IdentityProvider {
  /** Who sent this request, or nobody. Never changes anything. */
  identify(context: Context): Promise<SignedIn | undefined>;
  /** `GET /sign-in`. @param returnTo A path on this site. */
  signInPage(context: Context, returnTo: string): Promise<SignInPage>;
  /** `POST /sign-in`: on success it has set the session cookie on the context. */
  completeSignIn(context: Context): Promise<SignInResult>;
}
