import type { EpochMs } from '../platform/clock.ts';
import { type ActionDefinition, reversalOf } from './action-definition.ts';
import type { ChangeRecord } from './change-record.ts';
import { type ChangeEvent, type ChangeStatus, isTerminal } from './change-status.ts';
import type { TargetLock } from './target-lock.ts';

export type UndoDecision =
  | { readonly outcome: 'may-reopen'; readonly fencingToken: number }
  | { readonly outcome: 'refused'; readonly reason: string };

/** True for a change that was kept before it began to roll back: nothing but a person's undo leads there. */
export function isUndo({ undoExecution }: Pick<ChangeRecord, 'undoExecution'>): boolean {
  return undoExecution !== undefined;
}

/** What forbids an event although its status allows it: only a person's undo can be refused. */
export function undoFault(
  change: Pick<ChangeRecord, 'undoExecution'>,
  event: ChangeEvent,
): string | undefined {
  return event === 'undo-refused' && !isUndo(change) ? 'no person undoes the change' : undefined;
}

/**
 * Until when, excluded, the snapshot of a change is kept; `undefined` without one. It is counted from the snapshot,
 * as its bucket does, and not from a step: a progressive change may start its last one hours later.
 */
export function snapshotKeptUntil(
  { snapshotDigest, snapshotTakenAtEpochMs }: Pick<ChangeRecord, 'snapshotDigest' | 'snapshotTakenAtEpochMs'>,
  snapshotRetentionMs: number,
): EpochMs | undefined {
  return snapshotDigest === undefined || snapshotTakenAtEpochMs === undefined
    ? undefined
    : snapshotTakenAtEpochMs + snapshotRetentionMs;
}

/**
 * Whether a person may undo a change that was kept. Its way back is the snapshot, so there must be one and it
 * must still be stored; and nobody else may hold the target. That somebody has altered the target since is
 * for the rollback itself to see.
 *
 * @param holder Status of the change that holds the lock, if any does.
 */
export function decideUndo(
  change: ChangeRecord,
  action: { readonly definition: Pick<ActionDefinition, 'reversal'>; readonly parameters: object },
  lock: TargetLock | undefined,
  holder: ChangeStatus | undefined,
  snapshotRetentionMs: number,
  now: EpochMs,
): UndoDecision {
  if (change.status !== 'kept')
    return refused(`only a change that was kept can be undone; it is ${change.status}`);
  const reversal = reversalOf(action.definition, action.parameters);
  if (reversal.kind === 'irreversible') {
    return refused(`irreversible: ${reversal.reason}; follow the runbook`);
  }
  const keptUntil = snapshotKeptUntil(change, snapshotRetentionMs);
  if (keptUntil === undefined) return refused('no snapshot is recorded for the change');
  if (keptUntil <= now) {
    return refused(`its snapshot was kept until ${new Date(keptUntil).toISOString()}; follow the runbook`);
  }
  if (lock?.phase !== undefined && lock.phase !== 'free') {
    if (lock.changeId === change.changeId) return refused('the change is about to free its lock; try again');
    if (holder === undefined || !isTerminal(holder)) {
      return refused(
        `the target is locked by ${lock.changeId ?? 'an unknown change'}; try again when it has ended`,
      );
    }
  }
  return { outcome: 'may-reopen', fencingToken: (lock?.fencingToken ?? 0) + 1 };
}

function refused(reason: string): UndoDecision {
  return { outcome: 'refused', reason };
}
