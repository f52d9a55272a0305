import { InterlockError } from './errors.ts';

/** A value that canonical JSON can carry: no `undefined`, no non-finite number, no class instances. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * Text that is equal for two values exactly when the values are equal: keys sorted by UTF-16 code unit, no
 * white space, numbers and strings as `JSON.stringify` writes them (RFC 8785). Digests and the ledger's hash
 * chain are computed over it.
 *
 * @throws InterlockError `canonical-json.unrepresentable` for `undefined`, functions, symbols, bigints,
 * non-finite numbers, lone surrogates and objects that are not plain: dropping them silently would let two
 * different values share a digest.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$');
}

function write(value: unknown, path: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw unrepresentable(path, 'a string with a lone surrogate');
    return JSON.stringify(value);
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw unrepresentable(path, String(value));
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item, index) => write(item, `${path}[${index}]`)).join(',')}]`;
  }
  if (typeof value !== 'object') throw unrepresentable(path, typeof value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw unrepresentable(path, 'a class instance');
  const members = Object.entries(value).map(([key, member]) => {
    if (!key.isWellFormed()) throw unrepresentable(path, 'a key with a lone surrogate');
    return [key, `${JSON.stringify(key)}:${write(member, `${path}.${key}`)}`] as const;
  });
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([, text]) => text).join(',')}}`;
}

function unrepresentable(path: string, found: string): InterlockError {
  return new InterlockError(
    'canonical-json.unrepresentable',
    `${path} holds ${found}; canonical JSON carries only plain JSON values`,
  );
}
