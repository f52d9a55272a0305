import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { DependencyUnavailableError } from '../platform/errors.ts';
import type { CallbackOutput } from './deliver-decision.ts';

/** The execution that held the token has ended, timed out, or been answered before. */
const noLongerWaiting = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);

/** Answers the execution that waits for people. */
export class TaskCallbackClient {
  readonly #client: SFNClient;

  constructor(client: SFNClient = new SFNClient({})) {
    this.#client = client;
  }

  /** @throws DependencyUnavailableError `approval.callback-failed`, without its cause: that may quote the token. */
  async succeed(token: string, output: CallbackOutput): Promise<'delivered' | 'no-longer-waiting'> {
    try {
      await this.#client.send(
        new SendTaskSuccessCommand({ taskToken: token, output: JSON.stringify(output) }),
      );
      return 'delivered';
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown';
      if (noLongerWaiting.has(name)) return 'no-longer-waiting';
      throw new DependencyUnavailableError(
        'approval.callback-failed',
        `Step Functions did not take the answer of approval ${output.approvalId} (${name}); retry`,
      );
    }
  }
}
