import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/** SHA-256 of UTF-8 text as 64 lower-case hex digits (FIPS 180-4). */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** SHA-256 of a value's canonical JSON: equal exactly when the values are equal. */
export function digestOf(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
