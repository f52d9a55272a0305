import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { type RedriveExecutionParameters, redriveExecution, redriven } from './definition.ts';

/** An execution as read. */
export interface ExecutionState {
  /** As Step Functions calls it, such as `FAILED`. */
  readonly status: string;
  /** Rises by one with every redrive. */
  readonly redriveCount: number;
  /** Step Functions would take a redrive now. */
  readonly isRedrivable: boolean;
}

const failedStatuses: ReadonlySet<string> = new Set(['FAILED', 'TIMED_OUT', 'ABORTED']);

export const executionTarget: TargetRules<RedriveExecutionParameters, ExecutionState> = {
  definition: redriveExecution,
  state: z.strictObject({ status: z.string(), redriveCount: z.int(), isRedrivable: z.boolean() }),
  isBefore: ({ fromRedriveCount }, state) =>
    state.isRedrivable && failedStatuses.has(state.status) && state.redriveCount === fromRedriveCount,
  // Also when it has failed again since: the redrive was made, and must not be made twice.
  isAfter: ({ fromRedriveCount }, state) => state.redriveCount === fromRedriveCount + 1,
  isUntouched: (snapshot, current) =>
    snapshot.redriveCount === current.redriveCount && snapshot.status === current.status,
  isRestored: (snapshot, current) =>
    snapshot.redriveCount === current.redriveCount && snapshot.status === current.status,
  readBack: ({ status, redriveCount }) =>
    status === 'RUNNING' || status === 'SUCCEEDED'
      ? redriven(redriveCount)
      : `redriven ${redriveCount} times, ${status}`,
};
