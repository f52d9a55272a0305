import type { EpochMs } from '../platform/clock.ts';
import { type MetricCriterion, metricOf } from './metric-criterion.ts';
import type { SuccessCriterion } from './plan.ts';

/**
 * What looking at one success criterion gave. `no-data`: the source answered that it knows nothing (alarm
 * missing or without data, probe without an answer). `unreadable`: the source could not be asked.
 */
export type CriterionResult = 'pass' | 'fail' | 'not-yet' | 'no-data' | 'unreadable';

export interface CriterionFinding {
  readonly result: CriterionResult;
  /** Which criterion and what was seen, without values of the workload. */
  readonly reason: string;
}

export interface Verdict {
  /** `pending`: not good yet, and there is still time. */
  readonly outcome: 'pass' | 'fail' | 'inconclusive' | 'pending';
  readonly reason: string;
}

/** A metric needs a period to begin in, one to fill and one to arrive in. */
const metricPeriods = 3;

/**
 * When an effect that is still not good counts as failed, in epoch milliseconds. Metrics may need longer than
 * the setting says: a deadline before the first complete datapoint would fail every change.
 *
 * @param executedAtEpochMs Since when the effect is known to be there.
 */
export function validationDeadline(
  executedAtEpochMs: EpochMs,
  validationSeconds: number,
  criteria: readonly SuccessCriterion[],
): EpochMs {
  const metricSeconds = criteria.map(
    (criterion) => metricPeriods * (metricOf(criterion)?.periodSeconds ?? 0),
  );
  return executedAtEpochMs + Math.max(validationSeconds, ...metricSeconds) * 1_000;
}

/**
 * Every criterion must pass. One that failed fails the change at once; waiting (`not-yet`, `no-data`) is over
 * at the deadline and then counts as failed; without any criterion there is no data, which is a failure too.
 */
export function combine(findings: readonly CriterionFinding[], now: EpochMs, deadline: EpochMs): Verdict {
  if (findings.length === 0) return { outcome: 'fail', reason: 'the plan names no success criterion' };
  const first = (...results: readonly CriterionResult[]) =>
    findings.find((finding) => results.includes(finding.result));
  const failed = first('fail');
  if (failed !== undefined) return { outcome: 'fail', reason: failed.reason };
  const waiting = first('not-yet', 'no-data');
  const isOver = now >= deadline;
  if (waiting !== undefined && isOver) {
    return { outcome: 'fail', reason: `${waiting.reason} at the deadline` };
  }
  const unreadable = first('unreadable');
  if (unreadable !== undefined) return { outcome: 'inconclusive', reason: unreadable.reason };
  if (waiting !== undefined) return { outcome: 'pending', reason: waiting.reason };
  return { outcome: 'pass', reason: `${findings.length} of ${findings.length} criteria hold` };
}

/**
 * What the complete datapoints say, oldest first. A finished change is held against the last one, because what
 * it mends may take a while; a step is held against each, because every part of the traffic it sends astray is
 * one too many: a single breach of an upper bound fails it at once.
 */
export function judgeMetric(
  { metricName, comparison, threshold }: MetricCriterion,
  values: readonly number[],
  of: 'change' | 'step',
): CriterionFinding {
  const last = values.at(-1);
  const metric = `metric: ${metricName}`;
  if (last === undefined) return { result: 'no-data', reason: `${metric} has no complete datapoint` };
  const holds = (value: number) => (comparison === 'at-most' ? value <= threshold : value >= threshold);
  const breach = `${metric} is ${comparison === 'at-most' ? 'above' : 'below'} ${threshold}`;
  if (of === 'step' && comparison === 'at-most' && !values.every(holds)) {
    return { result: 'fail', reason: breach };
  }
  return holds(last)
    ? { result: 'pass', reason: `${metric} is ${comparison} ${threshold}` }
    : { result: 'not-yet', reason: breach };
}
