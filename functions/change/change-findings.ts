import { openAndAnnounce } from '../audit/announcement.ts';
import { type Finding, openFinding } from '../audit/finding.ts';
import { closedEntry, closeFinding, openedEntry } from '../audit/finding-closure.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import type { ChangeEvent } from './change-status.ts';
import type { LockedChange } from './change-writes.ts';
import { rollbackFailedWords } from './rollback-page.ts';

/** What opens or closes a finding, together with what the ledger says of it: one transaction takes both. */
export interface FollowUp {
  readonly writes: readonly Write[];
  readonly entries: readonly LedgerEvent[];
}

/** Who opens and closes them. */
const actor = 'change-control';

/** Opens what somebody has to follow up after an event, if anything; everybody is told of a failed rollback. */
export function findingsOpened(
  operationsTable: string,
  change: LockedChange,
  event: ChangeEvent,
  reason: string | undefined,
  openedAtEpochMs: EpochMs,
): FollowUp {
  const finding = findingOf(change, event, reason, openedAtEpochMs);
  if (finding === undefined) return { writes: [], entries: [] };
  const entries = [openedEntry(finding, actor)];
  if (finding.kind !== 'rollback-failed') return { writes: [openFinding(operationsTable, finding)], entries };
  const words = rollbackFailedWords(change.changeId, {
    ...change,
    ...(reason === undefined ? {} : { statusReason: reason }),
  });
  return { writes: openAndAnnounce(operationsTable, finding, words), entries };
}

/** A failed rollback, or drift that is kept. A refused undo leaves the follow-up of its drift as it was. */
function findingOf(
  { changeId, incidentId, targetKey, driftStack }: LockedChange,
  event: ChangeEvent,
  reason: string | undefined,
  openedAtEpochMs: EpochMs,
): Finding | undefined {
  const detail = { changeId, incidentId, targetKey };
  if (event === 'rollback-failed') {
    return {
      findingId: `rollback-failed-${changeId}`,
      kind: 'rollback-failed',
      summary: `change ${changeId} could not be rolled back: look at ${targetKey}`,
      openedAtEpochMs,
      detail: { ...detail, reason: reason ?? 'no reason recorded' },
    };
  }
  if (event !== 'validated' || driftStack === undefined) return undefined;
  return {
    findingId: followUpId(changeId),
    kind: 'drift-follow-up',
    summary: `change ${changeId} drifts from stack ${driftStack}: bring ${targetKey} up to date in its template`,
    openedAtEpochMs,
    detail: { ...detail, stack: driftStack },
  };
}

/** Finding about what was kept and drifts from the stack of its target. */
export function followUpId(changeId: string): string {
  return `drift-follow-up-${changeId}`;
}

/** Closes an open follow-up: what was undone drifts no more, and its template is right as it is. */
export function followUpClosed(operationsTable: string, changeId: string, atEpochMs: EpochMs): FollowUp {
  const findingId = followUpId(changeId);
  const closure = { by: actor, evidence: 'the change was undone', atEpochMs };
  return {
    writes: [closeFinding(operationsTable, findingId, closure)],
    entries: [closedEntry({ findingId, kind: 'drift-follow-up' }, closure, 'system')],
  };
}
