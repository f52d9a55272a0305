import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { type FollowUp, findingsOpened, followUpClosed, followUpId } from './change-findings.ts';
import type { ChangeSteps, EventFacts, RecordResult, Refused, SkipLock } from './change-protocol.ts';
import { type ChangeRecord, parseChange, parseLock } from './change-record.ts';
import { type ChangeEvent, isRepeat, ledgerTypesOf, nextStatus } from './change-status.ts';
import { stepFault, stepInHand } from './change-steps.ts';
import {
  type ChangeTables,
  changeEntries,
  freeLock,
  isLocked,
  type LockedChange,
  leaseFrom,
  moveChange,
  moveLock,
  statusMembers,
} from './change-writes.ts';
import { phaseOf, type TargetLock } from './target-lock.ts';
import { undoFault } from './undo.ts';

export interface ChangeStoreSettings extends ChangeTables {
  readonly environment: string;
  /** How long a holder may go without a recorded step before recovery takes its change over. */
  readonly lockLeaseSeconds: number;
}

/** How often a step is decided anew because somebody else wrote between its read and its transaction. */
export const attempts = 5;

/** Every step of a change that has no condition outside the change itself: one transaction each, with evidence. */
export class ChangeStore implements ChangeSteps {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #settings: ChangeStoreSettings;
  readonly #clock: Clock;

  constructor(database: Database, ledger: LedgerStore, settings: ChangeStoreSettings, clock: Clock) {
    this.#database = database;
    this.#ledger = ledger;
    this.#settings = settings;
    this.#clock = clock;
  }

  async find(changeId: string): Promise<ChangeRecord | undefined> {
    const item = await this.#database.get(this.#settings.operations, itemKeys.change(changeId));
    return item === undefined ? undefined : parseChange(item);
  }

  async lockOf(targetKey: string): Promise<TargetLock | undefined> {
    const item = await this.#database.get(this.#settings.controls, itemKeys.lock(targetKey));
    return item === undefined ? undefined : parseLock(item);
  }

  /**
   * Every lock item, free ones too, as one consistent read: what is in flight is among them. A malformed one is
   * told to `skip` and left out; without `skip` it is thrown.
   */
  async locks(skip?: SkipLock): Promise<TargetLock[]> {
    const items = await this.#database.query(this.#settings.controls, 'LOCK');
    return items.flatMap((item) => {
      try {
        return [parseLock(item)];
      } catch (error) {
        if (skip === undefined) throw error;
        skip(String(item['sk']), error);
        return [];
      }
    });
  }

  /** The snapshot stands in its bucket; a second, different one for the same change is refused. */
  async recordSnapshot(
    changeId: string,
    fencingToken: number,
    snapshotDigest: string,
    ownerStack?: string,
  ): Promise<RecordResult> {
    const change = await this.find(changeId);
    if (change?.status === 'snapshotted' && change.snapshotDigest !== snapshotDigest) {
      return { outcome: 'refused', reason: 'another snapshot is recorded for this change' };
    }
    return this.record(changeId, fencingToken, 'snapshot-taken', {
      snapshotDigest,
      ...(ownerStack === undefined ? {} : { driftStack: ownerStack }),
    });
  }

