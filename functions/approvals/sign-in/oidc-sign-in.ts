import type { Context } from 'hono';
import type { Identity } from '../authority.ts';
import type { Confirmation, IdentityProvider, SignedIn, SignInPage, SignInResult } from './identity.ts';
import { newState, openAttempt, returnPathOf, sealAttempt, stateDigestOf } from './oidc-attempt.ts';
import { identityFrom } from './oidc-claims.ts';
import { type ConfirmPorts, confirmSession, identityOf } from './oidc-confirm.ts';
import { type SignInTrouble, startPage, troublePage } from './oidc-pages.tsx';
import type { OidcProvider, Vouched } from './oidc-provider.ts';
import { seal, unseal } from './oidc-seal.ts';
import { isOpen, refreshTokenKey, sessionIdOf, sessionSeconds } from './session.ts';
import {
  clearAttemptCookie,
  clearSessionCookie,
  readAttemptCookie,
  readSessionCookie,
  writeAttemptCookie,
  writeSessionCookie,
} from './session-cookie.ts';

/** What signing in takes. */
export interface SignInPorts extends ConfirmPorts {
  readonly provider: OidcProvider;
  /** 256 random bits in base64url, new with each call. */
  readonly newSecret: () => string;
}

/**
 * Signing in by OpenID Connect (authorization code with PKCE), with sessions kept on our side. The answer of the
 * provider counts once, in the browser that asked, within 10 minutes. Every sign-in is a new session, and the
 * one before it in the same browser ends.
 */
export class OidcSignIn implements IdentityProvider {
  readonly #ports: SignInPorts;
  /** One request asks who sent it several times; who that was stays true until it is answered. */
  readonly #asked = new WeakMap<Context, Promise<SignedIn | undefined>>();

  constructor(ports: SignInPorts) {
    this.#ports = ports;
  }

  identify(context: Context): Promise<SignedIn | undefined> {
    const asked = this.#asked.get(context) ?? this.#identify(context);
    this.#asked.set(context, asked);
    return asked;
  }

