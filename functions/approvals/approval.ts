import type { EpochMs } from '../platform/clock.ts';
import { InvalidInputError } from '../platform/errors.ts';

/** What is wrong with a proposed change: a rejection names one of these. */
export const rejectReasons = [
  'wrong-target',
  'wrong-timing',
  'wrong-diagnosis',
  'never-again',
  'other',
] as const;
export type RejectReason = (typeof rejectReasons)[number];

/** What one person said. `comment` is their free text, at most {@link commentMaxCharacters}. */
export interface Vote {
  readonly identityId: string;
  readonly displayName: string;
  readonly verdict: 'approve' | 'reject';
  /** Only with `reject`. */
  readonly reason?: RejectReason;
  readonly comment?: string;
  readonly atEpochMs: EpochMs;
  /** Whose authority was used, where it was delegated. */
  readonly onBehalfOf?: string;
  readonly via: VoteChannel;
}

/** Where a vote was cast. */
export type VoteChannel = 'page' | 'batch' | 'api' | 'slack';

/** The longest comment, in UTF-16 units. */
export const commentMaxCharacters = 1_000;

/** A change that was carried out and could not be judged: people say whether it stays. */
export interface VerdictQuestion {
  readonly changeId: string;
  /** Why validation could not tell, without values of the workload. */
  readonly reason: string;
}

/** `pending` waits for people; the others are final. */
export type ApprovalStatus = 'pending' | 'approved' | 'rejected' | 'expired' | 'cancelled';

/** Why nobody needs to decide any more. */
export type CancelReason =
  /** The problem went away by itself. */
  | 'incident-recovered'
  /** Nobody works on the incident any more. */
  | 'incident-closed';

/** One request to people, bound to one plan digest. Decided at most once: it leaves `pending` and stays as it is. */
export interface Approval {
  readonly approvalId: string;
  readonly incidentId: string;
  readonly planDigest: string;
  readonly status: ApprovalStatus;
  /** Distinct people who must approve, at least 1. */
  readonly quorum: number;
  /** Asks whether a change may stay (approve) or is rolled back (reject); absent: whether the plan may be carried out. */
  readonly verdictOn?: VerdictQuestion;
  readonly votes: readonly Vote[];
  /** Rises with every write but `refusedVotes`; a writer's condition names the one it read. */
  readonly version: number;
  readonly requestedAtEpochMs: EpochMs;
  /** A vote at or after this instant does not count. */
  readonly expiresAtEpochMs: EpochMs;
  /** No change may start on it after this instant, because the policies permit it no longer. */
  readonly notAfterEpochMs?: EpochMs;
  /** People are asked again at this instant. */
  readonly remindAtEpochMs: EpochMs;
  /** From this instant on, groups that join at escalation are asked and may decide too. */
  readonly escalateAtEpochMs: EpochMs;
  readonly remindedAtEpochMs?: EpochMs;
  readonly escalatedAtEpochMs?: EpochMs;
  readonly cancelledBecause?: CancelReason;
  /** When it left `pending`. */
  readonly decidedAtEpochMs?: EpochMs;
  /** Set when approved: a change that has not started before this instant may not start on it. */
  readonly usableUntilEpochMs?: EpochMs;
  /** Who stood in for the quorum by breaking the glass: then the glass must still be broken when the change starts. */
  readonly breakGlassBy?: string;
  /** Whether the waiting execution has been told, or is known to wait no more. */
  readonly callbackDelivered: boolean;
  /** How often telling it was begun: above 0, a refused token may mean that an earlier try succeeded. */
  readonly callbackAttempts: number;
  /** Why the decision did not reach the execution by its token, once that has been reported. */
  readonly callbackTooLate?: TooLateReason;
  /** Which refused votes the ledger holds: a reason and a person each, see `refused-vote.ts`. */
  readonly refusedVotes?: readonly string[];
}

/** Whether a text from an address may be looked up at all: 1 to 256 characters, as requests are. */
export function canBeApprovalId(text: string): boolean {
  return text.length >= 1 && text.length <= 256;
}

