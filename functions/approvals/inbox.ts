import type { EpochMs } from '../platform/clock.ts';
import { type Approval, isPastExpiry } from './approval.ts';
import {
  type ApproverPolicy,
  type Authority,
  authorityOver,
  type Identity,
  samePerson,
} from './authority.ts';
import { type Dossier, subjectOf } from './dossier.ts';

/** Ways to look at the inbox. */
export const inboxViews = ['mine', 'all', 'decided'] as const;
export type InboxView = (typeof inboxViews)[number];

/** What one person sees, each approval in `all` or `decided` but not in both. */
export interface Inbox {
  /** They may decide it now and have not said anything yet. */
  readonly mine: readonly Dossier[];
  /** Everything that waits for people, whoever may decide it. */
  readonly all: readonly Dossier[];
  /** Everything that waits no more, newest first. */
  readonly decided: readonly Dossier[];
}

/**
 * Sorts approvals for one person, and leaves out those they have no authority over. What waits comes with the
 * least time left first; what is past its expiry waits no more, whether or not that was written down yet.
 */
export function inboxFor(
  policy: ApproverPolicy,
  identity: Identity,
  { pending, recent }: { readonly pending: readonly Dossier[]; readonly recent: readonly Dossier[] },
  now: EpochMs,
): Inbox {
  const authority = (dossier: Dossier): Authority['may'] =>
    authorityOver(policy, identity, subjectOf(dossier), now).may;
  const visible = (dossier: Dossier) => authority(dossier) !== 'nothing';
  const isOver = ({ approval }: Dossier) => isPastExpiry(approval, now);
  const all = pending
    .filter((dossier) => !isOver(dossier) && visible(dossier))
    .toSorted((one, other) => one.approval.expiresAtEpochMs - other.approval.expiresAtEpochMs);
  return {
    mine: all.filter((each) => authority(each) === 'decide' && voteOf(each.approval, identity) === undefined),
    all,
    decided: [...pending.filter(isOver), ...recent].filter(visible),
  };
}

/** What somebody said last about an approval, if anything. */
export function voteOf(approval: Approval, { id }: Identity): 'approve' | 'reject' | undefined {
  return approval.votes.findLast(({ identityId }) => samePerson(identityId, id))?.verdict;
}
