import type { EpochMs } from '../platform/clock.ts';
import type { Admission } from './cooldown.ts';

/**
 * The sentence that `interlock explain <event-id>` shows: what happened to an event and by which rule, for
 * somebody who was just woken up.
 */
export function explainOpening(
  admission: Extract<Admission, { decision: 'open' | 'pierce' }>,
  incidentId: string,
  previous: { incidentId: string; severity: string } | undefined,
  severity: string,
): string {
  const opened = `opened: incident ${incidentId} was started because`;
  if (previous === undefined) return `${opened} no earlier incident for this problem is known`;
  switch (admission.because) {
    case 'severity-rose':
      return `${opened} the problem rose from ${previous.severity} to ${severity}; it takes the place of incident ${previous.incidentId}`;
    case 'quiet-period-over':
      return `${opened} the problem came back after a quiet period; the last incident was ${previous.incidentId}`;
    case 'cooldown-over':
      return `${opened} the cooldown after incident ${previous.incidentId} is over; the next cooldown is ${admission.cooldownSeconds} seconds`;
    case 'no-window':
      return `${opened} no earlier incident for this problem is known`;
  }
}

export function explainSuppression(admission: Extract<Admission, { decision: 'suppress' }>): string {
  return admission.because === 'incident-open'
    ? `suppressed: incident ${admission.incidentId} for the same problem is still open`
    : `suppressed: incident ${admission.incidentId} for the same problem has closed and its cooldown lasts until ${instant(admission.untilEpochMs)}`;
}

export function explainRecovery(incidentId: string): string {
  return `attached: the problem recovered; noted on incident ${incidentId}`;
}

export const explainRecoveryWithoutIncident =
  'recorded: the problem recovered, but no incident for it is open or cooling down';

export function explainLateRecovery(incidentId: string): string {
  return `recorded: this recovery is older than what is known of incident ${incidentId}, so it says nothing about it`;
}

function instant(at: EpochMs): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
