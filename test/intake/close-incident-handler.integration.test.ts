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
import { alarmEvent, arrivalOf } from './samples.ts';
import { freshWorkbench, type IntakeWorkbench } from './workbench.ts';

const sqs = new SQSClient({});
let bench: IntakeWorkbench;
let inbox = '';
let handler: (event: unknown, context: Context) => Promise<{ outcome: string; result: string }>;

beforeAll(async () => {
  bench = await freshWorkbench();
  const suffix = randomUUID().slice(0, 8);
  const sns = new SNSClient({});
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: `people-${suffix}` }));
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `inbox-${suffix}` }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes?.['QueueArn'] }));
  inbox = QueueUrl;
  vi.stubEnv('ARTEFACT_VERSION', 'test-artefact');
  vi.stubEnv('CONTROLS_TABLE', bench.tables.controls);
  vi.stubEnv('OPERATIONS_TABLE', bench.tables.operations);
  vi.stubEnv('LEDGER_TABLE', bench.tables.ledgerTable);
  vi.stubEnv('PERSON_TOPIC_ARN', TopicArn);
  ({ handler } = await import('../../functions/intake/close-incident.handler.ts'));
});

const call = (event: unknown) =>
  handler(event, { functionName: 'close-incident', awsRequestId: 'r' } as Context);

async function openIncident(name: string): Promise<string> {
  const opened = await bench.intake().accept(arrivalOf(alarmEvent('ALARM', { id: randomUUID() }, name)));
  if (opened.outcome !== 'opened') throw new Error(`expected an incident, got ${opened.outcome}`);
  return opened.incidentId;
}

/** Subjects and texts that people got since the last look. */
async function mail(): Promise<{ Subject: string; Message: string }[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: inbox,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 1,
      VisibilityTimeout: 600,
    }),
  );
  return Messages.map(({ Body = '' }) => JSON.parse(Body) as { Subject: string; Message: string });
}

test('the state machine closes its incident; nobody is told when it is resolved', async () => {
  const incidentId = await openIncident('handler-resolved');
  const input = { incidentId, result: 'resolved', reason: 'the alarm is OK' };
  expect(await call(input)).toEqual({ outcome: 'closed', result: 'resolved' });
  expect(await call(input)).toEqual({ outcome: 'already-closed', result: 'resolved' });
  expect(await mail()).toEqual([]);
});

test('an execution that failed leaves its incident to a person, who is told once', async () => {
  const incidentId = await openIncident('handler-failed');
  const event = {
    version: '0',
    id: randomUUID(),
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    detail: { name: incidentId, status: 'TIMED_OUT', input: '{}' },
  };
  expect(await call(event)).toEqual({ outcome: 'closed', result: 'needs-person' });
  expect(await call(event)).toEqual({ outcome: 'already-closed', result: 'needs-person' });
  const letters = await mail();
  expect(letters).toHaveLength(1);
  expect(letters[0]?.Subject).toBe(`Interlock: incident ${incidentId} needs you (needs-person)`);
  expect(letters[0]?.Message).toContain(
    "Why: the incident's execution ran out of time before it came to a result",
  );
  expect(letters[0]?.Message).toContain('Next: Look at the incident first');
  expect(await bench.ledgerTypes(incidentId)).toEqual([
    'signal.received',
    'incident.opened',
    'incident.closed',
  ]);
});

test.each([
  [
    { incidentId: 'inc-0123456789abcdef0123', result: 'resolved', reason: 'x' },
    'close-incident.unknown-incident',
  ],
  [{ incidentId: '__proto__', result: 'resolved', reason: 'x' }, 'task.invalid-input'],
  [{}, 'task.invalid-input'],
])('broken input is an error with a code: %#', async (input, code) => {
  await expect(call(input)).rejects.toMatchObject({ name: 'InvalidInputError', code });
});
