import type { EpochMs } from '../platform/clock.ts';

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

/** When a change that is still not good counts as failed, in epoch milliseconds. */
export function validationDeadline(startedAtEpochMs: EpochMs, validationSeconds: number): EpochMs {
  return startedAtEpochMs + validationSeconds * 1_000;
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
