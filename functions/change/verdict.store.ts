import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import { incidentChain } from '../platform/item-keys.ts';
import { attempts, type ChangeStore, type ChangeStoreSettings, contention, refused } from './change.store.ts';
import type { AskResult, VerdictSteps } from './change-protocol.ts';
import { hasFurtherSteps } from './change-steps.ts';
import { changeEntries, isLocked, leaseFrom, moveChange, moveLock } from './change-writes.ts';

/** How a change that could not be judged is put before a person. */
export class VerdictStore implements VerdictSteps {
  readonly #ledger: LedgerStore;
  readonly #settings: ChangeStoreSettings;
  readonly #clock: Clock;
  readonly #changes: ChangeStore;
  readonly #newId: () => string;

  constructor(
    ledger: LedgerStore,
    settings: ChangeStoreSettings,
    clock: Clock,
    changes: ChangeStore,
    newId: () => string,
  ) {
    this.#ledger = ledger;
    this.#settings = settings;
    this.#clock = clock;
    this.#changes = changes;
    this.#newId = newId;
  }

  /**
   * Names the approval that will hold the answer and renews the lease, since a person may take longer than a
   * step. From here on the change is kept only on that answer. Asking again names the same approval.
   */
  async askPerson(changeId: string, fencingToken: number, reason: string): Promise<AskResult> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const now = this.#clock();
      const change = await this.#changes.find(changeId);
      if (change === undefined || !isLocked(change)) return refused('the change holds no lock');
      if (change.fencingToken !== fencingToken)
        return refused('the fencing token is no longer the current one');
      if (change.status !== 'executed')
        return refused(`a change that is ${change.status} waits for no verdict`);
      if (hasFurtherSteps(change)) return refused('a step before the last one waits for no verdict');
      const { verdictApprovalId: asked } = change;
      if (asked !== undefined) return { outcome: 'recorded', approvalId: asked };
      const approvalId = this.#newId();
      const result = await this.#ledger.commit(
        incidentChain(change.incidentId),
        changeEntries(['change.person-asked'], change, now, { reason, approvalId }),
        [
          moveChange(this.#settings, change, 'executed', now, {
            statusReason: reason,
            verdictApprovalId: approvalId,
          }),
          moveLock(this.#settings, change, {
            phase: 'held',
            leaseExpiresAtEpochMs: leaseFrom(this.#settings, now),
          }),
        ],
      );
      if (result.outcome === 'committed') return { outcome: 'recorded', approvalId };
      if (result.refusals[0] === undefined) return refused('the target lock is not held by this change');
    }
    throw contention(changeId);
  }
}
