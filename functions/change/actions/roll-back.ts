import { reversalOf, stepsOf } from '../action-definition.ts';
import type { ChangeRecord } from '../change-record.ts';
import { isUndo } from '../undo.ts';
import { type ActionAtWork, failed } from './action-surroundings.ts';
import { type ActionTask, whyNot } from './action-task.ts';
import { begin, findSnapshot, hasBegun, type TakenSnapshot } from './taken-snapshot.ts';

/**
 * Writes back what the snapshot holds and reads it again: what stands there then decides, not how the write
 * was answered. Goes by the snapshot alone, so that neither a kill switch nor a tampered plan can prevent it.
 * What somebody else has written since is left as it is, and so is our value where we never began to write. For a
 * change under way that is a failed rollback. For one that was kept and that a person undoes it is `undo-refused`:
 * the change had done its work, and others were free to go on from there. That is said only as long as nothing was
 * begun, for which an undo keeps an intent before its first write:
 *
 *     attempt 1   looks: ours ── intent kept ── restore ── not answered, or not yet through
 *     attempt 2   looks: neither restored nor ours. Half-way by our own hand, or somebody else's: failed
 */
export async function rollBack<Parameters extends object, State>(
  task: ActionTask,
  work: ActionAtWork<Parameters, State>,
) {
  const { rules, target, around } = work;
  const facts = await around.runtime.facts(task);
  const obstacle = whyNot(task, facts, around.clock());
  if (obstacle !== undefined) return failed(obstacle);
  const snapshot = await findSnapshot(work, facts.change);
  if (snapshot === undefined) return failed('the snapshot is missing or is not the one recorded');
  const { parameters, state } = snapshot;
  const reversal = reversalOf(rules.definition, parameters);
  if (reversal.kind === 'irreversible') {
    return (await hasBegun(around.snapshots, snapshot, 0))
      ? failed(`irreversible: ${reversal.reason}; follow the runbook`)
      : ({ outcome: 'restored', reason: 'nothing was begun' } as const);
  }
  const before = await target.read(parameters);
  if (before.outcome === 'refused') return notOurs(snapshot, facts.change, work, before.reason);
  if (rules.isRestored(state, before.state)) {
    return { outcome: 'restored', reason: 'the target already stands as in the snapshot' } as const;
  }
  if (!(await isOurs(snapshot, before.state, work))) return notOurs(snapshot, facts.change, work);
  if (isUndoing(facts.change)) await begin(around.snapshots, snapshot, 'undo');
  const write = await restore(snapshot, before.state, work);
  const after = await target.read(parameters);
  if (after.outcome === 'found' && rules.isRestored(state, after.state)) {
    return { outcome: 'restored', reason: 'read back and equal to the snapshot' } as const;
  }
  if (write.outcome === 'threw') throw write.error;
  return failed(write.outcome === 'failed' ? write.reason : unrestored[write.outcome]);
}

const unrestored = {
  written: 'read back and not equal to the snapshot',
  'target-changed': 'the write was refused because the target had moved on since it was looked at',
};

/**
 * The target was looked at and is left as it is. Of a rollback of a change under way it is not known whether it
 * had begun, so nobody is named: it fails either way.
 */
async function notOurs<Parameters extends object, State>(
  snapshot: TakenSnapshot<Parameters, State>,
  change: ChangeRecord | undefined,
  { around }: ActionAtWork<Parameters, State>,
  whyUnreadable?: string,
) {
  const neither = 'the target stands neither as the change left it nor as it was before';
  if (!isUndoing(change)) return failed(whyUnreadable ?? `${neither}; it is left as it is`);
  if (await hasBegun(around.snapshots, snapshot, 'undo')) {
    return failed(`${whyUnreadable ?? neither}, and our own restore had begun; it is left as it is`);
  }
  const reason = whyUnreadable ?? 'somebody else has changed the target since; it is left as it is';
  return { outcome: 'undo-refused', reason: `not undone: ${reason}` } as const;
}

function isUndoing(change: ChangeRecord | undefined): boolean {
  return change !== undefined && isUndo(change);
}

/** True where the target stands as a step leaves it that we had begun. */
async function isOurs<Parameters extends object, State>(
  snapshot: TakenSnapshot<Parameters, State>,
  current: State,
  { rules, around }: ActionAtWork<Parameters, State>,
): Promise<boolean> {
  const { parameters } = snapshot;
  const steps = stepsOf(rules.definition, parameters).map((_, step) => step);
  if (steps.length === 0) {
    return rules.isAfter(parameters, current) && hasBegun(around.snapshots, snapshot, 0);
  }
  const step = steps.find((index) => rules.isAtStep?.(parameters, current, index) === true);
  return step !== undefined && hasBegun(around.snapshots, snapshot, step);
}

/** A write that threw may have been made all the same. */
async function restore<Parameters extends object, State>(
  { parameters, state }: TakenSnapshot<Parameters, State>,
  current: State,
  { target }: ActionAtWork<Parameters, State>,
) {
  try {
    return await target.restore(parameters, state, current);
  } catch (error) {
    return { outcome: 'threw', error } as const;
  }
}
