import { createHmac } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { EpochMs } from '../platform/clock.ts';

/** How long a sign-in lasts: an approver who comes back after a shift signs in again. */
export const sessionSeconds = 3_600;

/** Name of the session cookie without its `__Host-` prefix. */
export const sessionCookieName = 'interlock-session';

/** One sign-in of one person. `sessionId` is new with every sign-in, so a planted session gains nothing. */
export interface Session {
  readonly identityId: string;
  readonly sessionId: string;
}

/** The keys for cookies and form tokens; one never works as the other. */
export interface SessionKeys {
  readonly session: Uint8Array;
  readonly form: Uint8Array;
}

/** Derives both keys from the one stored secret. */
export function sessionKeys(secret: string): SessionKeys {
  const derive = (purpose: string) => createHmac('sha256', secret).update(purpose).digest();
  return { session: derive('interlock session cookie v1'), form: derive('interlock form token v1') };
}

const issuer = 'interlock';
const audience = 'interlock-approval-pages';

/** Writes a session as a signed token (JWT, HS256). It names a person and grants nothing by itself. */
export async function sealSession(session: Session, keys: SessionKeys, now: EpochMs): Promise<string> {
  const issuedAt = Math.floor(now / 1_000);
  return new SignJWT({ sid: session.sessionId })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(session.identityId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + sessionSeconds)
    .sign(keys.session);
}

/** The session in a cookie, or nothing: absent, altered, expired, unsigned and foreign tokens are all the same. */
export async function openSession(
  token: string | undefined,
  keys: SessionKeys,
  now: EpochMs,
): Promise<Session | undefined> {
  if (token === undefined || token === '') return undefined;
  try {
    const { payload } = await jwtVerify(token, keys.session, {
      algorithms: ['HS256'],
      issuer,
      audience,
      currentDate: new Date(now),
      maxTokenAge: sessionSeconds,
      requiredClaims: ['sub', 'sid', 'iat', 'exp'],
    });
    const { sub, sid } = payload;
    if (typeof sub !== 'string' || typeof sid !== 'string' || sub === '' || sid === '') return undefined;
    return { identityId: sub, sessionId: sid };
  } catch {
    return undefined;
  }
}
