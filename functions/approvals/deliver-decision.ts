import type { EpochMs } from '../platform/clock.ts';
import type { Approval, TooLateReason } from './approval.ts';

/**
 * What a waiting execution is told. A rejection is an answer, not a failure of the task; so are a cancellation and
 * an end that comes before the execution's own.
 */
export interface CallbackOutput {
  readonly outcome: 'approved' | 'rejected' | 'cancelled' | 'expired';
  readonly approvalId: string;
}

/** What telling an execution needs from the outside. */
export interface DeliveryPorts {
  readonly approvals: {
    get(approvalId: string): Promise<Approval | undefined>;
    tokenOf(approvalId: string): Promise<Uint8Array | undefined>;
    beginCallback(approval: Approval): Promise<Approval | 'superseded'>;
    markDelivered(approval: Approval, tooLate?: TooLateReason): Promise<'marked' | 'superseded'>;
  };
  readonly tokens: { decrypt(approvalId: string, ciphertext: Uint8Array): Promise<string | 'unreadable'> };
  readonly executions: {
    succeed(token: string, output: CallbackOutput): Promise<'delivered' | 'no-longer-waiting'>;
  };
}

/**
 * Whether the sweep tries to tell the execution: 1, 3, 6, 10, … minutes after the decision, so that nobody hammers
 * what has been away for hours, and what was decided just now is told soon.
 */
export function isTellingDue(
  { callbackAttempts: tried, decidedAtEpochMs = 0 }: Approval,
  now: EpochMs,
): boolean {
  return now >= decidedAtEpochMs + (60_000 * tried * (tried + 1)) / 2;
}

/** `superseded`: somebody else wrote first, and the stream or the sweep brings the record here again. */
export type DeliveryOutcome = 'delivered' | 'nothing-to-deliver' | 'too-late' | 'superseded';

/**
 * Tells the waiting execution what people decided, or that they need not any more: what is stored, never the
 * record that announced it.
 * Run again after a crash at any point, it ends the same:
 *
 *     begin (attempt 1) ── send ✓ ── ✗ crash
 *                                    again: begin (attempt 2) ── send: waits no longer ── mark delivered
 *
 * An execution that waits no longer on the very first attempt was never told: that is reported. On a later
 * attempt an earlier one may have told it, so nothing is reported here; if the wait did time out, settling
 * the approval reports it. Where it was cancelled because its incident had closed, nobody is expected to wait.
 */
export async function deliverDecision(
  { approvals, tokens, executions }: DeliveryPorts,
  approvalId: string,
): Promise<DeliveryOutcome> {
  const approval = await approvals.get(approvalId);
  if (approval === undefined || approval.callbackDelivered) return 'nothing-to-deliver';
  const { status } = approval;
  if (status === 'pending') return 'nothing-to-deliver';
  const finish = async (from: Approval, tooLate?: TooLateReason): Promise<DeliveryOutcome> => {
    if ((await approvals.markDelivered(from, tooLate)) === 'superseded') return 'superseded';
    return tooLate === undefined ? 'delivered' : 'too-late';
  };
  const ciphertext = await approvals.tokenOf(approvalId);
  if (ciphertext === undefined) return finish(approval, 'token-missing');
  const token = await tokens.decrypt(approvalId, ciphertext);
  if (token === 'unreadable') return finish(approval, 'token-unreadable');
  const begun = await approvals.beginCallback(approval);
  if (begun === 'superseded') return 'superseded';
  const sent = await executions.succeed(token, { outcome: status, approvalId });
  const isUnexpected = begun.callbackAttempts === 1 && approval.cancelledBecause !== 'incident-closed';
  return finish(
    begun,
    sent === 'no-longer-waiting' && isUnexpected ? 'execution-no-longer-waits' : undefined,
  );
}
