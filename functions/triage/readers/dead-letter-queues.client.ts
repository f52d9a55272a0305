import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { DeadLetterQueueContext } from '../workload-resources.ts';
import type { ResourceReader } from './resource-reader.ts';

const maxSources = 10;

/** How deep a dead-letter queue is and whose it is; never a message of it. */
export function deadLetterQueues(
  sqs = new SQSClient({ maxAttempts: 2 }),
): ResourceReader<DeadLetterQueueContext> {
  return {
    // The ARN of a queue holds no type.
    type: 'sqs',
    what: 'queue',
    resource: /^([A-Za-z0-9_-]+(?:\.fifo)?)$/,
    read: async ([queueName = ''], { abortSignal }) => {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queueName }), { abortSignal });
      const { queueUrls: sources = [] } = await sqs.send(
        new ListDeadLetterSourceQueuesCommand({ QueueUrl }),
        {
          abortSignal,
        },
      );
      if (sources.length === 0) return undefined;
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
        { abortSignal },
      );
      return {
        deadLetterQueueName: queueName,
        approximateMessages: Number(Attributes?.ApproximateNumberOfMessages ?? 0),
        sourceQueueNames: sources.slice(0, maxSources).map((url) => url.slice(url.lastIndexOf('/') + 1)),
      };
    },
  };
}
