import type * as z from 'zod/mini';

/**
 * Names what a schema refused, for a message: paths of the members at fault, and the kind of fault where the
 * value as a whole is none. Never a value.
 *
 * @example malformedMembers(error) // 'version, grants.0.group'
 */
export function malformedMembers({ issues }: Pick<z.core.$ZodError, 'issues'>): string {
  return issues.map(({ path, code }) => (path.length === 0 ? code : path.join('.'))).join(', ');
}
