import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SessionKeys } from '../sign-in/session.ts';

/**
 * The hidden field that proves a form came from our own page: an HMAC over the session and what the form is
 * for, so that one taken from another session or another approval is worthless.
 *
 * @param purpose What the form does: `approval/<approvalId>`, `batch/<key>`, `stop`, `sign-out`.
 */
export function formToken(keys: SessionKeys, sessionId: string, purpose: string): string {
  return createHmac('sha256', keys.form)
    .update(JSON.stringify([sessionId, purpose]))
    .digest('base64url');
}

/** Whether a field proves that; compares in constant time, and anything but a string proves nothing. */
export function isFormToken(keys: SessionKeys, sessionId: string, purpose: string, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const expected = Buffer.from(formToken(keys, sessionId, purpose));
  const actual = Buffer.from(given);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
