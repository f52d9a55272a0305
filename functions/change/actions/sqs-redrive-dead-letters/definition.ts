import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';

/** Queue names as SQS allows them: 80 characters, a FIFO queue's ending included. */
const queueName = z.string().check(z.regex(/^(?=.{1,80}$)[A-Za-z0-9_][A-Za-z0-9_-]{0,79}(\.fifo)?$/));

const schema = z.strictObject({
  deadLetterQueueName: queueName,
  /** The only queue whose messages end up there; they go back to it. */
  sourceQueueName: queueName,
  /** Most messages that may wait in the dead-letter queue; with more the change is refused. */
  atMostMessages: z.int().check(z.minimum(1), z.maximum(100_000)),
  /** Pace at which they are moved; SQS moves at most 500 a second. */
  messagesPerSecond: z.int().check(z.minimum(1), z.maximum(500)),
});

export type RedriveDeadLettersParameters = z.output<typeof schema>;

/** What a `read-back` criterion reads when every message has been moved and none has come back. */
export const drained = 'empty after a finished redrive';

/**
 * Moves the messages of a dead-letter queue back to the queue they failed on, once its consumer is repaired.
 * What the consumer has processed cannot be taken back, so this is never automatic.
 */
export const redriveDeadLetters: ActionDefinition<RedriveDeadLettersParameters> = {
  id: 'sqs.redrive-dead-letters',
  actionClass: 'repair',
  summary: 'Move the messages of an SQS dead-letter queue back to the queue they came from. Not reversible.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: () => 'medium',
  target: ({ deadLetterQueueName }) => ({
    type: 'sqs-queue',
    id: deadLetterQueueName,
    key: `sqs-queue/${deadLetterQueueName}`,
  }),
  effect: ({ deadLetterQueueName, sourceQueueName, atMostMessages, messagesPerSecond }) => ({
    before: `at most ${atMostMessages} messages in ${deadLetterQueueName}`,
    after: `all of them moved to ${sourceQueueName}, ${messagesPerSecond} a second`,
  }),
  targetArn: ({ deadLetterQueueName }, { partition, region, account }) =>
    `arn:${partition}:sqs:${region}:${account}:${deadLetterQueueName}`,
  blastRadius: () => ({ resources: 2, capacityPercent: 100 }),
  reversal: {
    kind: 'irreversible',
    reason: 'messages that were moved back are processed by their consumer',
  },
  successCriteria: () => [{ kind: 'read-back', expected: drained }],
  runbook: ({ deadLetterQueueName, messagesPerSecond }) => [
    `aws sqs get-queue-url --queue-name ${deadLetterQueueName}`,
    'aws sqs get-queue-attributes --queue-url <its URL> --attribute-names QueueArn ApproximateNumberOfMessages',
    'aws sqs list-dead-letter-source-queues --queue-url <its URL>',
    `aws sqs start-message-move-task --source-arn <its ARN> --max-number-of-messages-per-second ${messagesPerSecond}`,
    'aws sqs list-message-move-tasks --source-arn <its ARN>',
    'to stop what has not moved yet: aws sqs cancel-message-move-task --task-handle <the handle it lists>',
  ],
  permissions: [
    {
      // A move task receives, deletes and sends with the permissions of whoever starts it.
      actions: [
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        'sqs:GetQueueUrl',
        'sqs:ListDeadLetterSourceQueues',
        'sqs:ListMessageMoveTasks',
        'sqs:ReceiveMessage',
        'sqs:SendMessage',
        'sqs:StartMessageMoveTask',
      ],
      resource: { service: 'sqs', resource: '*' },
      onlyTagged: true,
      why: 'Targets are not known at deployment; limited to queues tagged for this environment, the source queue too.',
    },
  ],
  examples: [
    {
      deadLetterQueueName: 'orders-dead-letters',
      sourceQueueName: 'orders',
      atMostMessages: 500,
      messagesPerSecond: 10,
    },
    {
      deadLetterQueueName: 'payments-dead-letters.fifo',
      sourceQueueName: 'payments.fifo',
      atMostMessages: 20,
      messagesPerSecond: 1,
    },
  ],
};
