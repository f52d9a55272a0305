import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import {
  drained,
  redriveDeadLetters,
} from '../../../functions/change/actions/sqs-redrive-dead-letters/definition.ts';
import { QueueClient } from '../../../functions/change/actions/sqs-redrive-dead-letters/queue.client.ts';
import {
  type MoveTask,
  type QueueState,
  queueTarget,
} from '../../../functions/change/actions/sqs-redrive-dead-letters/queue-target.ts';
import { type Answer, answersToAWrite, startAnsweringService } from './answering-service.ts';

const redrive = {
  deadLetterQueueName: 'orders-dead-letters',
  sourceQueueName: 'orders',
  atMostMessages: 10,
  messagesPerSecond: 5,
};

describe('the parameters of sqs.redrive-dead-letters', () => {
  const accepts = (changes: object) =>
    z.safeParse(redriveDeadLetters.parameters, { ...redrive, ...changes }).success;

  it.each([
    ['a', true],
    ['a'.repeat(80), true],
    ['a'.repeat(81), false],
    [`${'a'.repeat(75)}.fifo`, true],
    [`${'a'.repeat(76)}.fifo`, false],
    ['orders.fifo.fifo', false],
    ['orders.dlq', false],
    ['-orders', false],
    ['https://sqs.eu-west-1.amazonaws.com/111122223333/orders', false],
    ['orders\n', false],
    ['`reboot`', false],
    ['', false],
  ])('take queue %j: %s', (name, expected) => {
    expect(accepts({ deadLetterQueueName: name })).toBe(expected);
    expect(accepts({ sourceQueueName: name })).toBe(expected);
  });

  it.each([
    ['atMostMessages', 0, false],
    ['atMostMessages', 1, true],
    ['atMostMessages', 100_000, true],
    ['atMostMessages', 100_001, false],
    ['messagesPerSecond', 0, false],
    ['messagesPerSecond', 1, true],
    ['messagesPerSecond', 500, true],
    ['messagesPerSecond', 501, false],
    ['messagesPerSecond', 0.5, false],
  ])('take %s %d: %s', (member, value, expected) => {
    expect(accepts({ [member]: value })).toBe(expected);
  });

  it('take no destination of their own', () => {
    expect(accepts({ destinationArn: 'arn:aws:sqs:eu-west-1:111122223333:other' })).toBe(false);
  });
});

describe('sqs.redrive-dead-letters', () => {
  it('is irreversible, and medium', () => {
    expect(redriveDeadLetters.reversal).toMatchObject({ kind: 'irreversible' });
    expect(redriveDeadLetters.tier(redrive)).toBe('medium');
  });

  const state = (messages: number, status?: MoveTask['status'], startedAtEpochMs = 2): QueueState => ({
    approximateMessages: messages,
    lastTask: status === undefined ? null : { status, startedAtEpochMs },
  });

  it.each([
    [state(0), false],
    [state(1), true],
    [state(10), true],
    [state(11), false],
    [state(Number.NaN), false],
    [state(5, 'COMPLETED'), true],
    [state(5, 'FAILED'), true],
    [state(5, 'CANCELLED'), true],
    [state(5, 'RUNNING'), false],
    [state(5, 'CANCELLING'), false],
  ])('may begin at %o: %s', (found, expected) => {
    expect(queueTarget.isBefore(redrive, found)).toBe(expected);
  });

  it.each([
    [state(0), false, false],
    [state(5, 'RUNNING'), true, false],
    [state(0, 'RUNNING'), true, false],
    [state(0, 'COMPLETED'), true, true],
    [state(1, 'COMPLETED'), false, false],
    [state(0, 'CANCELLED'), false, false],
    [state(0, 'FAILED'), false, false],
  ])('%o: is there %s, and as wanted %s', (found, isAfter, isAsWanted) => {
    expect(queueTarget.isAfter(redrive, found)).toBe(isAfter);
    expect(queueTarget.readBack(found) === drained).toBe(isAsWanted);
  });

  it('is untouched by messages that arrive, and touched by any task', () => {
    const snapshot = state(5, 'COMPLETED', 2);
    expect(queueTarget.isUntouched(snapshot, state(6, 'COMPLETED', 2))).toBe(true);
    expect(queueTarget.isUntouched(snapshot, state(5, 'COMPLETED', 3))).toBe(false);
    expect(queueTarget.isUntouched(snapshot, state(5, 'RUNNING', 3))).toBe(false);
    expect(queueTarget.isUntouched(state(5), state(5, 'COMPLETED', 3))).toBe(false);
    expect(queueTarget.isRestored(snapshot, state(5, 'CANCELLED', 3))).toBe(false);
    expect(queueTarget.isRestored(state(5), state(6))).toBe(true);
  });
});

