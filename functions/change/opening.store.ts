import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { changeIdFor } from '../platform/ids.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { attempts, type ChangeStore, type ChangeStoreSettings, contention } from './change.store.ts';
import type { AcquireResult, ChangeSubject, OpeningSteps, RefuseResult } from './change-protocol.ts';
import { type ChangeRecord, endOf } from './change-record.ts';
import { nextStatus } from './change-status.ts';
import {
  changeEntries,
  isLocked,
  type LockedChange,
  leaseFrom,
  statusMembers,
  takeLock,
} from './change-writes.ts';
import { checkStoredPlan } from './stored-plan.ts';
import { decideAcquire, isHeldBy } from './target-lock.ts';

/** How a change comes to be: with the lock of its target, or refused before it started. */
export class OpeningStore implements OpeningSteps {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #settings: ChangeStoreSettings;
  readonly #clock: Clock;
  readonly #changes: ChangeStore;

  constructor(
    database: Database,
    ledger: LedgerStore,
    settings: ChangeStoreSettings,
    clock: Clock,
    changes: ChangeStore,
  ) {
    this.#database = database;
    this.#ledger = ledger;
    this.#settings = settings;
    this.#clock = clock;
    this.#changes = changes;
  }

  /** Takes the lock of the plan's target and opens the change. An orphaned lock answers `locked`: recovery frees it. */
  async acquireLock(subject: ChangeSubject): Promise<AcquireResult> {
    const { changeId, incidentId, planDigest } = subject;
    if (changeId !== changeIdFor(incidentId, planDigest)) {
      return { outcome: 'refused', reason: 'the change id does not belong to this incident and plan' };
    }
    const stored = await this.#database.get(this.#settings.operations, itemKeys.plan(incidentId, planDigest));
    const check = checkStoredPlan(stored?.['plan'], {
      planDigest,
      incidentId,
      environment: this.#settings.environment,
    });
    if (check.outcome === 'unsound') return { outcome: 'refused', reason: check.reason };
    const { targetKey, steps } = check;
    const action = check.plan.action;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const now = this.#clock();
      const own = await this.#changes.find(changeId);
      const lock = await this.#changes.lockOf(targetKey);
      if (own !== undefined) {
        const token = own.fencingToken ?? 0;
        return own.status === 'locked' && isHeldBy(lock, changeId, token)
          ? { outcome: 'acquired', fencingToken: token, action }
          : { outcome: 'refused', reason: `the change is ${own.status} already` };
      }
      const holder = lock?.changeId === undefined ? undefined : await this.#changes.find(lock.changeId);
      const decision = decideAcquire(lock, holder?.status, changeId, now);
      if (decision.outcome === 'locked' || decision.outcome === 'orphaned') {
        return { outcome: 'locked', heldBy: decision.heldBy };
      }
      const { fencingToken } = decision;
      const change: LockedChange = {
        ...subject,
        action,
        targetKey,
        fencingToken,
        ...(steps === undefined ? {} : { steps }),
        status: 'locked',
        updatedAtEpochMs: now,
      };
      const result = await this.#ledger.commit(
        incidentChain(incidentId),
        changeEntries(['change.lock-acquired'], change, now),
        [
          takeLock(this.#settings, change, 'held', leaseFrom(this.#settings, now), lock),
          this.#putChange(change),
        ],
      );
      if (result.outcome === 'committed') return { outcome: 'acquired', fencingToken, action };
    }
    throw contention(changeId);
  }

  /** Ends a change that has not started, whether or not it got as far as a lock; frees the lock with it. */
  async refuse(subject: ChangeSubject, event: 'refused' | 'stopped', reason: string): Promise<RefuseResult> {
    const { changeId, incidentId, planDigest } = subject;
    if (changeId !== changeIdFor(incidentId, planDigest)) return { outcome: 'ended', result: event, reason };
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const change = await this.#changes.find(changeId);
      const end = change === undefined ? undefined : endOf(change);
      if (end !== undefined) return { outcome: 'ended', ...end };
      if (change !== undefined && isLocked(change)) {
        const { fencingToken, action } = change;
        if (nextStatus(change.status, event) === 'not-allowed') {
          return { outcome: 'under-way', fencingToken, action };
        }
        await this.#changes.record(changeId, fencingToken, event, { reason });
        continue;
      }
      const now = this.#clock();
      const opened: ChangeRecord = { ...subject, status: event, statusReason: reason, updatedAtEpochMs: now };
      await this.#ledger.commit(
        incidentChain(incidentId),
        changeEntries([`change.${event}`], opened, now, { reason }),
        [this.#putChange(opened)],
      );
    }
    throw contention(changeId);
  }

  #putChange(change: ChangeRecord): Write {
    return {
      kind: 'put',
      table: this.#settings.operations,
      item: {
        ...itemKeys.change(change.changeId),
        ...change,
        ...statusMembers(change.status, change.updatedAtEpochMs),
      },
      condition: 'attribute_not_exists(pk)',
    };
  }
}
