import { DependencyUnavailableError } from '../../platform/errors.ts';
import { reversalOf } from '../action-definition.ts';
import { stepInHand } from '../change-steps.ts';
import type { Plan } from '../plan.ts';
import { type ActionAtWork, type ActionSurroundings, failed } from './action-surroundings.ts';
import { type ActionTask, planFor, whyNot } from './action-task.ts';
import { begin, findSnapshot, hasBegun, type TakenSnapshot } from './taken-snapshot.ts';
import type { TargetWrite } from './target.ts';

/** Why `execute` did not begin; the first two after looking at the target and seeing nothing of ours there. */
type ExecuteRefusal = 'kill-switch' | 'target-changed' | 'not-authorised';

/** What executing one step goes by, once the task, the plan and the snapshot are found to be in order. */
interface StepAtHand<Parameters, State> {
  readonly plan: Plan;
  readonly parameters: Parameters;
  readonly snapshot: TakenSnapshot<Parameters, State>;
  /** Index of the step, 0 for a change that is made at once. */
  readonly step: number;
  readonly isProgressive: boolean;
  /** Cannot be undone, so it is never made again because an answer got lost. */
  readonly isIrreversible: boolean;
}

/**
 * Makes the change, or its next step, if everything still holds. `refused` as `kill-switch` or `target-changed`
 * means that the target was looked at and nothing of ours is there or on its way; any other answer but
 * `executed` leads to the rollback. The kill switch is read before anything is begun and again right before
 * the effect.
 *
 *     attempt 1   intent kept ── apply ── dies
 *     attempt 2   intent found: what stands there is ours
 *     a person    sets the same value, no intent: theirs, and never undone by us
 *
 * An irreversible change is made at most once: an attempt that had begun counts as made, whatever can be seen,
 * and validation says whether it was.
 */
export async function executeStep<Parameters extends object, State>(
  task: ActionTask,
  work: ActionAtWork<Parameters, State>,
) {
  const { rules, around } = work;
  const facts = await around.runtime.facts(task);
  const obstacle = whyNot(task, facts, around.clock());
  if (obstacle !== undefined) return notExecuted('not-authorised', obstacle);
  const check = planFor(task, facts, rules.definition, around.environment);
  if (check.outcome === 'unsound') return notExecuted('not-authorised', check.reason);
  const snapshot = await findSnapshot(work, facts.change);
  if (snapshot === undefined) {
    return notExecuted('not-authorised', 'the snapshot is missing or is not the one recorded');
  }
  const parameters = check.parameters as Parameters;
  const atHand = {
    plan: check.plan,
    parameters,
    snapshot,
    step: stepInHand(facts.change ?? {}),
    isProgressive: check.steps !== undefined,
    isIrreversible: reversalOf(rules.definition, parameters).kind === 'irreversible',
  };
  const answer = await make(atHand, work);
  // What an earlier step did is there: whatever stops a later one, the change has to be rolled back.
  return answer.outcome === 'refused' && atHand.step > 0 ? failed(answer.reason) : answer;
}

async function make<Parameters extends object, State>(
  atHand: StepAtHand<Parameters, State>,
  work: ActionAtWork<Parameters, State>,
) {
  const { plan, snapshot, step } = atHand;
  const { around, target } = work;
  const isBegun = await hasBegun(around.snapshots, snapshot, step);
  if (isBegun && atHand.isIrreversible) return executed;
  const reading = await target.read(atHand.parameters);
  if (reading.outcome === 'refused') return notExecuted('target-changed', reading.reason);
  const isThere = standsAfter(atHand, work, reading.state);
  if (isThere ? !isBegun : !standsBefore(atHand, work, reading.state)) return targetChanged;
  const stop = await stopUnlessReleased(plan, isBegun, around);
  if (stop !== undefined) return stop;
  if (isThere) return executed;
  if (!isBegun) {
    await begin(around.snapshots, snapshot, step);
    const lateStop = await stopUnlessReleased(plan, isBegun, around);
    if (lateStop !== undefined) return lateStop;
  }
  const write = atHand.isIrreversible
    ? await applyWhileBusy(atHand, work, reading.state)
    : await apply(atHand, work, reading.state);
  if (write.outcome === 'target-changed') return afterLostRace(atHand, work);
  return write.outcome === 'failed' ? failed(write.reason) : executed;
}

function standsBefore<Parameters extends object, State>(
  { parameters, snapshot, step }: StepAtHand<Parameters, State>,
  { rules }: ActionAtWork<Parameters, State>,
  current: State,
): boolean {
  return step === 0
    ? rules.isUntouched(snapshot.state, current)
    : rules.isAtStep?.(parameters, current, step - 1) === true;
}

function standsAfter<Parameters extends object, State>(
  { parameters, step, isProgressive }: StepAtHand<Parameters, State>,
  { rules }: ActionAtWork<Parameters, State>,
  current: State,
): boolean {
  return isProgressive
    ? rules.isAtStep?.(parameters, current, step) === true
    : rules.isAfter(parameters, current);
}

function apply<Parameters extends object, State>(
  { parameters, snapshot, step, isProgressive }: StepAtHand<Parameters, State>,
  { target }: ActionAtWork<Parameters, State>,
  current: State,
): Promise<TargetWrite> {
  return isProgressive
    ? target.apply(parameters, snapshot.state, { index: step, current })
    : target.apply(parameters, snapshot.state);
}

/** Seconds before each further try at a service that said it did nothing. */
const busyPausesSeconds = [1, 2, 4, 8];

/** Tries again within this call, because the next one may not, and only after an answer that nothing was done. */
async function applyWhileBusy<Parameters extends object, State>(
  atHand: StepAtHand<Parameters, State>,
  work: ActionAtWork<Parameters, State>,
  current: State,
): Promise<TargetWrite> {
  for (let tries = 0; ; tries++) {
    try {
      return await apply(atHand, work, current);
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) throw error;
      const pauseSeconds = busyPausesSeconds[tries];
      if (pauseSeconds === undefined) return { outcome: 'failed', reason: error.message };
      await work.around.pause(pauseSeconds);
    }
    const stop = await stopUnlessReleased(atHand.plan, true, work.around);
    if (stop !== undefined) return { outcome: 'failed', reason: stop.reason };
  }
}

/** @param isBegun An earlier attempt may have made its write, or may be about to. */
async function stopUnlessReleased(plan: Plan, isBegun: boolean, { runtime }: ActionSurroundings) {
  const { reading, scope } = await runtime.killSwitch(plan);
  if (reading === 'released') return undefined;
  const why = `the kill switch (${scope}) is ${reading}`;
  return isBegun ? failed(`${why} after an earlier attempt had begun`) : notExecuted('kill-switch', why);
}

/**
 * The write was refused because the target had moved on. If it holds our value now, an earlier write of ours
 * may be what moved it, so it counts as ours and is rolled back.
 */
async function afterLostRace<Parameters extends object, State>(
  atHand: StepAtHand<Parameters, State>,
  work: ActionAtWork<Parameters, State>,
) {
  const reading = await work.target.read(atHand.parameters);
  return reading.outcome === 'found' && standsAfter(atHand, work, reading.state)
    ? failed('the write was refused, yet the target holds the value of the plan')
    : targetChanged;
}

const executed = { outcome: 'executed' } as const;

function notExecuted(refusal: ExecuteRefusal, reason: string) {
  return { outcome: 'refused', refusal, reason } as const;
}

const targetChanged = notExecuted(
  'target-changed',
  'target-changed: somebody else changed the target after the snapshot',
);
