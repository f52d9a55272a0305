import type { EpochMs } from '../platform/clock.ts';
import {
  type Approval,
  approversOf,
  type CancelReason,
  endsEarly,
  isPastExpiry,
  isWaiting,
  type Vote,
} from './approval.ts';
import { type Authority, samePerson } from './authority.ts';

/** What became of a vote. Only `recorded` changes anything; its `approval` is the one to store. */
export type VoteOutcome =
  | { readonly outcome: 'recorded'; readonly approval: Approval }
  | { readonly outcome: 'already-voted'; readonly approval: Approval }
  | { readonly outcome: 'already-decided'; readonly approval: Approval }
  | { readonly outcome: 'expired'; readonly approval: Approval }
  | { readonly outcome: 'cancelled'; readonly approval: Approval }
  | { readonly outcome: 'not-allowed'; readonly approval: Approval };

/**
 * Adds one vote. One rejection decides; approvals decide once the quorum of distinct people is reached. A
 * person who approved may still reject while the approval is pending; saying the same thing again changes
 * nothing.
 *
 * @param authority What {@link authorityOver} said about the voter at this moment.
 * @param usableSeconds How long a change may still start after the approval.
 */
export function castVote(
  approval: Approval,
  vote: Vote,
  authority: Authority,
  usableSeconds: number,
): VoteOutcome {
  if (authority.may !== 'decide') return { outcome: 'not-allowed', approval };
  if (approval.status === 'expired' || approval.status === 'cancelled') {
    return { outcome: approval.status, approval };
  }
  const own = approval.votes.filter(({ identityId }) => samePerson(identityId, vote.identityId));
  if (own.some(({ verdict }) => verdict === vote.verdict)) return { outcome: 'already-voted', approval };
  if (approval.status !== 'pending') return { outcome: 'already-decided', approval };
  if (isPastExpiry(approval, vote.atEpochMs)) return { outcome: 'expired', approval };
  const recorded = { ...approval, votes: [...approval.votes, vote], version: approval.version + 1 };
  if (vote.verdict === 'reject') {
    return {
      outcome: 'recorded',
      approval: { ...recorded, status: 'rejected', decidedAtEpochMs: vote.atEpochMs },
    };
  }
  if (approversOf(recorded).size < approval.quorum) return { outcome: 'recorded', approval: recorded };
  return {
    outcome: 'recorded',
    approval: {
      ...recorded,
      status: 'approved',
      decidedAtEpochMs: vote.atEpochMs,
      usableUntilEpochMs: noLaterThan(approval, vote.atEpochMs + usableSeconds * 1_000),
    },
  };
}

/**
 * Approves what is pending without its quorum, because somebody broke the glass for its incident. Verdicts on
 * changes are left alone: they roll back when nobody answers, which needs no haste.
 */
export function approveUnderBreakGlass(
  approval: Approval,
  by: string,
  now: EpochMs,
  glassExpiresAtEpochMs: EpochMs,
): { readonly outcome: 'approved' | 'not-pending'; readonly approval: Approval } {
  if (!isWaiting(approval, now) || approval.verdictOn !== undefined) {
    return { outcome: 'not-pending', approval };
  }
  return {
    outcome: 'approved',
    approval: {
      ...approval,
      status: 'approved',
      breakGlassBy: by,
      decidedAtEpochMs: now,
      usableUntilEpochMs: noLaterThan(approval, glassExpiresAtEpochMs),
      version: approval.version + 1,
    },
  };
}

/** A start that the policies no longer permit is nobody's to allow. */
function noLaterThan({ notAfterEpochMs = Number.POSITIVE_INFINITY }: Approval, at: EpochMs): EpochMs {
  return Math.min(notAfterEpochMs, at);
}

/**
 * Ends the wait without a decision. A decision that was made first stays.
 *
 * @param mayStillWait Whether the execution may be waiting yet. It ends its wait by itself, and is told only of an
 * end that comes before that.
 */
export function expire(
  approval: Approval,
  now: EpochMs,
  mayStillWait = false,
): { readonly outcome: 'expired' | 'already-decided'; readonly approval: Approval } {
  if (approval.status !== 'pending') return { outcome: 'already-decided', approval };
  return {
    outcome: 'expired',
    approval: {
      ...approval,
      status: 'expired',
      decidedAtEpochMs: now,
      version: approval.version + 1,
      callbackDelivered: !(mayStillWait && endsEarly(approval)),
    },
  };
}

/** Ends the wait because there is nothing left to decide. A decision that was made first stays; so does a verdict. */
export function cancel(
  approval: Approval,
  because: CancelReason,
  now: EpochMs,
): { readonly outcome: 'cancelled' | 'not-pending'; readonly approval: Approval } {
  if (!isWaiting(approval, now) || approval.verdictOn !== undefined) {
    return { outcome: 'not-pending', approval };
  }
  return {
    outcome: 'cancelled',
    approval: {
      ...approval,
      status: 'cancelled',
      cancelledBecause: because,
      decidedAtEpochMs: now,
      version: approval.version + 1,
    },
  };
}
