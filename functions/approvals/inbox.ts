import type { EpochMs } from '../platform/clock.ts';
import { type Approval, isWaiting } from './approval.ts';
import {
  type ApproverPolicy,
  type Authority,
  authorityOver,
  type Identity,
  samePerson,
} from './authority.ts';
import { type Dossier, type DossierList, subjectOf } from './dossier.ts';

/** Ways to look at the inbox. */
export const inboxViews = ['mine', 'all', 'decided'] as const;
export type InboxView = (typeof inboxViews)[number];

/** How much of what waits one person is shown at once, and may decide as one batch. */
export const waitingShown = 25;
/** How much of what was decided. */
export const decidedShown = 10;

/** One view, as far as it is shown. */
export interface InboxList {
  readonly shown: readonly Dossier[];
  /** How many there are as far as anybody looked, those shown among them. */
  readonly found: number;
  /** False where there may be more than were found. */
  readonly isWhole: boolean;
}

/**
 * What one person sees. `mine`: they may decide it now and have not said anything yet; `all`: it waits, whoever
 * may decide it; `decided`: it waits no more.
 */
export type Inbox = Readonly<Record<InboxView, InboxList>>;

/** Sorts approvals for one person, and leaves out those they have no authority over. */
export async function inboxFor(
  policy: ApproverPolicy,
  identity: Identity,
  { pending, recent }: { readonly pending: DossierList; readonly recent: DossierList },
  now: EpochMs,
): Promise<Inbox> {
  const { mine, all, over } = await waitingFor(policy, identity, pending, now);
  const ended = new Map(over.map((dossier) => [dossier.approval.approvalId, dossier]));
  for await (const dossier of recent.dossiers) {
    if (ended.size > decidedShown) break;
    if (authorityOver(policy, identity, subjectOf(dossier), now).may === 'nothing') continue;
    ended.set(dossier.approval.approvalId, dossier);
  }
  const isWhole = recent.isWhole && ended.size <= decidedShown;
  return { mine, all, decided: listOf([...ended.values()], decidedShown, isWhole) };
}

/**
 * What waits for one person, in the order it comes in: what expires first is shown, so that nothing is hidden by
 * what was asked after it. `over` is past its expiry or was decided just now, whether or not its list knows that.
 */
export async function waitingFor(
  policy: ApproverPolicy,
  identity: Identity,
  pending: DossierList,
  now: EpochMs,
): Promise<Pick<Inbox, 'mine' | 'all'> & { readonly over: readonly Dossier[] }> {
  const authority = (dossier: Dossier): Authority['may'] =>
    authorityOver(policy, identity, subjectOf(dossier), now).may;
  const visible = (dossier: Dossier) => authority(dossier) !== 'nothing';
  const [mine, all, over]: [Dossier[], Dossier[], Dossier[]] = [[], [], []];
  let { isWhole } = pending;
  for await (const dossier of pending.dossiers) {
    if (!visible(dossier)) continue;
    const { approval } = dossier;
    (isWaiting(approval, now) ? all : over).push(dossier);
    if (!isWaiting(approval, now) || authority(dossier) !== 'decide') continue;
    if (voteOf(approval, identity) === undefined) mine.push(dossier);
    if (mine.length > waitingShown) {
      isWhole = false;
      break;
    }
  }
  return { mine: listOf(mine, waitingShown, isWhole), all: listOf(all, waitingShown, isWhole), over };
}

function listOf(found: readonly Dossier[], limit: number, isWhole: boolean): InboxList {
  return { shown: found.slice(0, limit), found: found.length, isWhole };
}

/** What somebody said last about an approval, if anything. */
export function voteOf(approval: Approval, { id }: Identity): 'approve' | 'reject' | undefined {
  return approval.votes.findLast(({ identityId }) => samePerson(identityId, id))?.verdict;
}
