import { openFinding } from '../audit/finding.ts';
import { closeFinding } from '../audit/finding-closure.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import type { ChangeStatus } from './change-status.ts';
import type { LockedChange } from './change-writes.ts';

/** What somebody has to follow up when a change comes into a status: a failed rollback, or drift that was kept. */
export function findingsOf(
  operationsTable: string,
  change: LockedChange,
  to: ChangeStatus,
  reason: string | undefined,
  openedAtEpochMs: EpochMs,
): Write[] {
  const { changeId, incidentId, targetKey, driftStack } = change;
  const detail = { changeId, incidentId, targetKey };
  if (to === 'rollback-failed') {
    return [
      openFinding(operationsTable, {
        findingId: `rollback-failed-${changeId}`,
        kind: 'rollback-failed',
        summary: `change ${changeId} could not be rolled back: look at ${targetKey}`,
        openedAtEpochMs,
        detail: { ...detail, reason: reason ?? 'no reason recorded' },
      }),
    ];
  }
  if (to !== 'kept' || driftStack === undefined) return [];
  return [
    openFinding(operationsTable, {
      findingId: followUpId(changeId),
      kind: 'drift-follow-up',
      summary: `change ${changeId} drifts from stack ${driftStack}: bring ${targetKey} up to date in its template`,
      openedAtEpochMs,
      detail: { ...detail, stack: driftStack },
    }),
  ];
}

/** Finding about what was kept and drifts from the stack of its target. */
export function followUpId(changeId: string): string {
  return `drift-follow-up-${changeId}`;
}

/** Closes an open follow-up: what was undone drifts no more, and its template is right as it is. */
export function followUpClosed(operationsTable: string, changeId: string, atEpochMs: EpochMs): Write {
  const closure = { by: 'change-control', evidence: 'the change was undone', atEpochMs };
  return closeFinding(operationsTable, followUpId(changeId), closure);
}
