import { randomUUID } from 'node:crypto';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { beforeAll, expect, test, vi } from 'vitest';
import { Database } from '../../functions/platform/dynamodb.ts';
import { changeIdFor } from '../../functions/platform/ids.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** The two scheduled functions as they are deployed: settings from the environment, policies from the files. */
let tables: TestTables;
let heartbeat: Handler;
let review: Handler;
let queueUrl: string;
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
const context = { functionName: 'scheduled', awsRequestId: 'r' } as Context;

beforeAll(async () => {
  tables = await freshTables();
  vi.stubEnv('ARTEFACT_VERSION', 'test-artefact');
  vi.stubEnv('CONTROLS_TABLE', tables.controls);
  vi.stubEnv('OPERATIONS_TABLE', tables.operations);
  vi.stubEnv('LEDGER_TABLE', tables.ledgerTable);
  vi.stubEnv('PERSON_TOPIC_ARN', await peopleWithAQueue());
  const { logger } = await import('../../functions/platform/pipeline.ts');
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(logger, level).mockReturnValue();
  ({ handler: heartbeat } = await import('../../functions/autonomy/kill-switch-heartbeat.handler.ts'));
  ({ handler: review } = await import('../../functions/autonomy/review-autonomy.handler.ts'));
});

test('a heartbeat passes and tells nobody; one that fails tells everybody', async () => {
  expect(await heartbeat({}, context)).toMatchObject({ outcome: 'beaten', result: 'passed' });
  const transact = Database.prototype.transact;
  const careless = vi.spyOn(Database.prototype, 'transact').mockImplementation(function (
    this: Database,
    writes,
  ) {
    return transact.call(
      this,
      writes.filter(({ kind }) => kind !== 'check'),
    );
  });
  expect(await heartbeat({}, context)).toMatchObject({ outcome: 'beaten', result: 'failed' });
  careless.mockRestore();
  expect(await told()).toStrictEqual(['Interlock: The kill switch may not stop anything']);
  expect(await announced()).toStrictEqual(['The kill switch may not stop anything']);
});

test('a heartbeat that cannot reach its table fails, so that its alarm goes off', async () => {
  const away = vi.spyOn(Database.prototype, 'transact').mockRejectedValue(new Error('throttled'));
  await expect(heartbeat({}, context)).rejects.toThrow('throttled');
  away.mockRestore();
});

test('a review lowers what policies/autonomy.json declares and tells everybody, in one transaction', async () => {
  const place = { environment: 'local', agentRole: 'responder', actionClass: 'traffic' };
  const [incidentId, planDigest] = ['inc-1', 'digest-1'];
  const changeId = changeIdFor(incidentId, planDigest);
  const endedAt = Date.now() - 60_000;
  const statusAt = new Date(endedAt).toISOString();
  const bound = { incidentId, planDigest };
  await tables.database.transact([
    {
      kind: 'put',
      table: tables.operations,
      item: {
        ...itemKeys.decision(incidentId, planDigest),
        ...place,
        ...bound,
        tier: 'medium',
        outcome: 'require-approval',
        clause: 'autonomy.matrix',
        decidedAtEpochMs: endedAt,
        statusKey: 'DECISION#require-approval',
        statusAt,
      },
    },
    {
      kind: 'put',
      table: tables.operations,
      item: {
        ...itemKeys.change(changeId),
        ...bound,
        changeId,
        status: 'rollback-failed',
        startedAtEpochMs: endedAt,
        updatedAtEpochMs: endedAt,
        statusKey: 'CHANGE#rollback-failed',
        statusAt,
      },
    },
  ]);
  expect(await review({}, context)).toStrictEqual({ reviewed: 1 });
  expect(await tables.database.get(tables.controls, itemKeys.stage(place))).toMatchObject({
    stage: 'suggest',
    version: 1,
    cause: 'lowered-automatically',
  });
  expect(await announced()).toContain('Less autonomy for local/responder/traffic');
  expect(await review({}, context)).toStrictEqual({ reviewed: 0 });
});

/** A topic with a queue on it. Answers the topic's ARN. */
async function peopleWithAQueue(): Promise<string> {
  const name = `people-${randomUUID().slice(0, 8)}`;
  const sns = new SNSClient({});
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: name }));
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  queueUrl = QueueUrl;
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes?.['QueueArn'] }));
  return TopicArn;
}

/** Titles of what waits in the outbox for everybody. */
async function announced(): Promise<unknown[]> {
  const due = await tables.database.byStatus(tables.operations, 'NOTICE#due');
  return due.map(({ title }) => title);
}

/** Subjects of what people were told since this was last asked. */
async function told(): Promise<string[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 }),
  );
  return Messages.map(({ Body = '{}' }) => (JSON.parse(Body) as { Subject: string }).Subject);
}
