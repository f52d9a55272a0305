import { openFinding } from '../audit/finding.ts';
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
      findingId: `drift-follow-up-${changeId}`,
      kind: 'drift-follow-up',
      summary: `change ${changeId} drifts from stack ${driftStack}: bring ${targetKey} up to date in its template`,
      openedAtEpochMs,
      detail: { ...detail, stack: driftStack },
    }),
  ];
}
