import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { ExecutionState, ExecutionStates, IncidentExecutions } from './incident-execution.ts';

/** Executions of the incident state machine, named after their incident so that a second start is no second run. */
export class StepFunctionsIncidentExecutions implements IncidentExecutions, ExecutionStates {
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;

  constructor(stateMachineArn: string, client: SFNClient = new SFNClient({})) {
    this.#stateMachineArn = stateMachineArn;
    this.#client = client;
  }

  async start(incidentId: string): Promise<void> {
    try {
      await this.#client.send(
        new StartExecutionCommand({
          stateMachineArn: this.#stateMachineArn,
          name: incidentId,
          input: JSON.stringify({ incidentId }),
        }),
      );
    } catch (error) {
      // Step Functions remembers a closed execution's name for 90 days; a running one answers like a first start.
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  }

  async state(incidentId: string): Promise<ExecutionState> {
    // An execution's ARN differs from its machine's only in the resource type and the appended name.
    const executionArn = `${this.#stateMachineArn.replace(':stateMachine:', ':execution:')}:${incidentId}`;
    try {
      const { status, stopDate } = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
      switch (status) {
        case 'SUCCEEDED':
        case 'FAILED':
        case 'TIMED_OUT':
        case 'ABORTED':
          return { status, endedAtEpochMs: stopDate?.getTime() ?? 0 };
        default:
          return { status: 'running' };
      }
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return { status: 'unknown' };
      throw error;
    }
  }
}
