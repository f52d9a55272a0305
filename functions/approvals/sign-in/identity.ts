import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import type { Identity } from '../authority.ts';

/** A person with the session they came with. */
export interface SignedIn {
  readonly identity: Identity;
  /** Names the session without opening it: a digest of what the cookie holds. */
  readonly sessionId: string;
}

/** What a visitor sees while they are not signed in yet. */
export interface SignInPage {
  readonly status: 200 | 400 | 403 | 503;
  readonly title: string;
  readonly content: Child;
}

/** What came of signing in: on to a path on this site, or a page that says why not. */
export type SignInResult =
  | { readonly outcome: 'redirect'; readonly location: string }
  | { readonly outcome: 'refused'; readonly page: SignInPage };

/** Who somebody is according to the identity provider now. */
export type Confirmation =
  | { readonly outcome: 'confirmed'; readonly signedIn: SignedIn }
  /** The provider no longer vouches for this session, or it is too old and cannot be renewed. */
  | { readonly outcome: 'sign-in-again' }
  /** The provider does not answer: nobody decides on what was true earlier. */
  | { readonly outcome: 'unavailable' };

/** The one way in which the pages learn who somebody is. */
export interface IdentityProvider {
  /** Who sent this request, with the groups of their session, or nobody. Changes nothing. */
  identify(context: Context): Promise<SignedIn | undefined>;
  /**
   * Asks the provider again, at the moment of a decision: a person who was removed from a group has lost its
   * authority by the next click.
   */
  confirm(context: Context, signedIn: SignedIn): Promise<Confirmation>;
  /** `GET /sign-in`: a page with one link, to `/sign-in/start`. @param returnTo A path on this site. */
  signInPage(context: Context, returnTo: string): Promise<SignInPage>;
  /** `GET /sign-in/start`: to the provider. Sets a short-lived cookie that binds the answer to this browser. */
  start(
    context: Context,
    returnTo: string,
  ): Promise<SignInResult | { readonly outcome: 'to-provider'; readonly url: string }>;
  /** `GET /sign-in/callback`: on success it has stored a session and set its cookie on the context. */
  complete(context: Context): Promise<SignInResult>;
  /** Ends the session for good: a copy of the cookie opens nothing any more. */
  end(context: Context, signedIn: SignedIn): Promise<void>;
}
