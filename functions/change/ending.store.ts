import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import { incidentChain } from '../platform/item-keys.ts';
import { attempts, type ChangeStore, type ChangeStoreSettings, contention, refused } from './change.store.ts';
import type { EndingSteps, ReleaseResult, TakeOverResult } from './change-protocol.ts';
import { endOf } from './change-record.ts';
import { nextStatus } from './change-status.ts';
import {
  changeEntries,
  freeLock,
  freeLockOf,
  isLocked,
  leaseFrom,
  moveChange,
  moveLock,
} from './change-writes.ts';
import type { TargetLock } from './target-lock.ts';

/** How a change leaves its lock: by its own end, or taken over by recovery. */
export class EndingStore implements EndingSteps {
  readonly #ledger: LedgerStore;
  readonly #settings: ChangeStoreSettings;
  readonly #clock: Clock;
  readonly #changes: ChangeStore;

  constructor(ledger: LedgerStore, settings: ChangeStoreSettings, clock: Clock, changes: ChangeStore) {
    this.#ledger = ledger;
    this.#settings = settings;
    this.#clock = clock;
    this.#changes = changes;
  }

  /** Frees the lock of a change that has ended and says how it ended; freeing it twice is fine. */
  async release(changeId: string, fencingToken: number): Promise<ReleaseResult> {
    const change = await this.#changes.find(changeId);
    const end = change === undefined ? undefined : endOf(change);
    if (change === undefined || end === undefined) {
      return change?.fencingToken === fencingToken
        ? { outcome: 'not-ended', reason: `the change is still ${change.status}` }
        : {
            outcome: 'handed-over',
            reason: 'recovery has taken the change over; the change record says how it ends',
          };
    }
    if (isLocked(change) && change.fencingToken === fencingToken) {
      const now = this.#clock();
      await this.#ledger.commit(
        incidentChain(change.incidentId),
        changeEntries(['change.released'], change, now, { result: end.result }),
        [freeLock(this.#settings, change)],
      );
    }
    return { outcome: 'released', ...end };
  }

  /**
   * Recovery becomes the holder of a change with a possible effect: the token rises, so that whatever the
   * former holder still does is refused, and the rollback has started. Asking again for the same token answers
   * the same.
   */
  async takeOver(changeId: string, fencingToken: number): Promise<TakeOverResult> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const now = this.#clock();
      const change = await this.#changes.find(changeId);
      if (change === undefined || !isLocked(change)) return refused('the change holds no lock');
      if (change.recoveredFrom === fencingToken && change.status === 'rolling-back') {
        return { outcome: 'taken-over', fencingToken: change.fencingToken, action: change.action };
      }
      if (change.fencingToken !== fencingToken)
        return refused('the fencing token is no longer the current one');
      const isRollingBack = change.status === 'rolling-back';
      if (!isRollingBack && nextStatus(change.status, 'rollback-started') === 'not-allowed') {
        return refused(`a change that is ${change.status} needs no rollback`);
      }
      const next = fencingToken + 1;
      const taken = { fencingToken: next, recoveredFrom: fencingToken, statusReason: 'recovered' };
      const result = await this.#ledger.commit(
        incidentChain(change.incidentId),
        changeEntries(['change.rollback-started'], { ...change, ...taken }, now, {
          recoveredFrom: fencingToken,
        }),
        [
          moveChange(this.#settings, change, 'rolling-back', now, taken),
          moveLock(this.#settings, change, {
            phase: 'rolling-back',
            leaseExpiresAtEpochMs: leaseFrom(this.#settings, now),
            fencingToken: next,
          }),
        ],
      );
      if (result.outcome === 'committed')
        return { outcome: 'taken-over', fencingToken: next, action: change.action };
      if (result.refusals[0] === undefined) return refused('the target lock is not held by this change');
    }
    throw contention(changeId);
  }

  /** Frees a lock whose change was never written or has been lost: without a change nothing can have started. */
  async freeOwnerless(lock: TargetLock): Promise<void> {
    if (lock.changeId === undefined || lock.incidentId === undefined) return;
    const change = { changeId: lock.changeId, targetKey: lock.targetKey, fencingToken: lock.fencingToken };
    await this.#ledger.commit(
      incidentChain(lock.incidentId),
      [
        {
          type: 'change.released',
          atEpochMs: this.#clock(),
          actor: { kind: 'system', id: 'change-control' },
          detail: { ...change, result: 'refused', reason: 'the lock had no change' },
        },
      ],
      [freeLockOf(this.#settings, lock.targetKey, lock.changeId, lock.fencingToken)],
    );
  }
}
