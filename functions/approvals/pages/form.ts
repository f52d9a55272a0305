import type { Context } from 'hono';
import * as z from 'zod/mini';

/** The largest request body read, in bytes: a comment of 1,000 four-byte characters, percent-encoded, fits. */
export const bodyLimitBytes = 16 * 1_024;

/**
 * A form's fields through a strict schema, or nothing: an unknown, missing or repeated field, a file and a body
 * that is no form are all refused.
 */
export async function readForm<Schema extends z.ZodMiniType>(
  context: Context,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  try {
    const fields = await context.req.parseBody({ all: true });
    const parsed = z.safeParse(schema, { ...fields });
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
