import * as z from 'zod/mini';
import { InvalidInputError } from '../platform/errors.ts';
import { severities } from '../platform/vocabulary.ts';

/** What triage needs of an incident item; intake owns the item and may add to it. */
const incidentSchema = z.object({
  incidentId: z.string(),
  signal: z.object({
    eventId: z.string(),
    class: z.string(),
    severity: z.enum(severities),
    environment: z.string(),
    resource: z.object({ type: z.string(), id: z.string() }),
    /** Untrusted text, as is `detail`. */
    title: z.string(),
    detail: z.optional(z.string()),
    alarmName: z.optional(z.string()),
  }),
});

/** The problem that triage is asked about. */
export type Incident = z.output<typeof incidentSchema>;

/** @throws InvalidInputError `triage.invalid-incident` naming the members at fault. */
export function parseIncident(item: unknown): Incident {
  const parsed = z.safeParse(incidentSchema, item);
  if (parsed.success) return parsed.data;
  const members = parsed.error.issues.map((issue) => issue.path.join('.') || '(root)').join(', ');
  throw new InvalidInputError('triage.invalid-incident', `incident item lacks or misstates: ${members}`);
}
