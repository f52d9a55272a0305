import type { Clock } from '../platform/clock.ts';
import type { Vote, VoteOutcome } from './approval.ts';
import type { ApproverPolicy, Authority } from './authority.ts';
import type { ApprovalDesk, KillSwitchReading } from './dossier.ts';
import type { IdentityProvider } from './identity.ts';
import type { RefusalEvidence, RefusedVote, VoteRefusal } from './refused-vote.ts';
import type { SessionKeys } from './session.ts';

/** What the pages need from the outside. */
export interface PagesPorts {
  readonly environment: string;
  readonly desk: ApprovalDesk;
  readonly vote: (
    approvalId: string,
    planDigest: string,
    vote: Omit<Vote, 'atEpochMs'>,
    authority: Authority,
  ) => Promise<VoteOutcome | { readonly outcome: 'unknown' }>;
  readonly refusals: {
    /** Leaves evidence of a vote that did not count; `unknown` where there is no such approval. */
    record(approvalId: string, identityId: string, because: VoteRefusal): Promise<RefusalEvidence>;
  };
  readonly killSwitch: () => Promise<KillSwitchReading>;
  readonly people: IdentityProvider;
  readonly approvers: ApproverPolicy;
  readonly keys: () => Promise<SessionKeys>;
  readonly clock: Clock;
  /** Tells browsers to come by TLS only. Off for a local stage: it would hold for every port of `localhost`. */
  readonly strictTransport: boolean;
  readonly onVote: (approvalId: string, outcome: string) => void;
  /** Every refused vote, after its evidence was written or was not. */
  readonly onRefusedVote: (refused: RefusedVote) => void;
  readonly onError: (error: Error) => void;
}
