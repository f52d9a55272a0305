import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { ChangeRecord } from './change-record.ts';
import type { ExecutionState } from './recovery.ts';

/** Executions of the change machine, by name. */
export class ExecutionsClient {
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;

  constructor(stateMachineArn: string, client: SFNClient = new SFNClient({})) {
    this.#stateMachineArn = stateMachineArn;
    this.#client = client;
  }

  async state(executionName: string): Promise<ExecutionState> {
    // An execution's ARN differs from its machine's only in the resource type and the appended name.
    const executionArn = `${this.#stateMachineArn.replace(':stateMachine:', ':execution:')}:${executionName}`;
    try {
      const { status } = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
      return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended';
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return 'gone';
      throw error;
    }
  }

  /** The name carries the fencing token, so a second start for the same token changes nothing. */
  async startRecovery(executionName: string, change: ChangeRecord): Promise<'started' | 'existed'> {
    const { changeId, incidentId, planDigest, action, fencingToken } = change;
    const input = JSON.stringify({ changeId, incidentId, planDigest, action, mode: 'recover', fencingToken });
    try {
      await this.#client.send(
        new StartExecutionCommand({ stateMachineArn: this.#stateMachineArn, name: executionName, input }),
      );
      return 'started';
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return 'existed';
      throw error;
    }
  }
}
