import type { ChangeRecord } from './change-record.ts';

/** What a person is told when a change could not be undone. */
export function rollbackFailedPage(changeId: string, change: ChangeRecord | undefined) {
  return {
    subject: `Interlock: rollback failed, change ${changeId}`,
    message: [
      `Change ${changeId} could not be rolled back. Its target may stand in a state nobody chose.`,
      `Target: ${change?.targetKey ?? 'unknown'}`,
      `Incident: ${change?.incidentId ?? 'unknown'}`,
      `Reason: ${change?.statusReason ?? 'not recorded'}`,
      `Finding: rollback-failed-${changeId}`,
    ].join('\n'),
  };
}
