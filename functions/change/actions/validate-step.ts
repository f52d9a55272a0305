import { DependencyUnavailableError } from '../../platform/errors.ts';
import { reversalOf, stepsOf } from '../action-definition.ts';
import { hasFurtherSteps, stepInHand } from '../change-steps.ts';
import { metricOf } from '../metric-criterion.ts';
import type { SuccessCriterion } from '../plan.ts';
import { type CriterionFinding, combine, validationDeadline } from '../validation.ts';
import type { ActionAtWork } from './action-surroundings.ts';
import { type ActionTask, planFor, whyNot } from './action-task.ts';

/** What the criteria are held against. */
interface Watch<Parameters> {
  readonly parameters: Parameters;
  readonly of: 'change' | 'step';
  readonly sinceEpochMs: number;
}

/**
 * Asks every source named in the plan whether the change helped; never takes the API's word for it. A step
 * that others follow is held against its own criteria and answers `step-passed`; nobody is asked about one that
 * cannot be judged: it fails, and nothing follows.
 */
export async function validateStep<Parameters extends object, State>(
  task: ActionTask,
  work: ActionAtWork<Parameters, State>,
) {
  const { rules, around } = work;
  const { definition } = rules;
  const facts = await around.runtime.facts(task);
  const obstacle = whyNot(task, facts, around.clock());
  if (obstacle !== undefined) return inconclusive(obstacle);
  const check = planFor(task, facts, definition, around.environment);
  if (check.outcome === 'unsound') return inconclusive(check.reason);
  const { change } = facts;
  if (change?.executedAtEpochMs === undefined) return inconclusive('the change was not executed');
  const parameters = check.parameters as Parameters;
  const isIntermediate = hasFurtherSteps(change);
  const step = stepsOf(definition, parameters)[stepInHand(change)];
  const criteria = isIntermediate ? (step?.criteria ?? []) : check.plan.successCriteria;
  const of = isIntermediate ? 'step' : 'change';
  const watch = { parameters, of, sinceEpochMs: change.executedAtEpochMs } as const;
  const findings = await Promise.all(criteria.map((criterion) => lookAt(criterion, watch, work)));
  const deadline = validationDeadline(change.executedAtEpochMs, around.validationSeconds, criteria);
  const { outcome, reason } = combine(findings, around.clock(), deadline);
  if (isIntermediate && outcome === 'pass') return { outcome: 'step-passed', reason } as const;
  if (isIntermediate && outcome === 'inconclusive') {
    return { outcome: 'fail', reason: `the step cannot be judged: ${reason}` } as const;
  }
  const staysAnyway = outcome === 'fail' && reversalOf(definition, parameters).kind === 'irreversible';
  return { outcome, reason: staysAnyway ? `${reason}; the change is irreversible` : reason };
}

async function lookAt<Parameters extends object, State>(
  criterion: SuccessCriterion,
  watch: Watch<Parameters>,
  work: ActionAtWork<Parameters, State>,
): Promise<CriterionFinding> {
  const { alarms, clock, metrics, probe } = work.around;
  switch (criterion.kind) {
    case 'alarm-ok':
      return alarms.look(criterion.alarmName);
    case 'http-probe':
      return probe.look(criterion.url, criterion.expectStatus);
    case 'read-back':
      return readBack(criterion.expected, watch.parameters, work);
    case 'metric': {
      const metric = metricOf(criterion);
      if (metric === undefined) return { result: 'no-data', reason: 'metric: the criterion is malformed' };
      return metrics.look(metric, watch.of, watch.sinceEpochMs, clock());
    }
    default:
      return { result: 'no-data', reason: 'the plan names a criterion of an unknown kind' };
  }
}

/**
 * A target that was told and has not arrived (a rollout, a redrive) holds neither value yet; nor can a busy one
 * be read. Both are waited for until the deadline, any other value fails at once.
 */
async function readBack<Parameters extends object, State>(
  expected: string,
  parameters: Parameters,
  { rules, target }: ActionAtWork<Parameters, State>,
): Promise<CriterionFinding> {
  try {
    const reading = await target.read(parameters);
    if (reading.outcome === 'refused') return { result: 'fail', reason: `read-back: ${reading.reason}` };
    if (rules.readBack(reading.state) === expected) {
      return { result: 'pass', reason: 'read-back: the target holds the value of the plan' };
    }
    const isOwn = rules.definition
      .successCriteria(parameters)
      .some((criterion) => criterion.kind === 'read-back' && criterion.expected === expected);
    const isUnderWay = rules.isUnderWay?.(reading.state) ?? rules.isAfter(parameters, reading.state);
    return isOwn && isUnderWay
      ? { result: 'not-yet', reason: 'read-back: the target is still on its way' }
      : { result: 'fail', reason: 'read-back: the target holds another value' };
  } catch (error) {
    if (error instanceof DependencyUnavailableError) {
      return { result: 'not-yet', reason: `read-back: ${error.code}` };
    }
    return { result: 'unreadable', reason: `read-back: ${error instanceof Error ? error.name : 'failed'}` };
  }
}

function inconclusive(reason: string) {
  return { outcome: 'inconclusive', reason } as const;
}