/** Why a decision did not reach the execution that had asked for it. */
export const tooLateReasons = [
  'execution-no-longer-waits',
  'token-missing',
  'token-unreadable',
  'wait-timed-out',
] as const;
export type TooLateReason = (typeof tooLateReasons)[number];

/**
 * Asks for approval of one plan. People are reminded after a third of its life; after two thirds it escalates.
 *
 * @throws InvalidInputError `approval.invalid-quorum`, `approval.invalid-life`.
 */
export function newApproval(request: {
  readonly approvalId: string;
  readonly incidentId: string;
  readonly planDigest: string;
  readonly quorum: number;
  readonly verdictOn?: VerdictQuestion;
  readonly requestedAtEpochMs: EpochMs;
  /** Ends its life early where it comes first. */
  readonly notAfterEpochMs?: EpochMs;
  readonly lifeSeconds: number;
}): Approval {
  const { lifeSeconds: longest, ...bound } = request;
  const { requestedAtEpochMs, notAfterEpochMs = Number.POSITIVE_INFINITY } = request;
  const lifeSeconds = Math.min(longest, (notAfterEpochMs - requestedAtEpochMs) / 1_000);
  if (!Number.isInteger(request.quorum) || request.quorum < 1) {
    throw new InvalidInputError(
      'approval.invalid-quorum',
      `approval ${request.approvalId} asks for ${request.quorum} approvers; it must be a whole number from 1`,
    );
  }
  if (!Number.isFinite(lifeSeconds) || lifeSeconds <= 0) {
    throw new InvalidInputError(
      'approval.invalid-life',
      `an approval must live longer than ${lifeSeconds} s`,
    );
  }
  const after = (seconds: number): EpochMs => requestedAtEpochMs + Math.round(seconds * 1_000);
  return {
    ...bound,
    status: 'pending',
    votes: [],
    version: 1,
    expiresAtEpochMs: after(lifeSeconds),
    remindAtEpochMs: after(lifeSeconds / 3),
    escalateAtEpochMs: after((lifeSeconds * 2) / 3),
    callbackDelivered: false,
    callbackAttempts: 0,
  };
}

/** Whether a vote could still count: nothing was decided, and the time is not up. */
export function isWaiting(approval: Approval, now: EpochMs): boolean {
  return approval.status === 'pending' && !isPastExpiry(approval, now);
}

/** How it stands at an instant: `expired` from its expiry on, whether or not that was written down yet. */
export function statusAt(approval: Approval, now: EpochMs): ApprovalStatus {
  return approval.status === 'pending' && isPastExpiry(approval, now) ? 'expired' : approval.status;
}

/** Whether its life ends before its time, at the instant after which the policies permit no start. */
export function endsEarly({ notAfterEpochMs, expiresAtEpochMs }: Approval): boolean {
  return notAfterEpochMs !== undefined && notAfterEpochMs <= expiresAtEpochMs;
}

/** The order in which people should decide: what expires first comes first. */
export function byExpiry(one: Approval, other: Approval): number {
  return one.expiresAtEpochMs - other.expiresAtEpochMs;
}

/** The first instant that is too late is the expiry itself. */
export function isPastExpiry(approval: Approval, now: EpochMs): boolean {
  return now >= approval.expiresAtEpochMs;
}

/**
 * The distinct people whose approval counts: a person who rejected is not among them, and whoever stands in for
 * another counts as that other, so that nobody makes a quorum with their own stand-in.
 */
export function approversOf(approval: {
  readonly votes: readonly Pick<Vote, 'identityId' | 'onBehalfOf' | 'verdict'>[];
}): ReadonlySet<string> {
  const approvers = new Set<string>();
  for (const { identityId, onBehalfOf = identityId, verdict } of approval.votes) {
    const person = onBehalfOf.toLowerCase();
    if (verdict === 'approve') approvers.add(person);
    else approvers.delete(person);
  }
  return approvers;
}

/** How many more people must approve; 0 once nothing is asked any more. */
export function approvalsStillNeeded(approval: Approval): number {
  return approval.status === 'pending' ? Math.max(0, approval.quorum - approversOf(approval).size) : 0;
}
