import type { EpochMs } from '../platform/clock.ts';
import type { ChangeRecord } from './change-record.ts';
import { isTerminal } from './change-status.ts';
import { isLeaseLive, type TargetLock } from './target-lock.ts';

/** How the execution in charge of a change stands. `gone`: Step Functions knows no execution of that name. */
export type ExecutionState = 'running' | 'ended' | 'gone';

export type RecoveryDecision =
  | { readonly outcome: 'leave' }
  /** The change has ended, or never was: only its lock is left over. */
  | { readonly outcome: 'free'; readonly pageFirst: boolean }
  /** It never started: it is refused and its lock freed. */
  | { readonly outcome: 'abandon' }
  /** Its effect may be there: an execution of the change machine in mode `recover` undoes it. */
  | { readonly outcome: 'start-recovery'; readonly executionName: string }
  /** Its recovery ended without undoing it. */
  | { readonly outcome: 'hand-to-person' };

/**
 * The execution that is in charge of a change: the one that opened it, the one by which a person undoes it, or
 * the recovery that took it over from either.
 *
 *     chg-1            opens the change under token 7, dies
 *     chg-1-recover-7  takes it over: token 8, recoveredFrom 7
 *
 *     chg-2            keeps the change and frees its lock
 *     chg-2-undo-1     reopens it under token 9, dies
 *     chg-2-recover-9  takes it over: token 10, recoveredFrom 9
 */
export function executionInCharge(
  change: Pick<ChangeRecord, 'changeId' | 'recoveredFrom' | 'undoExecution'>,
): string {
  return change.recoveredFrom === undefined
    ? (change.undoExecution ?? change.changeId)
    : recoveryName(change.changeId, change.recoveredFrom);
}

/** One recovery per fencing token: starting it twice is starting it once. */
export function recoveryName(changeId: string, fencingToken: number): string {
  return `${changeId}-recover-${fencingToken}`;
}

/** The change an execution of the change machine belongs to. */
export function changeIdOf(executionName: string): string {
  return executionName.replace(/-(?:recover|undo)-\d+$/, '');
}

/** True for the name of an execution that undoes this change: `<changeId>-undo-<n>`, n from 1. */
export function isUndoOf(executionName: string, changeId: string): boolean {
  return /-undo-[1-9]\d{0,3}$/.test(executionName) && changeIdOf(executionName) === changeId;
}

/** Longer than a call of an action function may run. */
const settleMs = 65_000;

/**
 * True when no call of a former holder can still be under way: the lock may then go to somebody else although
 * nobody saw the call end.
 */
export function hasSettled(lock: TargetLock, now: EpochMs): boolean {
  return !isLeaseLive(lock, now - settleMs);
}

/**
 * What to do about one lock. Nothing is done while the execution in charge runs and the lease is live; a
 * recovery that still runs is never overtaken, because each of its steps has a time limit of its own.
 */
export function decideRecovery(
  lock: TargetLock,
  change: ChangeRecord | undefined,
  execution: ExecutionState,
  now: EpochMs,
): RecoveryDecision {
  if (lock.phase === 'free') return { outcome: 'leave' };
  const isLive = isLeaseLive(lock, now);
  if (change === undefined) return isLive ? { outcome: 'leave' } : { outcome: 'free', pageFirst: false };
  if (execution === 'running' && isLive) return { outcome: 'leave' };
  if (isTerminal(change.status)) {
    return { outcome: 'free', pageFirst: change.status === 'rollback-failed' };
  }
  if (change.status === 'locked' || change.status === 'snapshotted') return { outcome: 'abandon' };
  if (change.recoveredFrom !== undefined) {
    const isOver = execution !== 'running' && hasSettled(lock, now);
    return isOver ? { outcome: 'hand-to-person' } : { outcome: 'leave' };
  }
  return {
    outcome: 'start-recovery',
    executionName: recoveryName(change.changeId, lock.fencingToken),
  };
}
