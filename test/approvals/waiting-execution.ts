import { randomUUID } from 'node:crypto';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

/** One execution that waits for people, with the real task token it waits with. */
export interface WaitingExecution {
  readonly executionArn: string;
  readonly taskToken: string;
}

/** A state machine on the emulator whose only state waits for a task token, as `incident` does. */
export class WaitingRoom {
  readonly #executions = new SFNClient({});
  readonly #messages = new SQSClient({});
  #stateMachineArn = '';
  #queueUrl = '';

  /** @param waitSeconds How long an execution waits before it gives up. */
  async open(waitSeconds = 120): Promise<void> {
    const name = `approval-wait-${randomUUID().slice(0, 8)}`;
    // A token that was handed out must not come back as another execution's.
    const Attributes = { VisibilityTimeout: '43200' };
    const { QueueUrl } = await this.#messages.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    this.#queueUrl = QueueUrl ?? '';
    const definition = {
      QueryLanguage: 'JSONata',
      StartAt: 'Wait for people',
      States: {
        'Wait for people': {
          Type: 'Task',
          Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
          Arguments: { QueueUrl: this.#queueUrl, MessageBody: '{% $states.context.Task.Token %}' },
          TimeoutSeconds: waitSeconds,
          End: true,
        },
      },
    };
    const { stateMachineArn } = await this.#executions.send(
      new CreateStateMachineCommand({
        name,
        definition: JSON.stringify(definition),
        roleArn: 'arn:aws:iam::000000000000:role/waits',
      }),
    );
    this.#stateMachineArn = stateMachineArn ?? '';
  }

  async start(): Promise<WaitingExecution> {
    const { executionArn } = await this.#executions.send(
      new StartExecutionCommand({ stateMachineArn: this.#stateMachineArn, input: '{}' }),
    );
    const { Messages } = await this.#messages.send(
      new ReceiveMessageCommand({ QueueUrl: this.#queueUrl, WaitTimeSeconds: 10, MaxNumberOfMessages: 1 }),
    );
    const taskToken = Messages?.[0]?.Body;
    if (executionArn === undefined || taskToken === undefined) throw new Error('the execution does not wait');
    return { executionArn, taskToken };
  }

  /** Until the execution has given up waiting. */
  async gaveUp(execution: WaitingExecution): Promise<void> {
    for (let look = 0; look < 100; look++) {
      const { status } = await this.#describe(execution);
      if (status !== 'RUNNING') return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the execution still waits');
  }

  /** What the execution was told; `undefined` while it waits. */
  async toldTo(execution: WaitingExecution): Promise<unknown> {
    for (let look = 0; look < 100; look++) {
      const found = await this.#describe(execution);
      if (found.status === 'SUCCEEDED') return JSON.parse(found.output ?? 'null');
      if (found.status !== 'RUNNING') return found.status;
      // The emulator moves an execution on a moment after it took the answer.
      if (look > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      if (look === 20) return undefined;
    }
    return undefined;
  }

  #describe({ executionArn }: WaitingExecution) {
    return this.#executions.send(new DescribeExecutionCommand({ executionArn }));
  }
}
