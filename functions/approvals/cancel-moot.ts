import type { Approval, CancelReason } from './approval.ts';
import type { IncidentRecord } from './dossier.ts';

/** Who noticed that nobody needs to decide any more. */
export type CancelledBy = 'incident-watch' | 'approval-sweep';

/** What cancelling needs from the outside. */
export interface CancelPorts {
  readonly incidents: {
    /** As it stands now, never as a stream record had it: the problem may have come back since. */
    incidentRecord(incidentId: string): Promise<IncidentRecord | undefined>;
    /** The approvals that decisions of this incident ask for. */
    approvalsOf(incidentId: string): Promise<string[]>;
  };
  readonly approvals: {
    /** Answers with what stands: a decision that was made first stays, and so does the question where the problem is back. */
    cancel(approvalId: string, because: CancelReason, by: CancelledBy): Promise<Approval | undefined>;
  };
}

/** Why nobody needs to decide on an incident any more; nothing while somebody does, or where nobody can tell. */
export function cancelReasonOf(incident: IncidentRecord | undefined): CancelReason | undefined {
  if (incident === undefined) return undefined;
  if (incident.status === 'closed') return 'incident-closed';
  return incident.recoveredAtEpochMs === undefined ? undefined : 'incident-recovered';
}

/** Cancels whatever people are still asked about an incident that needs nobody any more. */
export async function cancelMoot(
  { incidents, approvals }: CancelPorts,
  incidentId: string,
  by: CancelledBy,
): Promise<CancelReason | 'still-needed'> {
  const because = cancelReasonOf(await incidents.incidentRecord(incidentId));
  if (because === undefined) return 'still-needed';
  for (const approvalId of await incidents.approvalsOf(incidentId)) {
    await approvals.cancel(approvalId, because, by);
  }
  return because;
}
