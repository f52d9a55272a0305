import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { attemptSeconds } from './oidc-attempt.ts';
import { canBeSessionSecret, sessionSeconds } from './session.ts';

/**
 * `__Host-` makes the browser insist on `Secure`, this host only and `Path=/`. `Lax` rather than `Strict`,
 * because approvers arrive by a link from their mail.
 */
const attributes = { prefix: 'host', secure: true, httpOnly: true, sameSite: 'Lax', path: '/' } as const;

const sessionCookieName = 'interlock-session';
/** Binds the provider's answer to the browser that began the sign-in, before there is a session. */
const attemptCookieName = 'interlock-sign-in';

/** What this browser's session cookie holds, or nothing where it cannot be one of ours. It proves no identity. */
export function readSessionCookie(context: Context): string | undefined {
  const cookie = getCookie(context, sessionCookieName, 'host');
  return canBeSessionSecret(cookie) ? cookie : undefined;
}

/** Gives this browser a session, for as long as sessions last. */
export function writeSessionCookie(context: Context, secret: string): void {
  setCookie(context, sessionCookieName, secret, { ...attributes, maxAge: sessionSeconds });
}

/** Takes the session cookie away from this browser; ending the session is the store's part. */
export function clearSessionCookie(context: Context): void {
  deleteCookie(context, sessionCookieName, attributes);
}

/** The sealed sign-in attempt of this browser, or nothing. */
export function readAttemptCookie(context: Context): string | undefined {
  return getCookie(context, attemptCookieName, 'host');
}

/** Gives this browser a sign-in attempt; a later one replaces it. */
export function writeAttemptCookie(context: Context, sealed: string): void {
  setCookie(context, attemptCookieName, sealed, { ...attributes, maxAge: attemptSeconds });
}

/** Ends the attempt in this browser. */
export function clearAttemptCookie(context: Context): void {
  deleteCookie(context, attemptCookieName, attributes);
}
