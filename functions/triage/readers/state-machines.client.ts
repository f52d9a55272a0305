import {
  type ExecutionListItem,
  ListExecutionsCommand,
  SFNClient,
  StateMachineTypeNotSupported,
} from '@aws-sdk/client-sfn';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { isRedrivable, type StateMachineContext } from '../workload-resources.ts';
import type { ResourceReader } from './resource-reader.ts';

const maxExecutions = 3;

/** The newest executions that could be redriven; never their input or output. */
export function stateMachines(
  sfn = new SFNClient({ maxAttempts: 2 }),
  clock: Clock = systemClock,
): ResourceReader<StateMachineContext> {
  const failed = async (
    machineArn: string,
    statusFilter: 'FAILED' | 'TIMED_OUT',
    abortSignal: AbortSignal,
  ) => {
    const { executions = [] } = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn: machineArn, statusFilter, maxResults: maxExecutions }),
      { abortSignal },
    );
    return executions;
  };
  return {
    type: 'states:stateMachine',
    what: 'state machine',
    // Versions and aliases have ARNs below that of their machine.
    resource: /^stateMachine:([^:]+)$/,
    read: async ([stateMachineName = ''], { abortSignal }, arn) => {
      try {
        const found = await Promise.all([
          failed(arn, 'FAILED', abortSignal),
          failed(arn, 'TIMED_OUT', abortSignal),
        ]);
        return { stateMachineName, redrivableExecutions: newestRedrivable(found.flat(), clock()) };
      } catch (error) {
        // Express workflows keep no list of executions, and none of theirs can be redriven.
        if (error instanceof StateMachineTypeNotSupported) return undefined;
        throw error;
      }
    },
  };
}

function newestRedrivable(
  executions: readonly ExecutionListItem[],
  nowEpochMs: number,
): StateMachineContext['redrivableExecutions'] {
  return executions
    .flatMap(({ executionArn, status, stopDate, redriveCount = 0 }) =>
      executionArn === undefined || status === undefined || stopDate === undefined
        ? []
        : [{ executionArn, status, stoppedAtEpochMs: stopDate.getTime(), redriveCount }],
    )
    .filter((execution) => isRedrivable(execution, nowEpochMs))
    .sort((a, b) => b.stoppedAtEpochMs - a.stoppedAtEpochMs)
    .slice(0, maxExecutions)
    .map(({ stoppedAtEpochMs, ...execution }) => ({
      ...execution,
      stoppedAt: new Date(stoppedAtEpochMs).toISOString(),
    }));
}
