import { createHmac } from 'node:crypto';
import type { EpochMs } from '../../platform/clock.ts';
import { sha256Hex } from '../../platform/digest.ts';

/** How long a sign-in lasts, whatever happens in it: an approver who comes back after a shift signs in again. */
export const sessionSeconds = 3_600;

/** How old the provider's word may be at a decision where it cannot be asked again: 5 minutes. */
const claimsUsableMs = 300_000;

/** One sign-in of one person, as it is stored under {@link sessionIdOf} its cookie. */
export interface Session {
  readonly identityId: string;
  readonly displayName: string;
  /** As the provider last said. */
  readonly groups: readonly string[];
  /** What else the provider calls them: for exclusions alone. */
  readonly aliases: readonly string[];
  /** The provider, and what it calls the person: a renewal that speaks of another one ends the session. */
  readonly issuer: string;
  readonly subject: string;
  readonly authenticatedAtEpochMs: EpochMs;
  /** When the provider was last asked; never later than its answer. */
  readonly confirmedAtEpochMs: EpochMs;
  /** At this instant it is over. */
  readonly expiresAtEpochMs: EpochMs;
  readonly endedAtEpochMs?: EpochMs;
  /** Sealed: neither this item nor the session secret opens it without the cookie. */
  readonly refreshToken?: string;
}

/** The keys behind cookies, stored refresh tokens and form tokens; one never works as the other. */
export interface SessionKeys {
  /** Goes into the key of a stored refresh token, together with the cookie. */
  readonly session: Uint8Array;
  readonly form: Uint8Array;
  /** Seals what a sign-in under way keeps in the browser. */
  readonly signIn: Uint8Array;
}

/** Derives every key from the one stored secret. */
export function sessionKeys(secret: string): SessionKeys {
  const derive = (purpose: string) => createHmac('sha256', secret).update(purpose).digest();
  return {
    session: derive('interlock refresh token v1'),
    form: derive('interlock form token v1'),
    signIn: derive('interlock sign-in attempt v1'),
  };
}

/** Whether this can be a cookie of ours: 256 random bits in base64url. Anything else is not even looked up. */
export function canBeSessionSecret(cookie: string | undefined): cookie is string {
  return cookie !== undefined && /^[\w-]{43}$/.test(cookie);
}

/** Names a session without opening it: whoever reads the table has no cookie. */
export function sessionIdOf(cookie: string): string {
  return sha256Hex(cookie);
}

/** The key of the one refresh token that belongs to a cookie. */
export function refreshTokenKey(keys: SessionKeys, cookie: string): Uint8Array {
  return createHmac('sha256', keys.session).update(cookie).digest();
}

/** Whether somebody is signed in by it: not ended, not over, and the provider is still the configured one. */
export function isOpen(session: Session, issuer: string, now: EpochMs): boolean {
  return session.endedAtEpochMs === undefined && now < session.expiresAtEpochMs && session.issuer === issuer;
}

/** Whether the provider said it so recently that it need not be asked again before a decision. */
export function isFresh(session: Session, now: EpochMs): boolean {
  return now - session.confirmedAtEpochMs <= claimsUsableMs;
}

/** What a provider's answer changes in a session. */
export interface Renewal {
  readonly displayName: string;
  readonly groups: readonly string[];
  readonly aliases: readonly string[];
  readonly confirmedAtEpochMs: EpochMs;
  /** Sealed. */
  readonly refreshToken?: string;
}

/** Sessions by their id, which is a digest of what the cookie holds. Nothing here opens one. */
export interface Sessions {
  /** Stores a new session; one that stands under this id stays. */
  create(sessionId: string, session: Session): Promise<void>;
  /** As it is stored, ended and expired ones too. */
  find(sessionId: string): Promise<Session | undefined>;
  /**
   * Reserves the renewal of a session until an instant, because a refresh token that is used twice at once
   * makes a provider revoke everything. `over`: there is no such session, or it has ended.
   */
  claimRenewal(sessionId: string, now: EpochMs, until: EpochMs): Promise<'claimed' | 'busy' | 'over'>;
  /** Takes over what the provider said, and gives the claim back; `lost` when it was not held any more. */
  renew(sessionId: string, claim: EpochMs, renewal: Renewal): Promise<'renewed' | 'lost'>;
  /** Gives the claim back and changes nothing else. */
  releaseRenewal(sessionId: string, claim: EpochMs): Promise<void>;
  /** Ends it for good and forgets its refresh token. Ending it again changes nothing. */
  end(sessionId: string, now: EpochMs): Promise<void>;
  /** Remembers a sign-in attempt; `used` when its answer was handed in before. */
  useAttempt(stateDigest: string, now: EpochMs): Promise<'first' | 'used'>;
}
