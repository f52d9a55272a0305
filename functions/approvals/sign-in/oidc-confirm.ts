import type { Clock, EpochMs } from '../../platform/clock.ts';
import type { Identity } from '../authority.ts';
import { type ClaimNames, identityFrom } from './oidc-claims.ts';
import type { OidcProvider, Vouched } from './oidc-provider.ts';
import { seal, unseal } from './oidc-seal.ts';
import type { People } from './person-record.ts';
import {
  isFresh,
  isOpen,
  refreshTokenKey,
  type Session,
  type SessionKeys,
  type Sessions,
  sessionIdOf,
} from './session.ts';

/** How long one renewal may take before another may start: longer than the provider is waited for. */
const claimMs = 20_000;
/** A second request of the same session waits for the first this often, this long. */
const waits = { times: 25, ms: 200 };

/** What asking the provider again takes. */
export interface ConfirmPorts {
  readonly settings: ClaimNames & { readonly issuer: string };
  readonly provider: Pick<OidcProvider, 'renew'>;
  readonly sessions: Sessions;
  readonly people: People;
  readonly keys: () => Promise<SessionKeys>;
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<void>;
  /** A code of why the provider did not vouch for somebody, for the log. */
  readonly onTrouble: (doing: 'sign-in' | 'confirm', reason: string) => void;
}

export type Confirmed =
  | { readonly outcome: 'confirmed'; readonly identity: Identity }
  | { readonly outcome: 'sign-in-again' }
  | { readonly outcome: 'unavailable' };

/**
 * Who somebody is now. With a refresh token the provider is asked; what it answers replaces what the session
 * knew, and a provider that no longer vouches ends the session. Without one, what it said at most 5 minutes ago
 * counts. A provider that does not answer leaves everything as it was and confirms nobody.
 *
 *     A claims ── asks, gets a new refresh token ── stores it, gives the claim back
 *     B           busy, waits ........................ claims ── asks with the new token
 *
 * @param cookie What the session's cookie holds.
 */
export async function confirmSession(ports: ConfirmPorts, cookie: string): Promise<Confirmed> {
  const { sessions, clock } = ports;
  const sessionId = sessionIdOf(cookie);
  const before = await sessions.find(sessionId);
  if (before === undefined || !isOpen(before, ports.settings.issuer, clock())) return signInAgain;
  if (before.refreshToken === undefined) return asFarAsFresh(before, clock());

  const claim = await claimRenewal(ports, sessionId);
  if (typeof claim !== 'number') return { outcome: claim };
  try {
    // As it stands under the claim: whoever held it before may have stored another token.
    const session = await sessions.find(sessionId);
    if (session === undefined || !isOpen(session, ports.settings.issuer, clock())) return signInAgain;
    return await renew(ports, cookie, session, claim);
  } finally {
    // After a renewal there is nothing to give back; after anything else there is.
    await sessions.releaseRenewal(sessionId, claim);
  }
}

async function renew(
  ports: ConfirmPorts,
  cookie: string,
  session: Session,
  claim: EpochMs,
): Promise<Confirmed> {
  const { sessions, people, clock } = ports;
  const sessionId = sessionIdOf(cookie);
  const key = refreshTokenKey(await ports.keys(), cookie);
  const token = await unseal(key, 'refresh-token', session.refreshToken);
  const askedAtEpochMs = clock();
  // Sealed under a secret that was replaced since: whoever replaced it wants old sessions to end.
  if (typeof token !== 'string') return end(ports, sessionId, session, askedAtEpochMs, 'secret-replaced');

  const answer = await ports.provider.renew(token);
  switch (answer.outcome) {
    case 'unavailable':
      ports.onTrouble('confirm', answer.reason);
      return { outcome: 'unavailable' };
    case 'not-vouched':
      return end(ports, sessionId, session, askedAtEpochMs, answer.reason);
    case 'silent': {
      const replaced = answer.refreshToken;
      if (replaced !== undefined) {
        const refreshToken = await seal(key, 'refresh-token', replaced);
        await sessions.renew(sessionId, claim, { ...session, refreshToken });
      }
      return asFarAsFresh(session, clock());
    }
    case 'vouched': {
      const identity = samePersonAgain(ports, session, answer);
      if (identity === undefined) return end(ports, sessionId, session, askedAtEpochMs, 'another-person');
      const { displayName, groups, aliases = [] } = identity;
      const refreshToken = await seal(key, 'refresh-token', answer.refreshToken ?? token);
      const renewal = { displayName, groups, aliases, confirmedAtEpochMs: askedAtEpochMs, refreshToken };
      if ((await sessions.renew(sessionId, claim, renewal)) === 'lost') return signInAgain;
      await people.confirmed(identity, askedAtEpochMs);
      // An hour is an hour, also where it ended during the question.
      return isOpen(session, ports.settings.issuer, clock())
        ? { outcome: 'confirmed', identity }
        : signInAgain;
    }
  }
}

async function claimRenewal(
  { sessions, clock, pause }: ConfirmPorts,
  sessionId: string,
): Promise<EpochMs | 'sign-in-again' | 'unavailable'> {
  for (let tried = 0; tried <= waits.times; tried++) {
    const now = clock();
    const claimed = await sessions.claimRenewal(sessionId, now, now + claimMs);
    if (claimed === 'claimed') return now + claimMs;
    if (claimed === 'over') return 'sign-in-again';
    await pause(waits.ms);
  }
  return 'unavailable';
}

async function end(
  { sessions, people, clock, onTrouble }: ConfirmPorts,
  sessionId: string,
  session: Session,
  askedAtEpochMs: EpochMs,
  reason: string,
): Promise<Confirmed> {
  onTrouble('confirm', reason);
  await sessions.end(sessionId, clock());
  await people.lapsed(identityOf(session), askedAtEpochMs);
  return signInAgain;
}

function samePersonAgain(
  { settings }: ConfirmPorts,
  session: Session,
  { subject, claims }: Vouched,
): Identity | undefined {
  const identity = identityFrom(claims, settings);
  return subject === session.subject && identity?.id === session.identityId ? identity : undefined;
}

function asFarAsFresh(session: Session, now: EpochMs): Confirmed {
  return isFresh(session, now) ? { outcome: 'confirmed', identity: identityOf(session) } : signInAgain;
}

const signInAgain: Confirmed = { outcome: 'sign-in-again' };

/** The person of a session. */
export function identityOf({ identityId: id, displayName, groups, aliases }: Session): Identity {
  return { id, displayName, groups, aliases };
}
