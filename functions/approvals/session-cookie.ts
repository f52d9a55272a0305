import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import {
  openSession,
  type Session,
  type SessionKeys,
  sealSession,
  sessionCookieName,
  sessionSeconds,
} from './session.ts';

/**
 * `__Host-` makes the browser insist on `Secure`, this host only and `Path=/`. `Lax` rather than `Strict`,
 * because approvers arrive by a link from their mail.
 */
const attributes = { prefix: 'host', secure: true, httpOnly: true, sameSite: 'Lax', path: '/' } as const;

/** Binds the sign-in form to the browser that was shown it, before there is a session. */
const signInCookieName = 'interlock-sign-in';
const signInSeconds = 900;

/** The session that this browser's cookie names, or nothing: whatever is wrong with the cookie, nobody is signed in. */
export async function readSession(
  context: Context,
  keys: SessionKeys,
  now: number,
): Promise<Session | undefined> {
  return openSession(getCookie(context, sessionCookieName, 'host'), keys, now);
}

/** Starts a session and ends the sign-in attempt. */
export async function writeSession(
  context: Context,
  session: Session,
  keys: SessionKeys,
  now: number,
): Promise<void> {
  const token = await sealSession(session, keys, now);
  setCookie(context, sessionCookieName, token, { ...attributes, maxAge: sessionSeconds });
  deleteCookie(context, signInCookieName, attributes);
}

/** Takes the session cookie away from this browser. A copy of it lasts until it expires. */
export function clearSession(context: Context): void {
  deleteCookie(context, sessionCookieName, attributes);
}

/** The sign-in attempt that this browser was given, or nothing. It proves no identity. */
export function readSignInAttempt(context: Context): string | undefined {
  return getCookie(context, signInCookieName, 'host');
}

/** Gives this browser a sign-in attempt for 15 minutes; a form counts only together with it. */
export function writeSignInAttempt(context: Context, attemptId: string): void {
  setCookie(context, signInCookieName, attemptId, { ...attributes, maxAge: signInSeconds });
}
