import type { Announcement } from '../audit/announcement.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { dueAt } from '../platform/outbox.ts';
import type { Approval } from './approval.ts';

/** What people are told: that they are asked, asked again, asked instead of others, how far it is, how it ended. */
export const noticeKinds = ['requested', 'reminder', 'escalated', 'progress', 'outcome'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** Where people are told. */
export const channels = ['email', 'slack', 'webhook'] as const;
export type Channel = (typeof channels)[number];

/** What became of one notice on one channel. */
export interface ChannelDelivery {
  readonly status: 'delivered' | 'failed';
  readonly attempts: number;
  /** Slack's own id of the message, by which it is changed later. */
  readonly messageId?: string;
}

/** What becomes of anything that people are to be told. `due` until every channel has taken it or was given up. */
interface Telling {
  readonly createdAtEpochMs: EpochMs;
  readonly status: 'due' | 'done';
  readonly deliveries: Readonly<Partial<Record<Channel, ChannelDelivery>>>;
  /** A sweep leaves it alone until then. */
  readonly nextAttemptAtEpochMs: EpochMs;
}

/**
 * One thing that people are to be told of an approval, stored in the transaction that makes it true: whoever
 * crashes afterwards, it is found and sent.
 */
export interface Notice extends Telling {
  readonly approvalId: string;
  readonly kind: NoticeKind;
  /** The approval's version that it was stored with. What is told is the approval as it stands when it is sent. */
  readonly approvalVersion: number;
}

/** What waits in the outbox: a notice, or a finding that everybody is told of. */
export type Outgoing = Notice | (Announcement & Telling);

/** Which of them: an approval has at most one notice of a kind in one version. */
export type OutgoingKey =
  | Pick<Notice, 'approvalId' | 'kind' | 'approvalVersion'>
  | Pick<Announcement, 'announcementId'>;

/** Stores that people are to be told, for the transaction that writes `approval`. */
export function noticeWrite(table: string, approval: Approval, kind: NoticeKind, now: EpochMs): Write {
  const { approvalId, version } = approval;
  return {
    kind: 'put',
    table,
    item: {
      ...itemKeys.notice(approvalId, kind, version),
      approvalId,
      kind,
      approvalVersion: version,
      ...dueAt(now),
    },
    condition: 'attribute_not_exists(pk)',
  };
}