  async confirm(context: Context, signedIn: SignedIn): Promise<Confirmation> {
    const cookie = readSessionCookie(context);
    if (cookie === undefined || sessionIdOf(cookie) !== signedIn.sessionId)
      return { outcome: 'sign-in-again' };
    const result = await confirmSession(this.#ports, cookie);
    return result.outcome === 'confirmed'
      ? { outcome: 'confirmed', signedIn: { ...signedIn, identity: result.identity } }
      : result;
  }

  async signInPage(context: Context, returnTo: string): Promise<SignInPage> {
    const provider = new URL(this.#ports.settings.issuer).host;
    if (context.req.query('signed-out') === undefined) return startPage({ provider, returnTo });
    const providerUrl = await this.#ports.provider.signOutUrl();
    return startPage({ provider, returnTo, signedOut: providerUrl === undefined ? {} : { providerUrl } });
  }

  async start(context: Context, returnTo: string) {
    const { provider, newSecret, clock, onTrouble } = this.#ports;
    const keys = await this.#ports.keys();
    const state = await newState(keys, returnTo);
    const attempt = { nonce: newSecret(), codeVerifier: newSecret() };
    const made = await provider.signInUrl({ state, ...attempt });
    if (made.outcome === 'unavailable') {
      onTrouble('sign-in', made.reason);
      return refused('unavailable', returnTo);
    }
    const begun = { ...attempt, stateDigest: stateDigestOf(state), startedAtEpochMs: clock() };
    writeAttemptCookie(context, begun.stateDigest, await sealAttempt(keys, begun));
    return { outcome: 'to-provider', url: made.url } as const;
  }

  async complete(context: Context): Promise<SignInResult> {
    const { provider, sessions, clock, onTrouble } = this.#ports;
    const keys = await this.#ports.keys();
    const states = context.req.queries('state') ?? [];
    const state = states.length === 1 ? states[0] : undefined;
    const returnTo = await returnPathOf(keys, state);
    if (state === undefined) return this.#tooLate(context, returnTo);
    const kept = readAttemptCookie(context, stateDigestOf(state));
    const attempt = await openAttempt(keys, kept, state, clock());
    if (attempt === undefined) return this.#tooLate(context, returnTo);
    clearAttemptCookie(context, attempt.stateDigest);
    if ((await sessions.useAttempt(attempt.stateDigest, clock())) === 'used') {
      return this.#tooLate(context, returnTo);
    }
    const askedAtEpochMs = clock();
    const answer = await provider.exchange(new URL(context.req.url).search, { state, ...attempt });
    if (answer.outcome !== 'vouched') {
      onTrouble('sign-in', answer.outcome === 'declined' ? answer.outcome : answer.reason);
      return refused(answer.outcome, returnTo);
    }
    const identity = identityFrom(answer.claims, this.#ports.settings);
    if (identity === undefined) {
      onTrouble('sign-in', 'identity-claim');
      return refused('nameless', returnTo);
    }
    await this.#begin(context, identity, answer, askedAtEpochMs);
    return { outcome: 'redirect', location: returnTo };
  }

  async end(context: Context, signedIn: SignedIn): Promise<void> {
    const { sessions, clock, provider } = this.#ports;
    const cookie = readSessionCookie(context);
    const session = await sessions.find(signedIn.sessionId);
    await sessions.end(signedIn.sessionId, clock());
    clearSessionCookie(context);
    if (cookie === undefined || session?.refreshToken === undefined) return;
    const key = refreshTokenKey(await this.#ports.keys(), cookie);
    const token = await unseal(key, 'refresh-token', session.refreshToken);
    if (typeof token === 'string') await provider.revoke(token);
  }

  async #identify(context: Context): Promise<SignedIn | undefined> {
    const cookie = readSessionCookie(context);
    if (cookie === undefined) return undefined;
    const sessionId = sessionIdOf(cookie);
    const session = await this.#ports.sessions.find(sessionId);
    const { settings, clock } = this.#ports;
    if (session === undefined || !isOpen(session, settings.issuer, clock())) return undefined;
    return { identity: identityOf(session), sessionId };
  }

  async #begin(context: Context, identity: Identity, answer: Vouched, askedAtEpochMs: number): Promise<void> {
    const { sessions, people, settings, clock, newSecret } = this.#ports;
    const before = await this.identify(context);
    const cookie = newSecret();
    const token = answer.refreshToken;
    const key = refreshTokenKey(await this.#ports.keys(), cookie);
    const { id: identityId, displayName, groups, aliases = [] } = identity;
    const now = clock();
    await sessions.create(sessionIdOf(cookie), {
      identityId,
      displayName,
      groups,
      aliases,
      issuer: settings.issuer,
      subject: answer.subject,
      authenticatedAtEpochMs: now,
      confirmedAtEpochMs: askedAtEpochMs,
      expiresAtEpochMs: now + sessionSeconds * 1_000,
      ...(token === undefined ? {} : { refreshToken: await seal(key, 'refresh-token', token) }),
    });
    await people.confirmed(identity, askedAtEpochMs);
    // Not its refresh token at the provider: some would take the new one away with it.
    if (before !== undefined) await sessions.end(before.sessionId, now);
    writeSessionCookie(context, cookie);
  }

  /** Somebody who comes back to an answer that was used is sent on where they are signed in already. */
  async #tooLate(context: Context, returnTo: string): Promise<SignInResult> {
    if ((await this.identify(context)) !== undefined) return { outcome: 'redirect', location: returnTo };
    return refused('not-ours', returnTo);
  }
}

function refused(trouble: SignInTrouble, returnTo: string) {
  return { outcome: 'refused', page: troublePage(trouble, returnTo) } as const;
}
