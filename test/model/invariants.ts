import { approversOf } from '../../functions/approvals/approval.ts';
import type { ChangeRecord } from '../../functions/change/change-record.ts';
import { isInFlight, isTerminal } from '../../functions/change/change-status.ts';
import { isLeaseLive } from '../../functions/change/target-lock.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { killSwitchChecks } from '../../functions/platform/kill-switch-scope.ts';
import type { Call } from './calls.ts';
import { holds } from './expressions.ts';
import { LeftBehind } from './left-behind.ts';
import type { State } from './state.ts';
import type { Step } from './steps.ts';
import { type PlannedChange, settings } from './subjects.ts';
import type { World } from './world.ts';

/** Number of the invariant, as the design numbers them; 6 stands for its evidence, one write with the state. */
export type InvariantNumber = 1 | 2 | 3 | 4 | 5 | 6;

export const invariants: Readonly<Record<InvariantNumber, string>> = {
  1: 'no effect without everything that authorises it, at that moment',
  2: 'once the kill switch is on and nothing is in flight, nothing is changed',
  3: 'an approval is decided once, by its quorum and before its end',
  4: 'one change at a time per target, and none is forgotten',
  5: 'what is undone was recorded before, is undone exactly, and is nobody else’s',
  6: 'state and ledger entry are one write',
};

export interface Violation {
  readonly invariant: InvariantNumber;
  readonly what: string;
}

type Transaction = Extract<Call, { kind: 'transact' }>;

/** Holds every step and every end against the invariants; knows the code under test only by what it leaves behind. */
export class Invariants {
  readonly #world: World;
  readonly #left: LeftBehind;

  constructor(world: World) {
    this.#world = world;
    this.#left = new LeftBehind(world);
  }

  /** What a step from one state to the next breaks. */
  ofStep(before: State, step: Step): Violation | undefined {
    const { after, did } = step;
    if (did.kind !== 'call') return undefined;
    if (before.target !== after.target) return this.#ofWrite(before, after);
    if (before.tables === after.tables) return undefined;
    const { pending } = this.#world.operations.at(did.progress);
    const call = pending.find(({ index }) => index === did.index)?.call;
    if (call?.kind !== 'transact') return undefined;
    for (const change of this.#world.changes) {
      const violation =
        this.#ofChange(change, before, after, call) ?? this.#ofApproval(change, before, after, call);
      if (violation !== undefined) return violation;
    }
    return this.#ofSwitch(before, after, call);
  }

  /** What is wrong where nobody has anything left to do. */
  ofEnd(state: State): Violation | undefined {
    const target = this.#left.target(state);
    const { paged } = this.#world.watched.value(state.watched);
    for (const change of this.#world.changes) {
      const { name, changeId } = change;
      const record = this.#left.record(state, change);
      const lock = this.#left.lock(state, change);
      const status = record?.status;
      if (lock?.changeId === changeId && record === undefined)
        return broken(4, `change ${name} left its lock behind`);
      if (record === undefined || status === undefined) continue;
      if (!isTerminal(status)) return broken(4, `change ${name} is forgotten while ${status}`);
      if (lock?.changeId === changeId) return broken(4, `change ${name} has ended and its lock is not free`);
      if (status === 'rollback-failed') {
        if (!paged.includes(changeId))
          return broken(4, `nobody was told that change ${name} could not be undone`);
        if (
          this.#world.item(state, settings.operations, itemKeys.finding(`rollback-failed-${changeId}`)) ===
          undefined
        ) {
          return broken(4, `no finding says that change ${name} could not be undone`);
        }
      }
      if (target.writer.by === changeId && target.writer.effect === 'apply' && isGone(status)) {
        return broken(5, `change ${name} is ${status} and its effect is still there`);
      }
    }
    return undefined;
  }

