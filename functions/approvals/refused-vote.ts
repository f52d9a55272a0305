import type { Approval } from './approval.ts';

/** Why a vote did not count: the ledger's closed words. */
export type VoteRefusal =
  | 'already-decided'
  | 'cancelled'
  /** The browser says that the form was sent from another site. */
  | 'cross-site-form'
  | 'expired'
  | 'form-token-missing'
  /** Made up, or taken from another session or another approval. */
  | 'form-token-wrong'
  | 'form-too-large'
  /** The plan or the decision behind the approval cannot be read. */
  | 'incomplete-record'
  | 'malformed-form'
  | 'no-authority'
  /** Who it is could not be confirmed with the identity provider at that moment. */
  | 'identity-unconfirmed'
  /** The plan is not the one that was asked about, or not the one that was shown. */
  | 'plan-altered'
  /** The risk tier is too high to be decided where it was decided. */
  | 'tier-too-high'
  | 'too-many-requests';

/** How many refusals of one approval the ledger holds, over all people. */
export const refusalsRecordedAtMost = 50;

/** How many of them may be one person's: nobody is needed by the ledger for more, and few must not use up all. */
export const refusalsOfOneAtMost = 5;

/** What stands in an approval's `refusedVotes` for one person and one reason, which has no space in it. */
export function refusalMark(identityId: string, because: VoteRefusal): string {
  return `${because} ${identityId}`;
}

/**
 * Notes a refused vote on the approval, once per person and reason, at most {@link refusalsOfOneAtMost} times per
 * person and {@link refusalsRecordedAtMost} times in all: whoever presses a button a thousand times writes one entry.
 * `version` stays, because nothing was decided: a refusal never costs a vote its race.
 */
export function noteRefusal(
  approval: Approval,
  identityId: string,
  because: VoteRefusal,
): Approval | 'recorded-before' | 'at-capacity' {
  const { refusedVotes = [] } = approval;
  const mark = refusalMark(identityId, because);
  if (refusedVotes.includes(mark)) return 'recorded-before';
  const own = refusedVotes.filter((each) => each.slice(each.indexOf(' ') + 1) === identityId);
  if (own.length >= refusalsOfOneAtMost || refusedVotes.length >= refusalsRecordedAtMost)
    return 'at-capacity';
  return { ...approval, refusedVotes: [...refusedVotes, mark] };
}

/** What became of the evidence of a refused vote; `recorded` wrote a ledger entry. */
export type RefusalEvidence = 'recorded' | 'recorded-before' | 'at-capacity' | 'unknown';

/** A refused vote with what became of its evidence, for the log. */
export interface RefusedVote {
  /** As the address had it: untrusted. */
  readonly approvalId: string;
  readonly because: VoteRefusal;
  /** `not-signed-in`: there is no name to write down. `lost`: the ledger could not be written. */
  readonly evidence: RefusalEvidence | 'not-signed-in' | 'lost';
}

/** The log's fields for a refused vote: for an id that is unknown nothing but a code and what is safe of the id. */
export function refusedVoteFields({ approvalId, because, evidence }: RefusedVote): Record<string, string> {
  const safeId = approvalId.slice(0, 64).replaceAll(/[^\w-]/g, '?');
  if (evidence === 'unknown') return { code: 'approval.unknown', approvalId: safeId };
  return { code: 'approval.vote-refused', approvalId: safeId, because, evidence };
}
