import * as z from 'zod/mini';
import { approversOf } from '../approvals/approval.ts';
import type { EpochMs } from '../platform/clock.ts';
import { isHeldBy, isLeaseLive, type TargetLock } from './target-lock.ts';

/** Which condition of invariant 1 was missing. */
export type RefusalKind =
  | 'kill-switch'
  | 'decision'
  | 'approval'
  | 'break-glass'
  | 'exception'
  | 'stage'
  | 'limit'
  | 'lock'
  | 'status'
  | 'policy-changed';

export interface AuthoriseRefusal {
  readonly outcome: 'refused';
  readonly refusal: RefusalKind;
  readonly reason: string;
}

/** What stood where a condition of the transaction did not hold: `held` conditions are not in it. */
export interface FailedConditions {
  readonly change?: { readonly found: Found };
  readonly killSwitch?: { readonly found: Found; readonly scope?: string };
  readonly decision?: { readonly found: Found };
  readonly approval?: { readonly found: Found };
  readonly plan?: { readonly found: Found };
  readonly stage?: { readonly found: Found };
  readonly exception?: { readonly found: Found };
  readonly usage?: { readonly found: Found };
  readonly breakGlass?: { readonly found: Found };
  readonly lock?: { readonly found: TargetLock | undefined };
}
type Found = Readonly<Record<string, unknown>> | undefined;

const votesSchema = z.array(
  z.object({
    identityId: z.string().check(z.minLength(1)),
    /** Whose authority it was given with: nobody makes a quorum with their own stand-in. */
    onBehalfOf: z.exactOptional(z.string().check(z.minLength(1))),
    displayName: z.string(),
    verdict: z.enum(['approve', 'reject']),
    atEpochMs: z.int(),
  }),
);

export interface AuthoriseSubject {
  readonly changeId: string;
  readonly incidentId: string;
  readonly planDigest: string;
  readonly fencingToken: number;
  readonly policyDigest: string;
}

/**
 * Why the transaction did not go through, in words. The order is the order of what an operator should know
 * first: whether the change is in a state to start at all, then the kill switch, then what was decided.
 */
export function explainRefusal(
  failed: FailedConditions,
  subject: AuthoriseSubject,
  now: EpochMs,
): AuthoriseRefusal {
  if (failed.change !== undefined) return refused('status', statusReason(failed.change.found));
  if (failed.killSwitch !== undefined) {
    return refused(
      'kill-switch',
      failed.killSwitch.found === undefined
        ? 'the kill switch was never switched off, which counts as engaged'
        : `the kill switch${failed.killSwitch.scope === undefined ? '' : ` (${failed.killSwitch.scope})`} is engaged`,
    );
  }
  if (failed.decision !== undefined) return explainDecision(failed.decision.found, subject, now);
  if (failed.stage !== undefined) {
    return refused('stage', 'the autonomy stage was changed after the decision; it has to be made again');
  }
  if (failed.exception !== undefined) {
    return refused('exception', 'the exception that permitted this was taken back, or has run out');
  }
  if (failed.breakGlass !== undefined) {
    return refused('break-glass', 'the break-glass has run out or was never opened for this incident');
  }
  if (failed.approval !== undefined) return explainApproval(failed.approval.found, subject, now);
  if (failed.plan !== undefined)
    return refused('decision', 'the plan is gone or was altered under its digest');
  if (failed.usage !== undefined) {
    return refused('limit', 'a limit on the changes of one day is reached; it starts anew at 00:00 UTC');
  }
  if (failed.lock !== undefined) return refused('lock', lockReason(failed.lock.found, subject, now));
  return refused('status', 'the transaction was refused without saying which condition did not hold');
}

/** A decision that can lead to a start, as far as it can be told before the transaction checks it again. */
export function permits(decision: Found): decision is Readonly<Record<string, unknown>> {
  return decision?.['outcome'] === 'auto' || decision?.['outcome'] === 'require-approval';
}

/** True when the change rests on a broken glass, which must then still be broken when it starts. */
export function isUnderBreakGlass(decision: Found, approval: Found): boolean {
  return decision?.['breakGlass'] === true || approval?.['breakGlassBy'] !== undefined;
}

export function explainDecision(decision: Found, subject: AuthoriseSubject, now: EpochMs): AuthoriseRefusal {
  if (decision === undefined) return refused('decision', 'there is no decision for this plan');
  if (!permits(decision)) return refused('decision', 'the decision for this plan does not permit a change');
  if (decision['policyDigest'] !== subject.policyDigest) {
    return refused('policy-changed', 'the policies changed after the decision; it has to be made again');
  }
  const notAfter = decision['notAfterEpochMs'];
  if (notAfter !== undefined && !(typeof notAfter === 'number' && now <= notAfter)) {
    const until = typeof notAfter === 'number' ? new Date(notAfter).toISOString() : 'an unreadable time';
    return refused('decision', `the policies permitted a start until ${until} and no longer`);
  }
  return refused('decision', 'the decision changed while the change was starting');
}

export function explainApproval(approval: Found, subject: AuthoriseSubject, now: EpochMs): AuthoriseRefusal {
  return refused('approval', approvalReason(approval, subject, now));
}

function statusReason(change: Found): string {
  const status = change?.['status'];
  return typeof status === 'string'
    ? `the change is ${status} under another holder or not ready to start`
    : 'the change is not recorded';
}

function approvalReason(approval: Found, subject: AuthoriseSubject, now: EpochMs): string {
  if (approval === undefined) return 'there is no approval';
  if (approval['status'] !== 'approved') return `the approval is ${String(approval['status'])}`;
  if (approval['planDigest'] !== subject.planDigest || approval['incidentId'] !== subject.incidentId) {
    return 'the approval was given to another plan';
  }
  const usableUntil = approval['usableUntilEpochMs'];
  if (typeof usableUntil !== 'number' || usableUntil <= now) return 'the approval is no longer usable';
  return 'the approval changed, or does not carry the quorum of distinct people that the decision asked for';
}

/** How many distinct people an approval as stored was given by; one unreadable vote voids all. */
export function countApprovers(approval: Found): number {
  const votes: unknown = approval?.['votes'];
  const readable = z.safeParse(votesSchema, votes);
  return readable.success ? approversOf({ votes: readable.data }).size : 0;
}

function lockReason(lock: TargetLock | undefined, subject: AuthoriseSubject, now: EpochMs): string {
  if (!isHeldBy(lock, subject.changeId, subject.fencingToken)) {
    return 'the target lock is not held under this fencing token';
  }
  return lock !== undefined && isLeaseLive(lock, now)
    ? 'the target lock changed while the change was starting'
    : 'the lease of the target lock has run out';
}

export function refused(refusal: RefusalKind, reason: string): AuthoriseRefusal {
  return { outcome: 'refused', refusal, reason };
}