  /** A write to the target. */
  #ofWrite(before: State, after: State): Violation | undefined {
    const { writer } = this.#left.target(after);
    const was = this.#left.target(before);
    const change = this.#world.changes.find(({ changeId }) => changeId === writer.by);
    if (change === undefined) return undefined;
    const { name } = change;
    const record = this.#left.record(before, change);
    const verb = writer.effect === 'apply' ? 'alters the target' : 'writes the target back';
    if (record?.startedAtEpochMs === undefined)
      return broken(1, `change ${name} ${verb} without having been authorised`);
    if (writer.effect === 'apply' && this.#world.watched.value(before.watched).toldStopped) {
      return broken(2, `change ${name} ${verb} although a person was told that nothing is in flight`);
    }
    const other = this.#world.changes.find(
      (one) => one !== change && isInFlight(this.#left.record(before, one)?.status ?? 'refused'),
    );
    if (other !== undefined) return broken(4, `change ${name} ${verb} in the middle of change ${other.name}`);
    if (isTerminal(record.status)) return broken(4, `change ${name} ${verb} after it was ${record.status}`);
    if (writer.effect === 'apply' && this.#left.snapshotVersion(before, record) !== was.functionVersion) {
      return broken(5, `change ${name} ${verb} without a recorded snapshot of how it stands`);
    }
    if (
      writer.effect === 'restore' &&
      was.writer.by !== change.changeId &&
      !this.#left.mayBeOurs(before, change)
    ) {
      return broken(5, `change ${name} ${verb} over what ${was.writer.by} wrote`);
    }
    return undefined;
  }

  /** A transaction that touches a change. */
  #ofChange(change: PlannedChange, before: State, after: State, call: Transaction): Violation | undefined {
    const was = this.#left.record(before, change);
    const is = this.#left.record(after, change);
    if (is === undefined || (is.status === was?.status && is.fencingToken === was.fencingToken))
      return undefined;
    const { name, changeId } = change;
    if (!call.ledger.some((type) => type.startsWith('change.'))) {
      return broken(6, `change ${name} becomes ${is.status} without a ledger entry`);
    }
    if (call.ledger.includes('change.undo-started')) return this.#ofUndo(change, before);
    if (call.ledger.includes('change.undo-refused')) return this.#ofRefusedUndo(change, was, before);
    if (was !== undefined && isTerminal(was.status)) {
      return broken(4, `change ${name} was ${was.status} and becomes ${is.status}`);
    }
    if (was === undefined && is.status === 'locked') {
      const other = this.#world.changes.find((one) => {
        const record = this.#left.record(before, one);
        return one !== change && record !== undefined && !isTerminal(record.status);
      });
      if (other !== undefined)
        return broken(4, `change ${name} takes the lock before change ${other.name} has ended`);
    }
    if (is.status === 'executing' && was?.status !== 'executing')
      return this.#ofStart(change, before, after, call);
    const { writer } = this.#left.target(before);
    const isItsEffect = writer.by === changeId && writer.effect === 'apply';
    if (isGone(is.status) && isItsEffect)
      return broken(5, `change ${name} becomes ${is.status} and its effect is still there`);
    if (is.status === 'kept' && !this.#mayStay(before, is)) {
      return broken(1, `change ${name} is kept although no person said so`);
    }
    if (is.status === 'kept' && !isItsEffect && writer.effect !== 'foreign') {
      return broken(5, `change ${name} is kept and its effect is not there`);
    }
    return undefined;
  }

  /** The transaction that lets a change start: invariant 1, read off the tables as they stood. */
  #ofStart(change: PlannedChange, before: State, after: State, call: Transaction): Violation | undefined {
    const is = this.#left.record(after, change);
    const { name, incidentId, planDigest, action } = change;
    // The lease is renewed from the time that the start is judged by.
    const leaseEnd = this.#left.lock(after, change)?.leaseExpiresAtEpochMs ?? Number.POSITIVE_INFINITY;
    const now = leaseEnd - settings.lockLeaseSeconds * 1_000;
    const without = (what: string) => broken(1, `change ${name} starts ${what}`);
    if (!call.ledger.includes('change.started'))
      return broken(6, `change ${name} starts without a ledger entry`);
    const subject = { environment: settings.environment, agentRole: 'responder', action };
    for (const check of killSwitchChecks(settings.controls, subject)) {
      if (check.kind !== 'check') continue;
      if (holds(check.condition, this.#world.item(before, check.table, check.key), check)) continue;
      return without(`although the kill switch (${check.key.sk}) is on`);
    }
    const decision = this.#world.item(before, settings.operations, itemKeys.decision(incidentId, planDigest));
    if (decision?.['policyDigest'] !== settings.policyDigest)
      return without('on a decision under other policies');
    if (decision['outcome'] !== 'auto' && decision['outcome'] !== 'require-approval')
      return without('without a decision');
    if (decision['outcome'] === 'require-approval') {
      const approval = this.#left.approval(before, change);
      if (approval?.status !== 'approved') return without('without having been approved');
      if (approversOf(approval).size < change.quorum) return without('without its quorum');
      if ((approval.usableUntilEpochMs ?? 0) <= now) return without('after its approval had run out');
    }
    const lock = this.#left.lock(before, change);
    if (lock?.changeId !== change.changeId || lock.fencingToken !== is?.fencingToken)
      return without('without the lock');
    if (!isLeaseLive(lock, now)) return without('after the lease of its lock had run out');
    if (this.#left.snapshotVersion(before, is) === undefined)
      return broken(5, `change ${name} starts without a recorded snapshot`);
    return undefined;
  }

  /** A person undoes what was kept: a change of its own, which the kill switch stops. */
  #ofUndo({ name, changeId }: PlannedChange, before: State): Violation | undefined {
    if (this.#world.isEngaged(before.tables))
      return broken(2, `change ${name} is undone although the kill switch is on`);
    const other = this.#world.changes.find(
      (one) => one.changeId !== changeId && isInFlight(this.#left.record(before, one)?.status ?? 'refused'),
    );
    return other === undefined
      ? undefined
      : broken(4, `change ${name} is undone in the middle of change ${other.name}`);
  }

  /** An undo is given up only where it has written nothing and nothing is left to undo; no other rollback ever is. */
  #ofRefusedUndo(change: PlannedChange, was: ChangeRecord | undefined, before: State): Violation | undefined {
    const { name, changeId } = change;
    if (was?.undoExecution === undefined)
      return broken(1, `change ${name} is kept although nobody undoes it and it was to be rolled back`);
    if (this.#left.hasBegunUndo(before, change))
      return broken(5, `the undoing of change ${name} is given up after it had begun to write`);
    const { writer } = this.#left.target(before);
    if (writer.by !== changeId) return undefined;
    return broken(
      5,
      writer.effect === 'apply'
        ? `the undoing of change ${name} is given up although the target stands as the change left it`
        : `change ${name} is kept although it was undone`,
    );
  }

  /** Once a person was asked, their answer alone keeps a change. */
  #mayStay(state: State, { verdictApprovalId }: ChangeRecord): boolean {
    if (verdictApprovalId === undefined) return true;
    const answer = this.#world.item(state, settings.operations, itemKeys.approval(verdictApprovalId));
    return answer?.['status'] === 'approved';
  }

  #ofApproval(change: PlannedChange, before: State, after: State, call: Transaction): Violation | undefined {
    const was = this.#left.approval(before, change);
    const is = this.#left.approval(after, change);
    if (
      was === undefined ||
      is === undefined ||
      (was.status === is.status && was.votes.length === is.votes.length)
    ) {
      return undefined;
    }
    if (!call.ledger.some((type) => type.startsWith('approval.')))
      return broken(6, 'a vote without a ledger entry');
    if (was.status !== 'pending') return broken(3, `an approval that was ${was.status} becomes ${is.status}`);
    if (is.votes.length < was.votes.length) return broken(3, 'a vote gets lost');
    const outcome = itemKeys.notice(is.approvalId, 'outcome', is.version);
    if (is.status !== 'pending' && this.#world.item(after, settings.operations, outcome) === undefined) {
      return broken(3, `an approval becomes ${is.status} and nobody is to be told`);
    }
    const last = is.votes.at(-1);
    if (is.votes.length > was.votes.length && last !== undefined && last.atEpochMs >= is.expiresAtEpochMs) {
      return broken(3, 'a vote counts at or after the end of the approval');
    }
    const people = approversOf(is).size;
    if (is.status === 'approved' && people < change.quorum) {
      return broken(3, `approved by ${people} of ${change.quorum} people`);
    }
    return undefined;
  }

  #ofSwitch(before: State, after: State, call: Transaction): Violation | undefined {
    if (this.#world.isEngaged(before.tables) === this.#world.isEngaged(after.tables)) return undefined;
    if (call.ledger.some((type) => type.startsWith('kill-switch.'))) return undefined;
    return broken(6, 'the kill switch is switched without a ledger entry');
  }
}

/** A status that promises that nothing of the change is there. */
function isGone(status: ChangeRecord['status']): boolean {
  return status === 'rolled-back' || status === 'refused' || status === 'stopped';
}

function broken(invariant: InvariantNumber, what: string): Violation {
  return { invariant, what };
}
