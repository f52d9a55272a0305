import * as z from 'zod/mini';
import { showUntrusted } from '../approvals/untrusted-text.ts';

/** As long as an identity id may be, in UTF-16 units. */
const nameMaxCharacters = 256;
/** What the pages' 200 characters grow to at most when each of them has to be written out: `⟨U+202E⟩`. */
const reasonMaxCharacters = 1_600;

/** On one line and with every deceptive character written out: terminals show it. */
const asOneLine = z.overwrite<string>((text) => showUntrusted(text.replaceAll(/\s+/g, ' ')));

/**
 * Asks for everything to be stopped. It names neither a state nor a scope: whoever may send it can stop, and
 * nothing in it can release.
 */
export const engageRequest = z.strictObject({
  /** Identity id of the person who stops. Whoever sends this has confirmed who they are. */
  by: z.string().check(z.trim(), z.minLength(1), z.maxLength(nameMaxCharacters), asOneLine),
  reason: z.string().check(z.trim(), z.minLength(1), z.maxLength(reasonMaxCharacters), asOneLine),
});

export type EngageRequest = z.output<typeof engageRequest>;

/** What it answers once the switch is engaged; anything else is a failure. */
export interface EngageOutcome {
  readonly outcome: 'engaged';
}
