import { type ActionAtWork, type ActionSurroundings, refused } from './action-surroundings.ts';
import {
  type ActionTask,
  type PreCheckTask,
  planFor,
  snapshotDigestOf,
  snapshotKey,
  whyNot,
  writeSnapshot,
} from './action-task.ts';
import { executeStep } from './execute-step.ts';
import { preCheck } from './pre-check.ts';
import { rollBack } from './roll-back.ts';
import type { TargetClient, TargetRules } from './target.ts';
import { validateStep } from './validate-step.ts';

/** What every action has in common; what differs is in its rules and its client. */
export class ActionRunner<Parameters extends object, State> {
  readonly #work: ActionAtWork<Parameters, State>;

  constructor(
    rules: TargetRules<Parameters, State>,
    target: TargetClient<Parameters, State>,
    around: ActionSurroundings,
  ) {
    this.#work = { rules, target, around };
  }

  async run(task: ActionTask | PreCheckTask) {
    switch (task.operation) {
      case 'pre-check':
        return preCheck(task, this.#work);
      case 'snapshot':
        return takeSnapshot(task, this.#work);
      case 'execute':
        return executeStep(task, this.#work);
      case 'validate':
        return validateStep(task, this.#work);
      case 'roll-back':
        return rollBack(task, this.#work);
    }
  }
}

/** Reads the target and keeps what it finds; asked again, it keeps what it found the first time. */
async function takeSnapshot<Parameters extends object, State>(
  task: ActionTask,
  work: ActionAtWork<Parameters, State>,
) {
  const { rules, target, around } = work;
  const facts = await around.runtime.facts(task);
  const obstacle = whyNot(task, facts, around.clock());
  if (obstacle !== undefined) return refused(obstacle);
  const check = planFor(task, facts, rules.definition, around.environment);
  if (check.outcome === 'unsound') return refused(check.reason);
  const parameters = check.parameters as Parameters;
  const owner = await around.owners.ownerOf(rules.definition.targetArn(parameters, around.place));
  const ownerStack = owner.outcome === 'owned' ? { ownerStack: owner.stack } : {};
  const taken = (text: string) =>
    ({ outcome: 'taken', snapshotDigest: snapshotDigestOf(text), ...ownerStack }) as const;
  const key = snapshotKey(check.plan.action, task.changeId);
  const earlier = await around.snapshots.find(key);
  if (earlier !== undefined) return taken(earlier);
  const reading = await target.read(parameters);
  if (reading.outcome === 'refused') return refused(reading.reason);
  if (!rules.isBefore(parameters, reading.state)) {
    return {
      ...refused('target-changed: the target does not stand where the plan begins'),
      refusal: 'target-changed',
    } as const;
  }
  if (rules.isAfter(parameters, reading.state)) return refused('the plan would change nothing');
  const { changeId, planDigest } = task;
  const { state } = reading;
  const snapshot = {
    schemaVersion: 1,
    changeId,
    planDigest,
    action: check.plan.action,
    parameters,
    state,
  } as const;
  return taken(await around.snapshots.keepFirst(key, writeSnapshot(snapshot)));
}
