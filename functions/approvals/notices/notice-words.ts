import { resolveAction } from '../../change/catalogue.ts';
import type { Plan } from '../../change/plan.ts';
import { type Approval, approversOf } from '../approval.ts';
import type { Dossier } from '../dossier.ts';
import type { NoticeKind } from '../notice.ts';
import { showUntrusted } from '../untrusted-text.ts';
import { moment, rejectReason } from '../words.ts';

/** Everything that a message may say. */
export interface News {
  readonly kind: NoticeKind;
  readonly dossier: Dossier;
  /** Groups that are asked from the escalation on. */
  readonly joiningGroups: readonly string[];
  /** Ends in the approval's random id: whoever reads it, a mail scanner included, gains nothing by it. */
  readonly pageUrl: string;
}

/** What people read of untrusted text in a message, in UTF-16 units. */
const lineMaxLength = 120;

/**
 * Untrusted text as one line of a message: nothing deceptive, no line of its own, not long, and no address that
 * a mail or chat program would make a link of.
 */
export function messageLine(text: string, maxLength = lineMaxLength): string {
  const line = showUntrusted(
    text
      .slice(0, 4 * maxLength)
      .toWellFormed()
      .replaceAll(/\s+/g, ' '),
  )
    .trim()
    .replaceAll('://', ':\u200a//')
    .replaceAll(/\bwww\./gi, 'www\u200a.');
  if (line.length <= maxLength) return line;
  const cut = line.slice(0, maxLength - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** What the action does, in the catalogue's words: nothing of the plan's own. */
export function summaryOf(plan: Plan): string {
  const action = resolveAction(plan.action, plan.parameters);
  return action.outcome === 'resolved' ? action.definition.summary : 'A change is proposed.';
}

/** How it ended, for a subject or a heading. */
export function outcomeTitle({ status, verdictOn }: Approval): string {
  const isVerdict = verdictOn !== undefined;
  switch (status) {
    case 'pending':
      return isVerdict ? 'Did this change help?' : 'Approval wanted';
    case 'approved':
      return isVerdict ? 'The change stays' : 'Approved';
    case 'rejected':
      return isVerdict ? 'The change is rolled back' : 'Rejected';
    case 'expired':
      return isVerdict ? 'Nobody answered: rolled back' : 'Nobody decided: not approved';
    case 'cancelled':
      return 'No decision needed any more';
  }
}

/** How it ended and by whom; for what still waits, how far it is. Never a comment: those stay on the page. */
export function standing(approval: Approval): string {
  const { status, decidedAtEpochMs = approval.expiresAtEpochMs, verdictOn } = approval;
  const at = moment(decidedAtEpochMs);
  switch (status) {
    case 'pending':
      return waiting(approval);
    case 'approved': {
      if (approval.breakGlassBy !== undefined) {
        return `Approved by breaking the glass on ${at}: ${messageLine(approval.breakGlassBy)}.`;
      }
      const names = namesOf(approval, 'approve');
      return verdictOn === undefined ? `Approved by ${names} on ${at}.` : `It stays, said ${names} on ${at}.`;
    }
    case 'rejected': {
      const names = namesOf(approval, 'reject');
      const reason = approval.votes.findLast(({ verdict }) => verdict === 'reject')?.reason ?? 'other';
      const why = rejectReason(reason).toLowerCase();
      return verdictOn === undefined
        ? `Rejected by ${names} on ${at}: ${why}.`
        : `It is rolled back, said ${names} on ${at}: ${why}.`;
    }
    case 'expired':
      return verdictOn === undefined
        ? `Nobody had decided by ${at}: it counts as rejected.`
        : `Nobody had answered by ${at}: it is rolled back.`;
    case 'cancelled':
      return approval.cancelledBecause === 'incident-recovered'
        ? `No decision needed any more: the problem went away by itself on ${at}.`
        : `No decision needed any more: the incident was closed on ${at}.`;
  }
}

function waiting(approval: Approval): string {
  const before = `Decide before ${moment(approval.expiresAtEpochMs)}.`;
  const people = approval.quorum === 1 ? '1 person' : `${approval.quorum} people`;
  const approved = approversOf(approval).size;
  if (approved === 0) return `Needs ${people}. ${before}`;
  return `${approved} of ${people} approved so far: ${namesOf(approval, 'approve')}. ${before}`;
}

function namesOf({ votes }: Approval, verdict: 'approve' | 'reject'): string {
  return votes
    .filter((vote) => vote.verdict === verdict)
    .map(({ displayName, onBehalfOf }) =>
      onBehalfOf === undefined
        ? messageLine(displayName, 60)
        : `${messageLine(displayName, 60)} for ${messageLine(onBehalfOf, 60)}`,
    )
    .join(', ');
}

/** What makes a reminder more than a repetition. */
export function nudge({ kind, joiningGroups, dossier }: News): string | undefined {
  if (kind === 'reminder') return 'Nobody has decided yet.';
  if (kind !== 'escalated') return undefined;
  const otherwise =
    dossier.approval.verdictOn === undefined ? 'it counts as rejected' : 'the change is rolled back';
  return joiningGroups.length === 0
    ? `Still undecided, and no other group can be asked: without a decision ${otherwise}.`
    : `Still undecided, so these are asked too: ${joiningGroups.map((group) => messageLine(group, 60)).join(', ')}.`;
}
