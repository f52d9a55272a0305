/** Any origin: only whether a path stays on it matters. */
const anyOrigin = 'https://interlock.invalid';

/**
 * Where to go after signing in: a path on this site, or the inbox. Absolute and protocol-relative addresses,
 * backslashes (which browsers read as slashes) and control characters (which they drop) all lead to the inbox.
 */
export function safeReturnPath(asked: unknown): string {
  if (typeof asked !== 'string' || asked.length > 512) return '/';
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(asked) || asked.includes('\\')) return '/';
  const url = URL.parse(asked, anyOrigin);
  if (url === null || url.origin !== anyOrigin || url.pathname.startsWith('//')) return '/';
  return url.pathname + url.search;
}
