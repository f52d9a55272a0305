import type { Claims } from './oidc-claims.ts';

/** What a sign-in must prove: it is the answer to this question. */
export interface AnswerChecks {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** A person that the provider vouches for, in a verified ID token. */
export interface Vouched {
  readonly outcome: 'vouched';
  readonly subject: string;
  readonly claims: Claims;
  readonly refreshToken?: string;
}

/** `unavailable`: no answer within 5 seconds, or an answer that says try later. */
export interface Unavailable {
  readonly outcome: 'unavailable';
  /** A code for the log. */
  readonly reason: string;
}

/** The provider's answer, or ours about it, is no proof of anybody. `reason` is a code for the log. */
export interface NotVouched {
  readonly outcome: 'not-vouched';
  readonly reason: string;
}

/** The identity provider, reduced to what Interlock asks of it. */
export interface OidcProvider {
  /** Where to send a browser. */
  signInUrl(checks: AnswerChecks): Promise<{ readonly outcome: 'url'; readonly url: string } | Unavailable>;
  /**
   * Takes the answer that a browser brought back.
   *
   * @param query The query of the callback's address. `declined`: the provider says that the person did not sign in.
   */
  exchange(
    query: string,
    checks: AnswerChecks,
  ): Promise<Vouched | { readonly outcome: 'declined' } | NotVouched | Unavailable>;
  /**
   * Asks what is true now. `silent`: a refresh token counted, but the provider said nothing of the person.
   */
  renew(
    refreshToken: string,
  ): Promise<
    Vouched | { readonly outcome: 'silent'; readonly refreshToken?: string } | NotVouched | Unavailable
  >;
  /** Tells the provider that a refresh token is not needed any more; that it cannot be told is no failure. */
  revoke(refreshToken: string): Promise<void>;
  /** Where a person can sign out of the provider itself; absent where it has no such address or does not answer. */
  signOutUrl(): Promise<string | undefined>;
}
