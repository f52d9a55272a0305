import { randomUUID } from 'node:crypto';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { startMoveTasks } from './sqs-move-tasks.ts';

/**
 * A queue with three dead letters. The emulator knows no move tasks: until `destroy`, every SQS client made
 * from the environment goes through a server that does.
 */
export const fixture = {
  actionId: 'sqs.redrive-dead-letters',
  async create(environment = 'local') {
    const tags = { 'interlock:environment': environment, 'interlock:workload': 'test' };
    const moveTasks = await startMoveTasks(process.env['AWS_ENDPOINT_URL'] ?? '');
    process.env['AWS_ENDPOINT_URL_SQS'] = moveTasks.url;
    const sqs = new SQSClient({});
    const sourceQueueName = `orders-${randomUUID().slice(0, 8)}`;
    const deadLetterQueueName = `${sourceQueueName}-dead-letters`;
    const createQueue = async (QueueName: string, Attributes: Record<string, string> = {}) => {
      const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes, tags }));
      return QueueUrl;
    };
    const attributesOf = async (QueueUrl: string) => {
      const all = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
      return (await sqs.send(all)).Attributes ?? {};
    };
    const deadLetters = await createQueue(deadLetterQueueName);
    const { QueueArn: arn } = await attributesOf(deadLetters);
    const createSource = (name: string) =>
      createQueue(name, {
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 }),
      });
    const source = await createSource(sourceQueueName);
    const send = async (letter: string) => {
      await sqs.send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody: letter }));
    };
    for (const letter of ['one', 'two', 'three']) await send(letter);
    const parameters = { deadLetterQueueName, sourceQueueName, atMostMessages: 3, messagesPerSecond: 500 };
    /** Waits until no move task of the queue runs any more. */
    const settle = async () => {
      for (;;) {
        const { Results = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: arn }));
        if (!Results.some(({ Status }) => Status === 'RUNNING')) return;
      }
    };
    return {
      parameters,
      unknownParameters: { ...parameters, deadLetterQueueName: 'nowhere' },
      /** Somebody else redrives the queue. */
      foreignWrite: async () => {
        await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn }));
        await settle();
      },
      destroy: async () => {
        await sqs.send(new DeleteQueueCommand({ QueueUrl: source }));
        await sqs.send(new DeleteQueueCommand({ QueueUrl: deadLetters }));
        delete process.env['AWS_ENDPOINT_URL_SQS'];
        await moveTasks.stop();
      },
      send,
      settle,
      createSource,
      depths: async () => ({
        source: Number((await attributesOf(source))['ApproximateNumberOfMessages']),
        deadLetters: Number((await attributesOf(deadLetters))['ApproximateNumberOfMessages']),
      }),
    };
  },
};
