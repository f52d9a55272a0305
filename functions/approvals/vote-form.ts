import * as z from 'zod/mini';
import { commentMaxCharacters, type RejectReason, rejectReasons } from './approval.ts';
import { batchItems } from './pages/batch.ts';

/** Browsers send line breaks as two characters and count them as one. */
const comment = z.optional(
  z.string().check(
    z.overwrite((text) => text.replaceAll('\r\n', '\n').trim()),
    z.maxLength(commentMaxCharacters),
  ),
);
const csrf = z.optional(z.string());
/** What was shown: an approval counts for that plan only. */
const planDigest = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** Whether a rejection tells anybody anything: `other` alone does not, so it takes a comment that can be seen. */
export function isExplained(said: {
  readonly reason: RejectReason;
  readonly comment?: string | undefined;
}): boolean {
  return said.reason !== 'other' || /[^\p{C}\p{Z}]/u.test(said.comment ?? '');
}

/** The fields of a vote: a rejection takes a reason that says something, an approval must not have one. */
export const verdictForm = z.discriminatedUnion('verdict', [
  z.strictObject({ csrf, planDigest, verdict: z.literal('approve'), comment }),
  z
    .strictObject({ csrf, planDigest, verdict: z.literal('reject'), reason: z.enum(rejectReasons), comment })
    .check(z.refine(isExplained)),
]);

/** The fields of a batch: what was ticked, each bound to the plan that was shown, and one verdict for all of it. */
export const batchForm = z.discriminatedUnion('verdict', [
  z.strictObject({ csrf, item: batchItems, verdict: z.literal('approve'), comment }),
  z
    .strictObject({
      csrf,
      item: batchItems,
      verdict: z.literal('reject'),
      reason: z.enum(rejectReasons),
      comment,
    })
    .check(z.refine(isExplained)),
]);

/** The JSON of a vote through the API: there is no form there, so there is no form token. */
export const verdictBody = z.discriminatedUnion('verdict', [
  z.strictObject({ planDigest, verdict: z.literal('approve'), comment }),
  z
    .strictObject({ planDigest, verdict: z.literal('reject'), reason: z.enum(rejectReasons), comment })
    .check(z.refine(isExplained)),
]);
