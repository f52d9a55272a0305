import type { AnnouncementWords } from '../audit/announcement.ts';
import type { ChangeRecord } from './change-record.ts';

/** What everybody is told when a change could not be undone. */
export function rollbackFailedWords(changeId: string, change: ChangeRecord | undefined): AnnouncementWords {
  return {
    title: `Rollback failed, change ${changeId}`,
    lines: [
      `Change ${changeId} could not be rolled back. Its target may stand in a state nobody chose.`,
      `Target: ${change?.targetKey ?? 'unknown'}`,
      `Incident: ${change?.incidentId ?? 'unknown'}`,
      `Reason: ${change?.statusReason ?? 'not recorded'}`,
      `Finding: rollback-failed-${changeId}`,
    ],
  };
}

/** The same as a mail of its own, sent at once: beside the announcement, which waits for the table's stream. */
export function rollbackFailedPage(changeId: string, change: ChangeRecord | undefined) {
  const { title, lines } = rollbackFailedWords(changeId, change);
  return { subject: `Interlock: ${title}`, message: lines.join('\n') };
}
