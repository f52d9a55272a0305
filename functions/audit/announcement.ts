import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { dueAt } from '../platform/outbox.ts';
import { type Finding, type FindingKind, openFinding } from './finding.ts';
import type { LedgerEvent } from './ledger-entry.ts';

/** A finding that everybody must hear of at once, on every channel there is. */
export interface Announcement {
  /** Of its finding: what is one finding is announced once. */
  readonly announcementId: string;
  readonly about: FindingKind;
  /** What happened, in our own words. */
  readonly title: string;
  /** Whatever one of them holds, channels show it as one line without links. */
  readonly lines: readonly string[];
}

/** Its words. */
export type AnnouncementWords = Pick<Announcement, 'title' | 'lines'>;

/**
 * The writes that open a finding and announce it. Both are refused when it was opened before: neither is ever
 * there without the other, so whoever crashes afterwards, people are told.
 */
export function openAndAnnounce(
  operationsTable: string,
  finding: Finding,
  { title, lines }: AnnouncementWords,
): Write[] {
  const announcement: Announcement = {
    announcementId: finding.findingId,
    about: finding.kind,
    title,
    lines,
  };
  return [
    openFinding(operationsTable, finding),
    {
      kind: 'put',
      table: operationsTable,
      item: {
        ...itemKeys.announcement(announcement.announcementId),
        ...announcement,
        ...dueAt(finding.openedAtEpochMs),
      },
      condition: 'attribute_not_exists(pk)',
    },
  ];
}

/** Evidence that a channel did not take an announcement. */
export function undeliveredEntry(
  { announcementId, about }: Announcement,
  channel: string,
  atEpochMs: EpochMs,
): LedgerEvent {
  return {
    type: 'announcement.not-delivered',
    atEpochMs,
    actor: { kind: 'system', id: 'approval-notices' },
    detail: { announcementId, about, channel },
  };
}
