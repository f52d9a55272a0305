import type { EpochMs } from '../platform/clock.ts';
import { type ChangeStatus, isTerminal } from './change-status.ts';

/** What a lock is held for. `mutating` and `rolling-back` are what a kill switch waits for. */
export type LockPhase = 'free' | 'held' | 'mutating' | 'rolling-back';

/** The right to change one target. The item outlives its holders so that the fencing token only ever rises. */
export interface TargetLock {
  readonly targetKey: string;
  readonly fencingToken: number;
  readonly phase: LockPhase;
  /** Absent when free. */
  readonly changeId?: string;
  readonly incidentId?: string;
  readonly leaseExpiresAtEpochMs?: EpochMs;
}

export type AcquireDecision =
  | { readonly outcome: 'acquired'; readonly fencingToken: number }
  /** Held by this very change since an earlier delivery of the same request. */
  | { readonly outcome: 'already-held'; readonly fencingToken: number }
  | { readonly outcome: 'locked'; readonly heldBy: string }
  /** The lease ran out and the holder's change has no end yet: only recovery may touch it. */
  | { readonly outcome: 'orphaned'; readonly heldBy: string };

/**
 * Whether a change may take a target's lock. A lock is never stolen from a change that has not ended: its
 * effect may be there, and whoever came next would take it for the state to go back to.
 *
 * @param holderStatus Status of the change that holds the lock; `undefined` when there is none.
 */
export function decideAcquire(
  lock: TargetLock | undefined,
  holderStatus: ChangeStatus | undefined,
  changeId: string,
  now: EpochMs,
): AcquireDecision {
  const next = (lock?.fencingToken ?? 0) + 1;
  if (lock === undefined || lock.phase === 'free') return { outcome: 'acquired', fencingToken: next };
  if (lock.changeId === undefined) return { outcome: 'orphaned', heldBy: 'unknown' };
  if (holderStatus !== undefined && isTerminal(holderStatus)) {
    return { outcome: 'acquired', fencingToken: next };
  }
  if (lock.changeId === changeId) return { outcome: 'already-held', fencingToken: lock.fencingToken };
  return { outcome: isLeaseLive(lock, now) ? 'locked' : 'orphaned', heldBy: lock.changeId };
}

/** A lease is live strictly before its end: at the very millisecond it is over. */
export function isLeaseLive(lock: Pick<TargetLock, 'leaseExpiresAtEpochMs'>, now: EpochMs): boolean {
  return lock.leaseExpiresAtEpochMs !== undefined && lock.leaseExpiresAtEpochMs > now;
}

/** True when this change holds the lock under this token: a holder that was taken over from sees false for ever. */
export function isHeldBy(lock: TargetLock | undefined, changeId: string, fencingToken: number): boolean {
  return (
    lock !== undefined &&
    lock.phase !== 'free' &&
    lock.changeId === changeId &&
    lock.fencingToken === fencingToken
  );
}

/** The phase a lock is in while its change has a status. */
export function phaseOf(status: ChangeStatus): LockPhase {
  switch (status) {
    case 'executing':
      return 'mutating';
    case 'rolling-back':
      return 'rolling-back';
    case 'refused':
    case 'stopped':
      return 'free';
    case 'locked':
    case 'snapshotted':
    case 'executed':
    case 'progressing':
    case 'kept':
    case 'rolled-back':
    case 'rollback-failed':
      return 'held';
  }
}
