import type { Identity } from './authority.ts';
import type { DecisionResult } from './decide-approval.ts';
import type { RefusalEvidence, RefusedVote, VoteRefusal } from './refused-vote.ts';

/** Where it is reported what became of a vote, whatever channel it came by. */
export interface VoteReports {
  readonly refusals: {
    /** Leaves evidence of a vote that did not count; `unknown` where there is no such approval. */
    record(approvalId: string, identityId: string, because: VoteRefusal): Promise<RefusalEvidence>;
  };
  readonly onVote: (approvalId: string, outcome: 'accepted' | VoteRefusal) => void;
  /** Every refused vote, after its evidence was written or was not. */
  readonly onRefusedVote: (refused: RefusedVote) => void;
  readonly onError: (error: Error) => void;
}

/** Says what became of a vote: that it counts, or why not. */
export function reportVote(
  { onVote }: Pick<VoteReports, 'onVote'>,
  approvalId: string,
  result: DecisionResult,
): void {
  onVote(approvalId, result.outcome === 'accepted' ? 'accepted' : result.because);
}

/** Leaves evidence of one refused vote and reports it. Never fails: what cannot be written is reported as lost. */
export async function leaveEvidence(
  ports: Omit<VoteReports, 'onVote'>,
  approvalId: string,
  because: VoteRefusal,
  voter: () => Promise<Pick<Identity, 'id'> | undefined>,
): Promise<void> {
  ports.onRefusedVote({ approvalId, because, evidence: await write() });

  async function write(): Promise<RefusedVote['evidence']> {
    try {
      const identity = await voter();
      if (identity === undefined) return 'not-signed-in';
      return await ports.refusals.record(approvalId, identity.id, because);
    } catch (error) {
      ports.onError(error instanceof Error ? error : new Error('unknown'));
      return 'lost';
    }
  }
}
