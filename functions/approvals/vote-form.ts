import * as z from 'zod/mini';
import { commentMaxCharacters, rejectReasons } from './approval.ts';

/** Browsers send line breaks as two characters and count them as one. */
const comment = z.optional(
  z.string().check(
    z.overwrite((text) => text.replaceAll('\r\n', '\n').trim()),
    z.maxLength(commentMaxCharacters),
  ),
);
const csrf = z.optional(z.string());

/** The fields of a vote: a rejection takes a reason, an approval must not have one. */
export const verdictForm = z.discriminatedUnion('verdict', [
  z.strictObject({ csrf, verdict: z.literal('approve'), comment }),
  z.strictObject({ csrf, verdict: z.literal('reject'), reason: z.enum(rejectReasons), comment }),
]);
