import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { EpochMs } from '../platform/clock.ts';
import { oneLine } from './bounded-text.ts';
import { type CooldownWindow, isOpen, recoversFrom } from './cooldown.ts';
import type { StoredIncident } from './intake-items.ts';

/**
 * Whether a problem came back during the cooldown that followed this incident and is still there now that the
 * cooldown is over. Nothing will report it again: CloudWatch only reports changes.
 */
export function isUnresolved(window: CooldownWindow, incident: StoredIncident, now: EpochMs): boolean {
  if (window.incidentId !== incident.incidentId || window.suppressedAtEpochMs === undefined) return false;
  // The recovery can have overtaken the report on its way here: then it had nothing to clear.
  const { recoveredAtEpochMs } = incident;
  if (recoveredAtEpochMs !== undefined && recoversFrom(window, recoveredAtEpochMs)) return false;
  return !isOpen(window, now);
}

export function unresolvedEntry({ incidentId, ...window }: CooldownWindow, now: EpochMs): LedgerEvent {
  return {
    type: 'signal.unresolved',
    atEpochMs: now,
    actor: { kind: 'system', id: 'sweep-incidents' },
    detail: {
      incidentId,
      ...(window.suppressedEventId === undefined ? {} : { eventId: window.suppressedEventId }),
      ...(window.suppressedAtEpochMs === undefined
        ? {}
        : { suppressedAtEpochMs: window.suppressedAtEpochMs }),
    },
  };
}

/** What a person is told about a problem that outlasted the cooldown. The title is untrusted text, quoted. */
export function unresolvedMessage(
  { suppressedAtEpochMs = 0, suppressedEventId }: CooldownWindow,
  { incidentId, signal }: StoredIncident,
): { readonly subject: string; readonly message: string } {
  const { severity, resource, environment, title } = signal;
  return {
    subject: `Interlock: a problem came back after incident ${incidentId}`,
    message: [
      'The problem came back during the cooldown and no recovery was reported since; no incident was opened for it.',
      '',
      `What: ${severity} problem with ${oneLine(resource.id)} in ${environment}, first reported as "${oneLine(title)}"`,
      `Since: ${new Date(suppressedAtEpochMs).toISOString()}`,
      'Next: Look at it and fix it by hand; the next report of it opens an incident.',
      '',
      `Timeline: interlock incident show ${incidentId}`,
      `Why it was suppressed: interlock explain ${suppressedEventId ?? incidentId}`,
    ].join('\n'),
  };
}