  /**
   * Moves a change on. Saying the same event again is fine; a token that recovery has replaced, or an event
   * that does not follow from the status or the steps, is refused. A failed rollback, or a change that is kept
   * and drifts from the stack that owns its target, opens its finding in the same breath; undoing it closes that.
   * Both are told by the chain of the change.
   */
  async record(
    changeId: string,
    fencingToken: number,
    event: ChangeEvent,
    facts: EventFacts = {},
  ): Promise<RecordResult> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const now = this.#clock();
      const change = await this.find(changeId);
      if (change === undefined || !isLocked(change)) return refused('the change holds no lock');
      if (change.fencingToken !== fencingToken)
        return refused('the fencing token is no longer the current one');
      const { step, ...stored } = facts;
      const fault = stepFault(change, event, step) ?? undoFault(change, event);
      if (fault !== undefined) return refused(fault);
      const next = nextStatus(change.status, event);
      if (next === 'not-allowed') {
        return isRepeat(change.status, event)
          ? { outcome: 'recorded' }
          : refused(`${event} does not follow from ${change.status}`);
      }
      const by = event === 'undo-refused' ? { requestedBy: change.undoRequestedBy } : {};
      const detail = withoutAbsent({ ...stored, ...by });
      const phase = phaseOf(next);
      const opened = findingsOpened(this.#settings.operations, change, event, stored.reason, now);
      const closed = event === 'rolled-back' ? await this.#followUp(change, now) : undefined;
      const result = await this.#ledger.commit(
        incidentChain(change.incidentId),
        [
          ...changeEntries(ledgerTypesOf[event], change, now, detail),
          ...opened.entries,
          ...(closed?.entries ?? []),
        ],
        [
          moveChange(
            this.#settings,
            change,
            next,
            now,
            {
              ...membersFor(event, change, now),
              ...withoutAbsent({ ...stored, reason: undefined, statusReason: stored.reason }),
            },
            // A recovery that gave up the undo is in charge no more, and the next undo has an execution of its own.
            event === 'undo-refused' ? 'recoveredFrom' : undefined,
          ),
          phase === 'free'
            ? freeLock(this.#settings, change)
            : moveLock(this.#settings, change, {
                phase,
                leaseExpiresAtEpochMs: leaseFrom(this.#settings, now),
              }),
          ...opened.writes,
          ...(closed?.writes ?? []),
          ...(event === 'validated' ? this.#verdict(change) : []),
        ],
      );
      if (result.outcome === 'committed') return { outcome: 'recorded' };
      // Somebody closed the follow-up meanwhile: there is nothing left to close.
      if (result.refusals.slice(0, 2).every((one) => one === undefined) && closed !== undefined) continue;
      if (result.refusals[0] === undefined) {
        return refused(
          result.refusals[1] === undefined
            ? 'no person decided to keep the change'
            : 'the target lock is not held under this fencing token',
        );
      }
    }
    throw contention(changeId);
  }

  /** What closes the follow-up of a change that was kept, unless a person has closed it. */
  async #followUp({ changeId, driftStack }: LockedChange, now: number): Promise<FollowUp | undefined> {
    if (driftStack === undefined) return undefined;
    const { operations } = this.#settings;
    const finding = await this.#database.get(operations, itemKeys.finding(followUpId(changeId)));
    return finding?.['status'] === 'open' ? followUpClosed(operations, changeId, now) : undefined;
  }

  /** Where a person was asked, the change is kept on their stored answer alone. */
  #verdict({ verdictApprovalId, incidentId, planDigest }: LockedChange): Write[] {
    if (verdictApprovalId === undefined) return [];
    return [
      {
        kind: 'check',
        table: this.#settings.operations,
        key: itemKeys.approval(verdictApprovalId),
        condition: '#status = :approved AND planDigest = :plan AND incidentId = :incident',
        names: { '#status': 'status' },
        values: { ':approved': 'approved', ':plan': planDigest, ':incident': incidentId },
      },
    ];
  }
}

/** What an event sets on the change beside its status. */
function membersFor(event: ChangeEvent, change: LockedChange, now: number): Record<string, string | number> {
  if (event === 'snapshot-taken') return { snapshotTakenAtEpochMs: now };
  if (event === 'executed') return { executedAtEpochMs: now };
  if (event === 'step-validated') return { stepsDone: stepInHand(change) + 1 };
  if (event === 'validated') return { keptAtEpochMs: now };
  // Kept since it was kept: whoever counts what was kept in a period must not count it once more.
  if (event === 'undo-refused') return statusMembers('kept', change.keptAtEpochMs ?? now);
  return {};
}

function withoutAbsent(members: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter((member): member is [string, string] => member[1] !== undefined),
  );
}

export function refused(reason: string): Refused {
  return { outcome: 'refused', reason };
}

export function contention(changeId: string): DependencyUnavailableError {
  return new DependencyUnavailableError(
    'change.contention',
    `change ${changeId} moved on ${attempts} times while being written; retry`,
  );
}
