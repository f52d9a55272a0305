import { InterlockError } from '../platform/errors.ts';

/** What a boundary looks like: 128 random bits, new for each prompt, so that no text can contain it by intent. */
const boundaryPattern = /^[0-9a-f]{32}$/;

/**
 * Puts untrusted text between two lines that carry the prompt's boundary. The text cannot end its own fence:
 * the boundary is taken out of it should it occur, and so are the angle brackets that fences are made of.
 * Control characters become spaces (a newline and a tab stay).
 *
 * @param maxCharacters Longer text is cut and says so.
 * @throws InterlockError `triage.weak-boundary` unless the boundary is 32 hexadecimal digits.
 */
export function fence(label: string, text: string, boundary: string, maxCharacters: number): string {
  return wrap(label, plain(bounded(text, maxCharacters)), boundary);
}

/**
 * Fences JSON on one line. Its angle brackets and line separators are written as `\u` escapes, so that it
 * stays JSON and cannot look like a fence.
 */
export function fenceJson(label: string, value: unknown, boundary: string): string {
  const json = JSON.stringify(value).replace(
    /[<>\u2028\u2029\u0085]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return wrap(label, json, boundary);
}

function wrap(label: string, text: string, boundary: string): string {
  if (!boundaryPattern.test(boundary)) {
    throw new InterlockError('triage.weak-boundary', 'a prompt boundary must be 32 hexadecimal digits');
  }
  // The brackets are no hexadecimal digits, so the replacement cannot complete another boundary.
  const neutral = text.replaceAll(boundary, '[boundary removed]');
  return `<<<DATA ${boundary} ${label}>>>\n${neutral}\n<<<END ${boundary} ${label}>>>`;
}

function bounded(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  return `${text.slice(0, maxCharacters)} [cut: ${text.length} characters]`;
}

function plain(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\P{Cc}\n\t]|[\u2028\u2029]|\p{Cf}/gu, ' ')
    .replaceAll('<<<', '‹‹‹')
    .replaceAll('>>>', '›››');
}
