import * as z from 'zod/mini';
import { showUntrusted } from '../untrusted-text.ts';

/** The longest reason for stopping everything, in UTF-16 units. */
export const stopReasonMaxCharacters = 200;

/** The fields of the form that stops everything. */
export const stopForm = z.strictObject({
  csrf: z.optional(z.string()),
  /** On one line and with every deceptive character written out before it is kept: terminals show it too. */
  reason: z.string().check(
    z.trim(),
    z.minLength(1),
    z.maxLength(stopReasonMaxCharacters),
    z.overwrite((text) => showUntrusted(text.replaceAll(/\s+/g, ' '))),
  ),
});
