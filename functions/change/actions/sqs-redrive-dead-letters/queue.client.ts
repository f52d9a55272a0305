import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  QueueDoesNotExist,
  ResourceNotFoundException,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { lookThenWrite } from '../look-then-write.ts';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import type { RedriveDeadLettersParameters } from './definition.ts';
import { isMoveTaskStatus, type QueueState, queueTarget } from './queue-target.ts';

/**
 * Reads one dead-letter queue and starts its redrive. SQS takes no condition, but only one move task at a
 * time: a foreign one that runs refuses ours, and one that has ended shows by its start. It lists tasks
 * without saying who started them, so that one which starts and ends in the milliseconds between the last
 * look and our write is not seen. A write is sent once: a second task would move what has failed again.
 */
export class QueueClient implements TargetClient<RedriveDeadLettersParameters, QueueState> {
  readonly #reader: SQSClient;
  readonly #writer: SQSClient;

  constructor(reader: SQSClient = new SQSClient({}), writer: SQSClient = new SQSClient({ maxAttempts: 1 })) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read(parameters: RedriveDeadLettersParameters): Promise<TargetReading<QueueState>> {
    try {
      return await this.#read(parameters);
    } catch (error) {
      if (!isGone(error)) throw unavailableIfTransient(error, 'SQS');
      return { outcome: 'refused', reason: 'the dead-letter queue does not exist' };
    }
  }

  apply(parameters: RedriveDeadLettersParameters, snapshot: QueueState): Promise<TargetWrite> {
    return lookThenWrite({
      service: 'SQS',
      read: () => this.read(parameters),
      isStill: (current) =>
        queueTarget.isUntouched(snapshot, current) && queueTarget.isBefore(parameters, current),
      write: async () => {
        const { arn } = await this.#queue(parameters);
        await this.#writer.send(
          // Without a destination SQS moves each message to where it came from; `read` saw that it is one queue.
          new StartMessageMoveTaskCommand({
            SourceArn: arn,
            MaxNumberOfMessagesPerSecond: parameters.messagesPerSecond,
          }),
        );
        return { outcome: 'written' };
      },
    });
  }

  /**
   * Nothing to write: what has moved is with its consumer, and the rest is for a person to stop or let go.
   */
  async restore(): Promise<TargetWrite> {
    return { outcome: 'failed', reason: 'messages that were moved back cannot be taken back' };
  }

  async #read(parameters: RedriveDeadLettersParameters): Promise<TargetReading<QueueState>> {
    const { url, arn, approximateMessages } = await this.#queue(parameters);
    if (!(await this.#isOnlySource(url, parameters.sourceQueueName))) {
      return {
        outcome: 'refused',
        reason: 'the source queue is not the only one whose dead letters go to this queue',
      };
    }
    const [last] = await this.#tasks(arn);
    if (last === undefined) return { outcome: 'found', state: { approximateMessages, lastTask: null } };
    if (!isMoveTaskStatus(last.Status)) {
      return { outcome: 'refused', reason: 'the last move task of the queue has an unknown status' };
    }
    return {
      outcome: 'found',
      state: {
        approximateMessages,
        lastTask: { status: last.Status, startedAtEpochMs: last.StartedTimestamp ?? 0 },
      },
    };
  }

  async #queue({ deadLetterQueueName }: RedriveDeadLettersParameters) {
    const { QueueUrl = '' } = await this.#reader.send(
      new GetQueueUrlCommand({ QueueName: deadLetterQueueName }),
    );
    const { Attributes } = await this.#reader.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: ['ApproximateNumberOfMessages', 'QueueArn'],
      }),
    );
    return {
      url: QueueUrl,
      arn: Attributes?.QueueArn,
      approximateMessages: Number(Attributes?.ApproximateNumberOfMessages),
    };
  }

  async #isOnlySource(deadLetterQueueUrl: string, sourceQueueName: string): Promise<boolean> {
    const { queueUrls = [], NextToken } = await this.#reader.send(
      new ListDeadLetterSourceQueuesCommand({ QueueUrl: deadLetterQueueUrl }),
    );
    const [only, ...others] = queueUrls;
    if (only === undefined || others.length > 0 || NextToken !== undefined) return false;
    return accountAndName(only) === `${accountOf(deadLetterQueueUrl)}/${sourceQueueName}`;
  }

  /** Latest first, whichever order they come in. */
  async #tasks(arn: string | undefined): Promise<ListMessageMoveTasksResultEntry[]> {
    const { Results = [] } = await this.#reader.send(
      new ListMessageMoveTasksCommand({ SourceArn: arn, MaxResults: 10 }),
    );
    return Results.toSorted((a, b) => (b.StartedTimestamp ?? 0) - (a.StartedTimestamp ?? 0));
  }
}

function isGone(error: unknown): boolean {
  return error instanceof QueueDoesNotExist || error instanceof ResourceNotFoundException;
}

/** The last two parts of a queue's URL: `<account>/<name>`. */
function accountAndName(queueUrl: string): string {
  return queueUrl.split('/').slice(-2).join('/');
}

function accountOf(queueUrl: string): string {
  return queueUrl.split('/').at(-2) ?? '';
}
