import type { Clock } from '../platform/clock.ts';
import type { ChangeSteps, EndingSteps, OpeningSteps, SkipLock } from './change-protocol.ts';
import type { ChangeRecord } from './change-record.ts';
import {
  changeIdOf,
  decideRecovery,
  type ExecutionState,
  executionInCharge,
  hasSettled,
} from './recovery.ts';
import type { TargetLock } from './target-lock.ts';

export interface RecoveryParts {
  readonly changes: ChangeSteps;
  readonly openings: OpeningSteps;
  readonly endings: EndingSteps;
  readonly executions: {
    state(executionName: string): Promise<ExecutionState>;
    startRecovery(executionName: string, change: ChangeRecord): Promise<'started' | 'existed'>;
  };
  readonly page: (changeId: string) => Promise<void>;
  /** One lock that cannot be read must not keep the others from being recovered; a person has to look at it. */
  readonly skipLock: SkipLock;
  readonly clock: Clock;
}

export type RecoveryOutcome = 'left' | 'freed' | 'abandoned' | 'recovery-started' | 'handed-to-person';

/** What was done about one lock. */
export interface Recovered {
  readonly changeId: string;
  readonly outcome: RecoveryOutcome;
}

/** Looks at every lock that is not free and recovers those whose holder is gone. Safe to run at any time. */
export async function recoverAll(parts: RecoveryParts): Promise<Recovered[]> {
  const done: Recovered[] = [];
  const failures: unknown[] = [];
  for (const lock of await parts.changes.locks(parts.skipLock)) {
    if (lock.phase === 'free') continue;
    try {
      done.push(await recoverLock(lock, parts));
    } catch (error) {
      // One change that cannot be recovered now must not keep the others waiting.
      failures.push(error);
    }
  }
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} locks could not be recovered`);
  return done;
}

/** Looks at the one change that an ended execution belonged to. */
export async function recoverEnded(executionName: string, parts: RecoveryParts): Promise<Recovered[]> {
  const change = await parts.changes.find(changeIdOf(executionName));
  if (change?.targetKey === undefined) return [];
  const lock = await parts.changes.lockOf(change.targetKey);
  if (lock === undefined || lock.changeId !== change.changeId) return [];
  return [await recoverLock(lock, parts, executionName)];
}

/** @param endedExecution Known to have ended, whatever Step Functions' own view of it still says. */
async function recoverLock(
  lock: TargetLock,
  parts: RecoveryParts,
  endedExecution?: string,
): Promise<Recovered> {
  const changeId = lock.changeId ?? 'unknown';
  const stateOf = async (name: string): Promise<ExecutionState> =>
    name === endedExecution ? 'ended' : parts.executions.state(name);
  const change = lock.changeId === undefined ? undefined : await parts.changes.find(lock.changeId);
  const execution = change === undefined ? 'gone' : await stateOf(executionInCharge(change));
  const decision = decideRecovery(lock, change, execution, parts.clock());
  const did = (outcome: RecoveryOutcome): Recovered => ({ changeId, outcome });
  switch (decision.outcome) {
    case 'leave':
      return did('left');
    case 'free':
      if (decision.pageFirst) await parts.page(changeId);
      await (change === undefined
        ? parts.endings.freeOwnerless(lock)
        : parts.endings.release(changeId, lock.fencingToken));
      return did('freed');
    case 'abandon':
      if (change === undefined) return did('left');
      return did(await abandon(change, parts));
    case 'start-recovery':
      if (change === undefined) return did('left');
      if ((await parts.executions.startRecovery(decision.executionName, change)) === 'started') {
        return did('recovery-started');
      }
      // It was started before and has not taken the change over: either it is about to, or it ended first.
      if ((await stateOf(decision.executionName)) === 'running') return did('left');
      // A call of the change's own execution may outlive it: its target must not be given away meanwhile.
      if (!hasSettled(lock, parts.clock())) return did('left');
      return handToPerson(lock, changeId, execution, parts);
    case 'hand-to-person':
      return handToPerson(lock, changeId, execution, parts);
  }
}

/** It may have started in this very moment; the next sweep sees that. */
async function abandon(change: ChangeRecord, parts: RecoveryParts): Promise<RecoveryOutcome> {
  const { changeId, incidentId, planDigest } = change;
  const reason = 'abandoned before it started';
  const result = await parts.openings.refuse({ changeId, incidentId, planDigest }, 'refused', reason);
  return result.outcome === 'ended' ? 'abandoned' : 'left';
}

/**
 * Recorded, then paged, then freed: a crash in between is found again because the lock is still there. The lock is
 * read again, after the execution was seen to have ended: the list may be older than a lease renewed since.
 */
async function handToPerson(
  lock: TargetLock,
  changeId: string,
  execution: ExecutionState,
  parts: RecoveryParts,
): Promise<Recovered> {
  const { fencingToken, targetKey } = lock;
  const current = execution === 'running' ? undefined : await parts.changes.lockOf(targetKey);
  if (current?.fencingToken !== fencingToken || !hasSettled(current, parts.clock())) {
    return { changeId, outcome: 'left' };
  }
  const reason = 'its recovery ended without undoing it';
  const result = await parts.changes.record(changeId, fencingToken, 'rollback-failed', { reason });
  if (result.outcome === 'refused') return { changeId, outcome: 'left' };
  await parts.page(changeId);
  await parts.endings.release(changeId, fencingToken);
  return { changeId, outcome: 'handed-to-person' };
}
