import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { commentMaxCharacters } from '../approval.ts';
import { refusalAnswers } from '../refusal-answers.ts';

/** Every error of the API: a stable code, its HTTP status, and a sentence that says what to do. */
const errors = {
  'malformed-request': [400, 'a query parameter is missing, unknown or malformed'],
  'malformed-body': [
    400,
    `the body must be JSON with planDigest, verdict (approve or reject), a reason with reject only, and a comment of at most ${commentMaxCharacters} characters, which the reason other needs`,
  ],
  'not-signed-in': [401, 'send an ID token of the command line client: Authorization: Bearer …'],
  'sign-in-expired': [401, 'the ID token is older than five minutes; get a new one'],
  'sign-in-invalid': [401, 'the ID token is not one of the command line client of this stage'],
  'not-an-approver': [403, 'none of your groups may decide anything here'],
  'not-found': [404, 'there is no such thing, or it is not yours to read'],
  'body-too-large': [413, 'the body is larger than 16 kB'],
  'unsupported-media-type': [415, 'the body must be application/json'],
  failed: [500, 'something went wrong; look at the approval again before you decide'],
  'not-configured': [501, 'this stage has no command line client at an identity provider; use the page'],
  'subject-per-client': [
    503,
    'the identity provider calls one person by another sub in each client, so nothing was decided; deploy with oidcIdentityClaim naming a claim that is the same in both, such as oid at Entra ID',
  ],
  'identity-provider-unavailable': [
    503,
    'the identity provider does not answer; nothing was decided; try again',
  ],
  // What is said of a vote is said the same on a page.
  'already-decided': refusalAnswers['already-decided'],
  cancelled: refusalAnswers.cancelled,
  expired: refusalAnswers.expired,
  'no-authority': refusalAnswers['no-authority'],
  'plan-altered': refusalAnswers['plan-altered'],
} as const satisfies Record<string, readonly [ContentfulStatusCode, string]>;

/** The word by which a program tells errors apart. */
export type ApiErrorCode = keyof typeof errors;

/** Answers with `{ "error": { "code", "message" } }`. */
export function apiError(
  context: Context,
  code: ApiErrorCode,
  headers: Record<string, string> = {},
): Response {
  const [status, message] = errors[code];
  return context.json({ error: { code, message } }, status, headers);
}
