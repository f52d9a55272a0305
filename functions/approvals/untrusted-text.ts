/**
 * Characters that change how a line reads without being seen: control characters, zero-width and invisible
 * ones, lone surrogates, and those that reverse the reading direction. Line breaks and tabs are what they look
 * like. An approver must see what the machine will do.
 */
const deceptive = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\n\t]]/gv;

/** Text from an alarm, a tag or a model, with every deceptive character written out as `⟨U+202E⟩`. */
export function showUntrusted(text: string): string {
  return text.replaceAll(
    deceptive,
    (character) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
}
