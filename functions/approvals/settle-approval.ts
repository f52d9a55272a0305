import type { Approval, ApprovalStatus, TooLateReason } from './approval.ts';

/** What settling needs from the outside. */
export interface SettlePorts {
  /** Ends the wait unless a decision was made; answers with what stands. */
  expire(approvalId: string, by: 'settle-approval'): Promise<Approval | undefined>;
  markDelivered(approval: Approval, tooLate?: TooLateReason): Promise<'marked' | 'superseded'>;
}

/** How often a lost race with the callback is read again. */
const attempts = 10;

/**
 * Says what became of an approval whose wait has timed out. A decision or cancellation that was stored first wins,
 * and that it had not reached the execution is reported once. An approval that was never stored counts as expired.
 */
export async function settleApproval(
  ports: SettlePorts,
  approvalId: string,
): Promise<{ outcome: Exclude<ApprovalStatus, 'pending'> }> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const approval = await ports.expire(approvalId, 'settle-approval');
    if (approval === undefined || approval.status === 'pending' || approval.status === 'expired') break;
    const settled = { outcome: approval.status };
    if (approval.callbackTooLate !== undefined) return settled;
    if ((await ports.markDelivered(approval, 'wait-timed-out')) === 'marked') return settled;
    if (attempt === attempts) return settled;
  }
  return { outcome: 'expired' };
}
