import type { EpochMs } from '../platform/clock.ts';

/** Starts an incident's execution; starting one that was started before changes nothing. */
export interface IncidentExecutions {
  start(incidentId: string): Promise<void>;
}

/** What Step Functions knows of an incident's execution. `unknown`: none of that name was ever started. */
export type ExecutionState =
  | { readonly status: 'running' }
  | { readonly status: 'unknown' }
  | {
      readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
      readonly endedAtEpochMs: EpochMs;
    };

/** Looks an incident's execution up. */
export interface ExecutionStates {
  state(incidentId: string): Promise<ExecutionState>;
}

/** How an execution came to its end, in words that follow "the incident's execution". */
export const endings = {
  SUCCEEDED: 'ended without closing it',
  FAILED: 'failed before it came to a result',
  TIMED_OUT: 'ran out of time before it came to a result',
  ABORTED: 'was stopped from outside before it came to a result',
} as const;
