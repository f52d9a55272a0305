import * as z from 'zod/mini';
import { InterlockError } from './errors.ts';

/**
 * Reads a function's settings from its environment once, at cold start, through one schema. Unknown variables
 * are ignored (the runtime sets dozens); a missing or malformed one is named.
 *
 * @throws InterlockError `settings.invalid` naming each variable at fault, never its value.
 * @example const settings = readSettings({ OPERATIONS_TABLE: z.string(), APPROVAL_SECONDS: z.coerce.number() });
 */
export function readSettings<Shape extends z.core.$ZodShape>(
  shape: Shape,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<z.ZodMiniObject<Shape>> {
  const parsed = z.safeParse(z.object(shape), environment);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new InterlockError(
    'settings.invalid',
    `environment variables missing or malformed: ${names}; set them on the function`,
  );
}
