/** Longest title of a signal, in UTF-16 units. */
const maxTitleLength = 200;
/** Longest detail of a signal, in bytes of UTF-8. */
const maxDetailBytes = 8_192;

/**
 * Characters that a reader does not see but a terminal, a page or a model obeys: controls, format characters
 * (bidirectional overrides, zero-width and tag characters) and the two Unicode line breaks.
 */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

/** Whether text holds a character that a person reading it would not see. */
export function hasInvisible(text: string): boolean {
  return invisible.test(text);
}

/** Text from outside on one line: controls become spaces, invisible characters go, the rest is cut at the limit. */
export function oneLine(text: string, maxLength: number = maxTitleLength): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll(/\p{Cf}/gu, '')
    .trim();
  if (line.length <= maxLength) return line;
  const cut = line.slice(0, maxLength - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** Text from outside over several lines: tabs and line feeds stay, at most `maxBytes` of UTF-8, no half characters. */
export function bounded(text: string, maxBytes: number = maxDetailBytes): string {
  const visible = text.toWellFormed().replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/gu, '');
  const { read } = new TextEncoder().encodeInto(visible, new Uint8Array(maxBytes));
  return visible.slice(0, read);
}
