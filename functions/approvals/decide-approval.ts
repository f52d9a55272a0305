import type { Clock } from '../platform/clock.ts';
import { canBeApprovalId, type RejectReason, type Vote, type VoteChannel } from './approval.ts';
import type { VoteOutcome } from './approval-moves.ts';
import { type ApproverPolicy, type Authority, authorityOver, type Identity } from './authority.ts';
import { type ApprovalDesk, type Dossier, isIntact, subjectOf } from './dossier.ts';
import type { VoteRefusal } from './refused-vote.ts';

/** What opening and deciding an approval needs from the outside. */
export interface DecisionPorts {
  readonly desk: Pick<ApprovalDesk, 'dossier'>;
  readonly approvers: ApproverPolicy;
  readonly clock: Clock;
  readonly vote: (
    approvalId: string,
    planDigest: string,
    vote: Omit<Vote, 'atEpochMs'>,
    authority: Authority,
  ) => Promise<VoteOutcome | { readonly outcome: 'unknown' }>;
}

/** An approval as one person may see it. */
export interface OpenedApproval {
  readonly dossier: Dossier;
  readonly authority: Exclude<Authority, { readonly may: 'nothing' }>;
}

/**
 * An approval and what this person may do with it at this moment. One that does not exist, one whose record is
 * incomplete and one they have no authority over are all the same to whoever asks; `because` is for the evidence.
 */
export async function openApproval(
  ports: Omit<DecisionPorts, 'vote'>,
  identity: Identity,
  approvalId: string,
): Promise<OpenedApproval | { readonly outcome: 'not-found'; readonly because: VoteRefusal }> {
  const dossier = canBeApprovalId(approvalId) ? await ports.desk.dossier(approvalId) : undefined;
  if (dossier === undefined) return { outcome: 'not-found', because: 'incomplete-record' };
  const authority = authorityOver(ports.approvers, identity, subjectOf(dossier), ports.clock());
  if (authority.may === 'nothing') return { outcome: 'not-found', because: 'no-authority' };
  return { dossier, authority };
}

/** What one person says about one approval. */
export interface Verdict {
  /** The plan that they were shown: an approval of another one does not count. */
  readonly planDigest: string;
  readonly verdict: 'approve' | 'reject';
  /** Only with `reject`. */
  readonly reason?: RejectReason;
  /** Nothing is stored of an empty one. */
  readonly comment?: string | undefined;
  readonly via: VoteChannel;
}

/** `accepted`: it counts, or it counted before. `refused`: nothing changed, and why. `opened` is what stands now. */
export type DecisionResult =
  | { readonly outcome: 'accepted'; readonly opened: OpenedApproval }
  | { readonly outcome: 'refused'; readonly because: VoteRefusal; readonly opened: OpenedApproval }
  | { readonly outcome: 'not-found'; readonly because: VoteRefusal };

/**
 * The one way to decide, whatever channel it comes by: authority is looked up now, the plan must still be the one
 * that was asked about and shown, and the first decision wins. The caller has established who `identity` is, with
 * groups confirmed by the provider, and leaves evidence of a refusal.
 */
export async function decideApproval(
  ports: DecisionPorts,
  identity: Identity,
  opened: OpenedApproval,
  { planDigest, comment, ...said }: Verdict,
): Promise<DecisionResult> {
  const { approvalId, planDigest: asked } = opened.dossier.approval;
  if (!isIntact(opened.dossier) || planDigest !== asked) {
    return { outcome: 'refused', because: 'plan-altered', opened };
  }
  const { authority } = opened;
  const vote: Omit<Vote, 'atEpochMs'> = {
    identityId: identity.id,
    displayName: identity.displayName,
    ...said,
    ...(comment === undefined || comment === '' ? {} : { comment }),
    ...(authority.may === 'decide' && authority.onBehalfOf !== undefined
      ? { onBehalfOf: authority.onBehalfOf }
      : {}),
  };
  const result = await ports.vote(approvalId, planDigest, vote, authority);
  if (result.outcome === 'unknown') return { outcome: 'not-found', because: 'incomplete-record' };
  const now = { ...opened, dossier: { ...opened.dossier, approval: result.approval } };
  switch (result.outcome) {
    case 'recorded':
    case 'already-voted':
      return { outcome: 'accepted', opened: now };
    case 'already-decided':
    case 'expired':
    case 'cancelled':
      return { outcome: 'refused', because: result.outcome, opened: now };
    case 'not-allowed':
      return { outcome: 'refused', because: 'no-authority', opened: now };
  }
}
