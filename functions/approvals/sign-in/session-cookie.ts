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
/**
 * Binds the provider's answer to the browser that began the sign-in, before there is a session. Each tab that is
 * signing in has a cookie of its own, named after its state: finishing one leaves the others as they are.
 */
const attemptPrefix = 'interlock-sign-in-';
/** What is set under a name arrives under that of the prefix too. */
const attemptNameInRequest = /^__Host-(interlock-sign-in-[0-9a-f]{16})$/;
/** A page that opens sign-ins by the dozen must not fill the browser's cookies. */
const attemptsAtMost = 3;

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

/** The sealed attempt that this browser began for a state, or nothing. */
export function readAttemptCookie(context: Context, stateDigest: string): string | undefined {
  return getCookie(context, attemptCookieName(stateDigest), 'host');
}

/** Gives this browser a sign-in attempt beside those of its other tabs, of which the latest stay. */
export function writeAttemptCookie(context: Context, stateDigest: string, sealed: string): void {
  // Browsers send what they got first first; where one does not, a tab has to begin again, no more.
  const others = Object.keys(getCookie(context)).flatMap(
    (name) => attemptNameInRequest.exec(name)?.[1] ?? [],
  );
  for (const name of others.slice(0, Math.max(0, others.length + 1 - attemptsAtMost))) {
    deleteCookie(context, name, attributes);
  }
  setCookie(context, attemptCookieName(stateDigest), sealed, { ...attributes, maxAge: attemptSeconds });
}

/** Ends this one attempt in this browser. */
export function clearAttemptCookie(context: Context, stateDigest: string): void {
  deleteCookie(context, attemptCookieName(stateDigest), attributes);
}

function attemptCookieName(stateDigest: string): string {
  return attemptPrefix + stateDigest.slice(0, 16);
}
