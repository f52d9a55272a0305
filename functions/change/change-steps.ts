import type { ChangeRecord } from './change-record.ts';
import { type ChangeEvent, isRepeat, nextStatus } from './change-status.ts';

/** Index of the step in hand; 0 for a change that is made at once. */
export function stepInHand({ stepsDone }: Pick<ChangeRecord, 'stepsDone'>): number {
  return stepsDone ?? 0;
}

/** True when further steps follow the one in hand. */
export function hasFurtherSteps(change: Pick<ChangeRecord, 'steps' | 'stepsDone'>): boolean {
  return change.steps !== undefined && stepInHand(change) < change.steps - 1;
}

/**
 * What the steps of a progressive change forbid although its status allows it: nothing is kept before its last
 * step, nothing progresses beyond it, and once a step has been made only a rollback undoes the change.
 *
 * @param step Index that the event speaks of; an answer about an earlier step that comes late counts for nothing.
 */
export function stepFault(
  change: Pick<ChangeRecord, 'status' | 'steps' | 'stepsDone'>,
  event: ChangeEvent,
  step: number | undefined,
): string | undefined {
  const isSaidAgain = nextStatus(change.status, event) === 'not-allowed' && isRepeat(change.status, event);
  const inHand = stepInHand(change) - (isSaidAgain && event === 'step-validated' ? 1 : 0);
  if (step !== undefined && step !== inHand) {
    return `${event} is about step ${step + 1}, and step ${inHand + 1} is in hand`;
  }
  if (isSaidAgain) return undefined;
  if (event === 'validated' && hasFurtherSteps(change)) {
    return `step ${inHand + 1} of ${change.steps} is not the last`;
  }
  if (event === 'step-validated' && !hasFurtherSteps(change)) return 'no further step follows';
  if ((event === 'execute-refused' || event === 'execute-stopped') && inHand > 0) {
    return 'an earlier step has been made; the change has to be rolled back';
  }
  return undefined;
}
