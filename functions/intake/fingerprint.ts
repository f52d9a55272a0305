import { digestOf } from '../platform/digest.ts';
import { valueAt } from './event-pattern.ts';
import type { IncidentClass } from './taxonomy.ts';

/** What a problem is about. */
export interface Resource {
  readonly type: string;
  readonly id: string;
}

/**
 * The identity of a problem: SHA-256 over class, environment, resource and the taxonomy's fingerprint fields.
 * Two reports of one problem share it however the rest of the event differs; a field the event lacks counts as
 * `null`.
 */
export function fingerprintOf(
  entry: Pick<IncidentClass, 'class' | 'fingerprintFields'>,
  environment: string,
  resource: Resource,
  event: unknown,
): string {
  const fields = entry.fingerprintFields.map((path) => [path, valueAt(event, path) ?? null]);
  return digestOf({ class: entry.class, environment, resource: { ...resource }, fields });
}
