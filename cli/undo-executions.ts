import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { InterlockError } from '../functions/platform/errors.ts';
import type { ClientConfig } from './connection.ts';

/** What a person asks the change machine to undo, why, and who asks. */
export interface UndoRequest {
  readonly changeId: string;
  readonly incidentId: string;
  readonly planDigest: string;
  readonly action: string;
  readonly requestedBy: string;
  readonly reason: string;
}

export interface ExecutionSeen {
  readonly status: string;
  readonly output: string | undefined;
}

/** Far more than anybody tries: each name is one attempt that ended without undoing the change. */
const maxAttempts = 50;

/** Executions of the change machine that undo a kept change, named `<changeId>-undo-<n>`. */
export class UndoExecutions {
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;

  constructor(stateMachineArn: string, config: ClientConfig) {
    this.#client = new SFNClient(config);
    this.#stateMachineArn = stateMachineArn;
  }

  /**
   * Starts the next attempt, or finds the one that somebody else has running: two people who ask at once follow
   * one rollback.
   *
   * @throws InterlockError `cli.too-many-attempts`.
   */
  async start(request: UndoRequest): Promise<{ name: string; outcome: 'started' | 'running' }> {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const name = `${request.changeId}-undo-${attempt}`;
      const seen = await this.describe(name);
      if (seen?.status === 'RUNNING') return { name, outcome: 'running' };
      if (seen === undefined && (await this.#startAs(name, request))) return { name, outcome: 'started' };
      // Taken by somebody else between the two calls: it is running now.
      if (seen === undefined) return { name, outcome: 'running' };
    }
    throw new InterlockError(
      'cli.too-many-attempts',
      `change ${request.changeId} was tried to be undone ${maxAttempts} times; undo it by hand`,
    );
  }

  /** How an attempt stands; `undefined` when there is none of that name. */
  async describe(name: string): Promise<ExecutionSeen | undefined> {
    // An execution's ARN differs from its machine's only in the resource type and the appended name.
    const executionArn = `${this.#stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    try {
      const { status = 'UNKNOWN', output } = await this.#client.send(
        new DescribeExecutionCommand({ executionArn }),
      );
      return { status, output };
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return undefined;
      throw error;
    }
  }

  async #startAs(name: string, request: UndoRequest): Promise<boolean> {
    try {
      await this.#client.send(
        new StartExecutionCommand({
          stateMachineArn: this.#stateMachineArn,
          name,
          input: JSON.stringify({ ...request, mode: 'undo' }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return false;
      throw error;
    }
  }
}
