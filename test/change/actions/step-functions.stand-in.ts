import type { HttpServer } from './http-server.ts';
import { StandInError, startStandIn } from './stand-in.ts';

/** An execution as the stand-in keeps it. */
export interface StoodInExecution {
  status: 'RUNNING' | 'FAILED' | 'SUCCEEDED' | 'ABORTED' | 'TIMED_OUT';
  redriveCount: number;
  /** Tokens of redrives that were taken; the same one again is answered and does nothing. */
  readonly tokens: Set<string>;
}

export interface StepFunctionsStandIn extends HttpServer {
  readonly executions: Map<string, StoodInExecution>;
  /** State machines that carry the environment's tag: only these may be described. */
  readonly tagged: Set<string>;
}

/**
 * `DescribeExecution`, `DescribeStateMachine` and `RedriveExecution` as the API reference documents them:
 * only an execution that failed, timed out or was aborted can be redriven, and a redrive is idempotent by its
 * token.
 */
export async function startStepFunctionsStandIn(): Promise<StepFunctionsStandIn> {
  const executions = new Map<string, StoodInExecution>();
  const tagged = new Set<string>();
  const find = (executionArn: string) => {
    const execution = executions.get(executionArn);
    if (execution === undefined) throw new StandInError('ExecutionDoesNotExist', `Execution Does Not Exist`);
    return execution;
  };
  const isRedrivable = ({ status }: StoodInExecution) =>
    status === 'FAILED' || status === 'ABORTED' || status === 'TIMED_OUT';
  const server = await startStandIn({
    DescribeExecution: ({ executionArn }: { executionArn: string }) => {
      const execution = find(executionArn);
      return {
        executionArn,
        stateMachineArn: machineArnOf(executionArn),
        status: execution.status,
        startDate: 1_772_445_600,
        redriveCount: execution.redriveCount,
        redriveStatus: isRedrivable(execution) ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
      };
    },
    DescribeStateMachine: ({ stateMachineArn }: { stateMachineArn: string }) => {
      if (!tagged.has(stateMachineArn)) throw new StandInError('AccessDeniedException', 'not authorized');
      return {
        stateMachineArn,
        name: 'm',
        definition: '{}',
        roleArn: 'r',
        type: 'STANDARD',
        creationDate: 1,
      };
    },
    RedriveExecution: ({ executionArn, clientToken }: { executionArn: string; clientToken: string }) => {
      const execution = find(executionArn);
      if (!execution.tokens.has(clientToken)) {
        if (!isRedrivable(execution)) throw new StandInError('ExecutionNotRedrivable', 'not redrivable');
        execution.tokens.add(clientToken);
        execution.status = 'RUNNING';
        execution.redriveCount += 1;
      }
      return { redriveDate: 1_772_445_700 };
    },
  });
  return { ...server, executions, tagged };
}

export function machineArnOf(executionArn: string): string {
  return executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]+$/, '');
}
