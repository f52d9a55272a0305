import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  DescribeStateMachineCommand,
  ExecutionDoesNotExist,
  ExecutionNotRedrivable,
  RedriveExecutionCommand,
  SFNClient,
  SFNServiceException,
  StateMachineDoesNotExist,
} from '@aws-sdk/client-sfn';
import { digestOf } from '../../../platform/digest.ts';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import type { RedriveExecutionParameters } from './definition.ts';
import type { ExecutionState } from './execution-target.ts';

/**
 * Reads and redrives one execution of a standard workflow whose state machine carries this environment's tag.
 */
export class ExecutionClient implements TargetClient<RedriveExecutionParameters, ExecutionState> {
  readonly #reader: SFNClient;
  readonly #writer: SFNClient;

  constructor(reader: SFNClient = new SFNClient({}), writer: SFNClient = new SFNClient({ maxAttempts: 1 })) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read({ executionArn }: RedriveExecutionParameters): Promise<TargetReading<ExecutionState>> {
    let execution: DescribeExecutionOutput;
    try {
      execution = await this.#reader.send(new DescribeExecutionCommand({ executionArn }));
    } catch (error) {
      if (!(error instanceof ExecutionDoesNotExist)) throw unavailableIfTransient(error, 'Step Functions');
      return { outcome: 'refused', reason: 'the execution does not exist' };
    }
    const { stateMachineArn, status, redriveCount, redriveStatus } = execution;
    if (status === undefined || redriveCount === undefined || redriveStatus === undefined) {
      return { outcome: 'refused', reason: 'the execution was read without status or redrive count' };
    }
    const refusal = await this.#whyNotOurs(stateMachineArn);
    if (refusal !== undefined) return { outcome: 'refused', reason: refusal };
    return {
      outcome: 'found',
      state: { status, redriveCount, isRedrivable: redriveStatus === 'REDRIVABLE' },
    };
  }

  /**
   * IAM cannot look at an execution's tags, only at its state machine's: being let read that one is the test.
   */
  async #whyNotOurs(stateMachineArn: string | undefined): Promise<string | undefined> {
    try {
      await this.#reader.send(new DescribeStateMachineCommand({ stateMachineArn }));
      return undefined;
    } catch (error) {
      if (error instanceof StateMachineDoesNotExist) return 'the state machine of the execution is gone';
      if (error instanceof SFNServiceException && error.name === 'AccessDeniedException') {
        return 'the state machine is not tagged for this environment, or the role may not read it';
      }
      throw unavailableIfTransient(error, 'Step Functions');
    }
  }

  async apply(parameters: RedriveExecutionParameters, snapshot: ExecutionState): Promise<TargetWrite> {
    const { executionArn } = parameters;
    try {
      // The same change sends the same token: for 15 minutes a repeated request does nothing and succeeds.
      const clientToken = digestOf([parameters, { ...snapshot }]);
      await this.#writer.send(new RedriveExecutionCommand({ executionArn, clientToken }));
      return { outcome: 'written' };
    } catch (error) {
      if (error instanceof ExecutionNotRedrivable) return { outcome: 'target-changed' };
      const thrown = unavailableIfTransient(error, 'Step Functions');
      // Step Functions refused the request, so nothing runs; anything else may have been taken and is thrown.
      if (thrown instanceof SFNServiceException && thrown.$fault === 'client') {
        return { outcome: 'failed', reason: `Step Functions refused the redrive: ${thrown.name}` };
      }
      throw thrown;
    }
  }

  async restore(): Promise<TargetWrite> {
    return { outcome: 'failed', reason: 'a redrive cannot be taken back' };
  }
}
