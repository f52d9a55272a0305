import { reversalOf, stepsOf } from '../action-definition.ts';
import type { ChangeRecord } from '../change-record.ts';
import { isUndo } from '../undo.ts';
import { type ActionAtWork, failed } from './action-surroundings.ts';
import { type ActionTask, whyNot } from './action-task.ts';
import { findSnapshot, hasBegun, type TakenSnapshot } from './taken-snapshot.ts';

/**
 * Writes back what the snapshot holds and reads it again: what stands there then decides, not how the write
 * was answered. Goes by the snapshot alone, so that neither a kill switch nor a tampered plan can prevent it.
 * What somebody else has written since is left as it is, and so is our value where we never began to write. For a
 * change under way that is a failed rollback. For one that was kept and that a person undoes it is `undo-refused`:
 * the change had done its work, and others were free to go on from there.
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
  if (before.outcome === 'refused') return notOurs(facts.change, before.reason);
  if (rules.isRestored(state, before.state)) {
    return { outcome: 'restored', reason: 'the target already stands as in the snapshot' } as const;
  }
  if (!(await isOurs(snapshot, before.state, work))) {
    return notOurs(facts.change, changedSince);
  }
  const write = await restore(snapshot, before.state, work);
  const after = await target.read(parameters);
  if (after.outcome === 'found' && rules.isRestored(state, after.state)) {
    return { outcome: 'restored', reason: 'read back and equal to the snapshot' } as const;
  }
  if (write.outcome === 'threw') throw write.error;
  if (write.outcome === 'target-changed') {
    // Somebody got in between our look and our write.
    const isStillOurs = after.outcome === 'found' && (await isOurs(snapshot, after.state, work));
    if (!isStillOurs) return notOurs(facts.change, changedSince);
  }
  return failed(write.outcome === 'failed' ? write.reason : 'read back and not equal to the snapshot');
}

const changedSince = 'somebody else has changed the target since; it is left as it is';

/**
 * The target was looked at and is left as it is. That an earlier try of the same undo had put it back, and somebody
 * has set it since, makes no difference: what stands there is theirs, and the next look says the same.
 */
function notOurs(change: ChangeRecord | undefined, reason: string) {
  return change !== undefined && isUndo(change)
    ? ({ outcome: 'undo-refused', reason: `not undone: ${reason}` } as const)
    : failed(reason);
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
