import type { LedgerEvent } from '../audit/ledger-entry.ts';
import { digestOf } from '../platform/digest.ts';
import { type Approval, approversOf, type CancelReason, type TooLateReason, type Vote } from './approval.ts';
import type { Channel, NoticeKind } from './notice.ts';
import type { VoteRefusal } from './refused-vote.ts';

/** What the ledger says about approvals. Ids, digests and closed words only: never a token, never a comment. */
export const approvalEvents = {
  requested: (approval: Approval): LedgerEvent => ({
    type: 'approval.requested',
    atEpochMs: approval.requestedAtEpochMs,
    actor: { kind: 'system', id: 'request-approval' },
    detail: {
      ...bound(approval),
      quorum: approval.quorum,
      expiresAtEpochMs: approval.expiresAtEpochMs,
      ...(approval.verdictOn === undefined ? {} : { verdictOnChange: approval.verdictOn.changeId }),
    },
  }),

  /** One entry for the vote, and one more when it decides. */
  voted: (approval: Approval, vote: Vote): LedgerEvent[] => {
    const person = { kind: 'person', id: vote.identityId } as const;
    const voted: LedgerEvent = {
      type: 'approval.voted',
      atEpochMs: vote.atEpochMs,
      actor: person,
      detail: {
        ...bound(approval),
        verdict: vote.verdict,
        via: vote.via,
        ...(vote.onBehalfOf === undefined ? {} : { onBehalfOf: vote.onBehalfOf }),
        ...(vote.reason === undefined ? {} : { reason: vote.reason }),
        ...(vote.comment === undefined ? {} : { commentDigest: digestOf(vote.comment) }),
      },
    };
    if (approval.status !== 'approved' && approval.status !== 'rejected') return [voted];
    const decided: LedgerEvent = {
      type: `approval.${approval.status}`,
      atEpochMs: vote.atEpochMs,
      actor: person,
      detail: {
        ...bound(approval),
        quorum: approval.quorum,
        approvers: [...approversOf(approval)].sort().join(', '),
        ...(approval.usableUntilEpochMs === undefined
          ? {}
          : { usableUntilEpochMs: approval.usableUntilEpochMs }),
      },
    };
    return [voted, decided];
  },

  approvedUnderBreakGlass: (approval: Approval, by: string, atEpochMs: number): LedgerEvent => ({
    type: 'approval.approved',
    atEpochMs,
    actor: { kind: 'person', id: by },
    detail: {
      ...bound(approval),
      quorum: approval.quorum,
      approvers: [...approversOf(approval)].sort().join(', '),
      breakGlass: true,
      usableUntilEpochMs: approval.usableUntilEpochMs ?? atEpochMs,
    },
  }),

  voteRefused: (
    { approvalId }: Approval,
    identityId: string,
    atEpochMs: number,
    because: VoteRefusal,
  ): LedgerEvent => ({
    type: 'approval.vote-refused',
    atEpochMs,
    actor: { kind: 'person', id: identityId },
    detail: { approvalId, identityId, because },
  }),

  expired: (
    approval: Approval,
    atEpochMs: number,
    by: 'settle-approval' | 'approval-sweep',
  ): LedgerEvent => ({
    type: 'approval.expired',
    atEpochMs,
    actor: { kind: 'system', id: by },
    detail: { ...bound(approval), votes: approval.votes.length },
  }),

  callbackTooLate: (approval: Approval, atEpochMs: number, because: TooLateReason): LedgerEvent => ({
    type: 'approval.callback-too-late',
    atEpochMs,
    actor: { kind: 'system', id: 'approval-callback' },
    detail: { ...bound(approval), status: approval.status, because },
  }),

  cancelled: (
    approval: Approval,
    atEpochMs: number,
    because: CancelReason,
    by: 'incident-watch' | 'approval-sweep',
  ): LedgerEvent => ({
    type: 'approval.cancelled',
    atEpochMs,
    actor: { kind: 'system', id: by },
    detail: { ...bound(approval), because, votes: approval.votes.length },
  }),

  reminded: (approval: Approval, atEpochMs: number): LedgerEvent =>
    askedAgain('reminded', approval, atEpochMs),

  escalated: (approval: Approval, atEpochMs: number): LedgerEvent =>
    askedAgain('escalated', approval, atEpochMs),

  notificationFailed: (
    approval: Approval,
    atEpochMs: number,
    channel: Channel,
    kind: NoticeKind,
  ): LedgerEvent => ({
    type: 'approval.notification-failed',
    atEpochMs,
    actor: { kind: 'system', id: 'approval-notices' },
    detail: { ...bound(approval), channel, kind },
  }),
};

function askedAgain(what: 'reminded' | 'escalated', approval: Approval, atEpochMs: number): LedgerEvent {
  return {
    type: `approval.${what}`,
    atEpochMs,
    actor: { kind: 'system', id: 'approval-sweep' },
    detail: { ...bound(approval), quorum: approval.quorum, votes: approval.votes.length },
  };
}

function bound(approval: Approval) {
  return { approvalId: approval.approvalId, planDigest: approval.planDigest };
}