describe('SQS', () => {
  /** The client sends to wherever a queue's URL points. */
  const urlOf = (accountAndName: string) => `${service.url}/${accountAndName}`;
  let sources: string[];
  let tasks: object[];
  let answer: Answer;
  let service: Awaited<ReturnType<typeof startAnsweringService>>;
  beforeEach(async () => {
    sources = ['111122223333/orders'];
    tasks = [];
    answer = { body: { TaskHandle: 'handle' } };
    service = await startAnsweringService((operation) => {
      const reads: Readonly<Record<string, object>> = {
        GetQueueUrl: { QueueUrl: urlOf('111122223333/orders-dead-letters') },
        GetQueueAttributes: {
          Attributes: {
            QueueArn: 'arn:aws:sqs:eu-west-1:111122223333:orders-dead-letters',
            ApproximateNumberOfMessages: '3',
          },
        },
        ListDeadLetterSourceQueues: { queueUrls: sources.map(urlOf) },
        ListMessageMoveTasks: { Results: tasks },
      };
      const body = reads[operation];
      return body === undefined ? answer : { body };
    });
  });
  afterEach(() => service.stop());

  const start = () => new QueueClient().apply(redrive, { approximateMessages: 3, lastTask: null });
  const starts = () => service.operations.filter((sent) => sent === 'StartMessageMoveTask').length;

  it.each(answersToAWrite)('$says: the write is $taken and not repeated', async (given) => {
    answer = given.answer;
    if (given.taken === 'failed') expect(await start()).toMatchObject({ outcome: 'failed' });
    else if (given.taken === 'thrown') await expect(start()).rejects.toThrow();
    else await expect(start()).rejects.toMatchObject({ name: 'DependencyUnavailableError' });
    expect(starts()).toBe(1);
  });

  it('takes one task at a time', async () => {
    answer = { error: 'InvalidParameterValue' };
    expect(await start()).toStrictEqual({
      outcome: 'failed',
      reason: 'SQS refused the change: InvalidParameterValue',
    });
  });

  it('may list the latest task first or last', async () => {
    tasks = [
      { Status: 'COMPLETED', StartedTimestamp: 1 },
      { Status: 'FAILED', StartedTimestamp: 3 },
      { Status: 'CANCELLED', StartedTimestamp: 2 },
    ];
    expect(await new QueueClient().read(redrive)).toStrictEqual({
      outcome: 'found',
      state: { approximateMessages: 3, lastTask: { status: 'FAILED', startedAtEpochMs: 3 } },
    });
  });

  it.each([
    ['none', []],
    ['another', ['111122223333/invoices']],
    ['one of that name in another account', ['999999999999/orders']],
    ['another beside it', ['111122223333/orders', '111122223333/invoices']],
  ])('knows %s as the source: refused', async (_, found) => {
    sources = found;
    expect(await new QueueClient().read(redrive)).toMatchObject({ outcome: 'refused' });
  });

  it('may know a status that nobody here does: refused', async () => {
    tasks = [{ Status: 'PAUSED', StartedTimestamp: 1 }];
    expect(await new QueueClient().read(redrive)).toMatchObject({ outcome: 'refused' });
  });
});
