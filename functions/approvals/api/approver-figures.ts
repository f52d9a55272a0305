import type { EpochMs } from '../../platform/clock.ts';
import type { Approval, Vote } from '../approval.ts';

/** How people decided. A person counts once for each approval, with what they said last. */
interface VotingFigures {
  readonly votes: number;
  /** Those of the votes that approve. */
  readonly approvals: number;
  /** `approvals / votes`, 0 to 1; absent where nobody voted. */
  readonly approvalRate?: number;
  /** Median of the seconds from the request to the vote; absent where nobody voted. */
  readonly medianSecondsToVote?: number;
}

/** The figures of one person. */
interface ApproverFigures extends VotingFigures {
  readonly identityId: string;
  /** As of their latest vote. */
  readonly displayName: string;
}

/** The figures of a period, with what they were taken from. */
export interface FiguresReport {
  readonly sinceEpochMs: EpochMs;
  readonly untilEpochMs: EpochMs;
  /** Approvals that were settled in the period, whoever or whatever settled them. */
  readonly population: {
    readonly settled: number;
    readonly approved: number;
    readonly rejected: number;
    readonly expired: number;
    readonly cancelled: number;
    /** Those of the approved that nobody voted into their quorum: somebody broke the glass. */
    readonly underBreakGlass: number;
    /** False where there are more than were read: then these are the newest. */
    readonly isComplete: boolean;
  };
  readonly overall: VotingFigures;
  /** Whoever voted most comes first. */
  readonly approvers: readonly ApproverFigures[];
}

/** One person's last word on one approval. */
interface LastWord {
  readonly vote: Vote;
  readonly seconds: number;
}

/**
 * How often and how fast people decide, each and all together. Someone who approves all there is within seconds
 * reads nothing: that is what these figures are looked at for.
 *
 * @param read Approvals in any order, at most `readAtMost`; those settled outside the period are left out.
 * @param untilEpochMs The end of the period, exclusive.
 */
export function approverFigures(
  read: readonly Approval[],
  readAtMost: number,
  sinceEpochMs: EpochMs,
  untilEpochMs: EpochMs,
): FiguresReport {
  const byId = new Map(read.map((approval) => [approval.approvalId, approval]));
  const settled = [...byId.values()].filter(
    ({ status, decidedAtEpochMs: at }) =>
      status !== 'pending' && at !== undefined && at >= sinceEpochMs && at < untilEpochMs,
  );
  const count = (holds: (approval: Approval) => boolean): number => settled.filter(holds).length;
  const words = settled.flatMap(lastWords);
  const people = Map.groupBy(words, ({ vote }) => vote.identityId.toLowerCase());
  return {
    sinceEpochMs,
    untilEpochMs,
    population: {
      settled: settled.length,
      approved: count(({ status }) => status === 'approved'),
      rejected: count(({ status }) => status === 'rejected'),
      expired: count(({ status }) => status === 'expired'),
      cancelled: count(({ status }) => status === 'cancelled'),
      underBreakGlass: count(({ breakGlassBy }) => breakGlassBy !== undefined),
      isComplete: read.length < readAtMost,
    },
    overall: figuresOf(words),
    approvers: [...people.values()]
      .map(figuresOfOne)
      .sort((a, b) => b.votes - a.votes || (a.identityId < b.identityId ? -1 : 1)),
  };
}

function lastWords({ votes, requestedAtEpochMs }: Approval): LastWord[] {
  const last = new Map<string, Vote>();
  for (const vote of votes) last.set(vote.identityId.toLowerCase(), vote);
  return [...last.values()].map((vote) => ({
    vote,
    seconds: Math.max(0, vote.atEpochMs - requestedAtEpochMs) / 1_000,
  }));
}

function figuresOfOne(words: readonly LastWord[]): ApproverFigures {
  const latest = words
    .map(({ vote }) => vote)
    .reduce((one, other) => (other.atEpochMs > one.atEpochMs ? other : one));
  return { identityId: latest.identityId, displayName: latest.displayName, ...figuresOf(words) };
}

function figuresOf(words: readonly LastWord[]): VotingFigures {
  const votes = words.length;
  const approvals = words.filter(({ vote }) => vote.verdict === 'approve').length;
  if (votes === 0) return { votes, approvals };
  return {
    votes,
    approvals,
    approvalRate: approvals / votes,
    medianSecondsToVote: medianOf(words.map(({ seconds }) => seconds)),
  };
}

/** The middle value, or the mean of the two middle ones. @param values At least one. */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}
