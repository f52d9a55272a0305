import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { killSwitchChecks, scopesOver } from '../platform/kill-switch-scope.ts';
import { attempts, type ChangeStore, type ChangeStoreSettings, contention, refused } from './change.store.ts';
import type { ReopenResult, UndoRequest, UndoSteps } from './change-protocol.ts';
import { ledgerTypesOf } from './change-status.ts';
import {
  changeEntries,
  isLocked,
  type LockedChange,
  leaseFrom,
  moveChange,
  takeLock,
} from './change-writes.ts';
import { isUndoOf } from './recovery.ts';
import { checkStoredPlan } from './stored-plan.ts';
import { decideUndo } from './undo.ts';

export interface UndoStoreSettings extends ChangeStoreSettings {
  /** How long snapshots are kept. */
  readonly snapshotRetentionSeconds: number;
}

/** How a change that was kept is opened again to be undone. */
export class UndoStore implements UndoSteps {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #settings: UndoStoreSettings;
  readonly #clock: Clock;
  readonly #changes: ChangeStore;

  constructor(
    database: Database,
    ledger: LedgerStore,
    settings: UndoStoreSettings,
    clock: Clock,
    changes: ChangeStore,
  ) {
    this.#database = database;
    this.#ledger = ledger;
    this.#settings = settings;
    this.#clock = clock;
    this.#changes = changes;
  }

  /**
   * One transaction: every kill switch over the change is released, the target is locked under a new fencing
   * token, and the change rolls back. Unlike the rollback of a change under way, a kill switch prevents this one:
   * it is a change of its own. Asked again by the same execution, it answers the same.
   */
  async reopen(changeId: string, request: UndoRequest): Promise<ReopenResult> {
    if (!isUndoOf(request.execution, changeId)) {
      return refused('the name of the execution does not belong to this change');
    }
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const change = await this.#changes.find(changeId);
      if (change === undefined || !isLocked(change)) return refused('there is no such change');
      const { action, fencingToken } = change;
      if (change.status === 'rolling-back' && change.undoExecution === request.execution) {
        return { outcome: 'reopened', fencingToken, action };
      }
      // A call that was given up may come late: what its execution ended without undoing is not begun again.
      if (change.status === 'kept' && change.undoExecution === request.execution) {
        return refused(change.statusReason ?? 'this undo was refused before');
      }
      const result = await this.#reopen(change, request);
      if (result !== 'overtaken') return result;
    }
    throw contention(changeId);
  }

  async #reopen(change: LockedChange, request: UndoRequest): Promise<ReopenResult | 'overtaken'> {
    const { controls, operations, environment, snapshotRetentionSeconds } = this.#settings;
    const { incidentId, planDigest, action, targetKey } = change;
    const now = this.#clock();
    const stored = await this.#database.get(operations, itemKeys.plan(incidentId, planDigest));
    const check = checkStoredPlan(stored?.['plan'], { planDigest, incidentId, environment });
    if (check.outcome === 'unsound') return refused(check.reason);
    const lock = await this.#changes.lockOf(targetKey);
    const holder = lock?.changeId === undefined ? undefined : await this.#changes.find(lock.changeId);
    const decision = decideUndo(change, check, lock, holder?.status, snapshotRetentionSeconds * 1_000, now);
    if (decision.outcome === 'refused') return decision;
    const { fencingToken } = decision;
    const { requestedBy, reason, execution } = request;
    const reopened = { ...change, fencingToken };
    const result = await this.#ledger.commit(
      incidentChain(incidentId),
      changeEntries(ledgerTypesOf['undo-started'], reopened, now, { requestedBy, reason }),
      [
        moveChange(this.#settings, change, 'rolling-back', now, {
          fencingToken,
          undoExecution: execution,
          undoRequestedBy: requestedBy,
          statusReason: `undone by a person: ${reason}`,
        }),
        takeLock(this.#settings, reopened, 'rolling-back', leaseFrom(this.#settings, now), lock),
        ...killSwitchChecks(controls, check.plan),
      ],
    );
    if (result.outcome === 'committed') return { outcome: 'reopened', fencingToken, action };
    const [ofChange, ofLock, ...ofSwitches] = result.refusals;
    if (ofChange !== undefined || ofLock !== undefined) return 'overtaken';
    const scope = scopesOver(check.plan)[ofSwitches.findIndex((refusal) => refusal !== undefined)];
    return refused(`the kill switch (${scope ?? 'unknown'}) is engaged`);
  }
}
