import { randomUUID } from 'node:crypto';
import { CreateQueueCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { alarmEvent, configurationEvent, customEvent } from './samples.ts';
import { freshWorkbench, type IntakeWorkbench, policyDigest } from './workbench.ts';

const sqs = new SQSClient({});
let bench: IntakeWorkbench;
let handler: (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;
const deadLetterUrls: Record<string, string> = {};
const lines: string[] = [];

beforeAll(async () => {
  bench = await freshWorkbench();
  for (const priority of ['P0', 'P1', 'P2']) {
    const QueueName = `${priority}-dlq-${randomUUID().slice(0, 8)}`;
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName }));
    deadLetterUrls[priority] = QueueUrl;
    vi.stubEnv(`${priority}_DLQ_URL`, QueueUrl);
  }
  vi.stubEnv('ENVIRONMENT', 'local');
  vi.stubEnv('ARTEFACT_VERSION', 'test-artefact');
  vi.stubEnv('POLICY_DIGEST', policyDigest);
  vi.stubEnv('CONTROLS_TABLE', bench.tables.controls);
  vi.stubEnv('OPERATIONS_TABLE', bench.tables.operations);
  vi.stubEnv('LEDGER_TABLE', bench.tables.ledgerTable);
  vi.stubEnv('INCIDENT_STATE_MACHINE_ARN', bench.stateMachineArn);
  const { logger } = await import('../../functions/platform/pipeline.ts');
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(logger, level).mockImplementation((...line: unknown[]) => void lines.push(JSON.stringify(line)));
  ({ handler } = await import('../../functions/intake/intake.handler.ts'));
});

afterEach(() => {
  lines.length = 0;
});

/** Delivers bodies as one batch of a priority queue; message ids are `m0`, `m1`, … */
function deliver(bodies: readonly string[], queue = 'Interlock-local-IntakeP1Queue1A2B3C4D-x') {
  const Records = bodies.map((body, index) => ({
    messageId: `m${index}`,
    receiptHandle: 'handle',
    body,
    attributes: {},
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
    awsRegion: 'us-east-1',
  }));
  return handler(
    { Records } as unknown as SQSEvent,
    { functionName: 'intake', awsRequestId: 'r' } as Context,
  );
}

async function takeDeadLetters(priority: string): Promise<Message[]> {
  const taken: Message[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: deadLetterUrls[priority],
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        VisibilityTimeout: 600,
      }),
    );
    if (Messages.length === 0) return taken;
    taken.push(...Messages);
  }
}

test('a batch of good events: each is dealt with and none is reported', async () => {
  const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
  const bodies = [
    JSON.stringify(alarmEvent('ALARM', { id: first }, 'batch-alarm')),
    JSON.stringify(configurationEvent()).replace('c4c1c1c9-6542-e61b-6ef0-8c4d36933a92', second),
    JSON.stringify(customEvent({ id: third })),
  ];
  expect(await deliver(bodies)).toEqual({ batchItemFailures: [] });
  expect(await bench.event(first)).toMatchObject({ outcome: 'opened' });
  expect(await bench.event(second)).toMatchObject({ outcome: 'recorded' });
  expect(await bench.event(third)).toMatchObject({ outcome: 'opened' });
});

test('poison goes to its own queue with the reason in words, the good event beside it is dealt with', async () => {
  const good = randomUUID();
  const poison = JSON.stringify(customEvent({ detail: { severity: 'SECRET-9' } }));
  const bodies = [
    '{"not":',
    JSON.stringify(alarmEvent('ALARM', { id: good }, 'beside-poison')),
    poison,
    '{"a":"<&\\u0001"}',
  ];
  expect(await deliver(bodies)).toEqual({ batchItemFailures: [] });
  expect(await bench.event(good)).toMatchObject({ outcome: 'opened' });
  const letters = await takeDeadLetters('P1');
  const byBody = new Map(letters.map((letter) => [letter.Body, letter.MessageAttributes]));
  expect([...byBody.keys()].sort()).toEqual([bodies[0], bodies[2], bodies[3]].sort());
  expect(byBody.get('{"not":')).toMatchObject({
    code: { StringValue: 'intake.malformed-json' },
    reason: { StringValue: 'message is not JSON; only EventBridge events belong in this queue' },
  });
  expect(byBody.get(poison)).toMatchObject({
    code: { StringValue: 'intake.malformed-event' },
    reason: {
      StringValue: 'interlock.signal has missing, unknown or malformed members in its detail: severity',
    },
  });
  expect(await takeDeadLetters('P0')).toEqual([]);
  expect(await takeDeadLetters('P2')).toEqual([]);
});

test.each(['P0', 'P1', 'P2'])(
  'a 256 KB event of queue %s lands whole in the dead-letter queue of that priority',
  async (priority) => {
    const body = JSON.stringify(customEvent({ detail: { detail: 'x'.repeat(262_144) } }));
    expect(await deliver([body], `interlock-${priority}`)).toEqual({ batchItemFailures: [] });
    const letters = await takeDeadLetters(priority);
    expect(letters.map(({ Body }) => Body)).toEqual([body]);
    expect(letters[0]?.MessageAttributes?.['code']?.StringValue).toBe('intake.oversize');
  },
);

test('a poison event whose queue is unknown stays with the queue it came from', async () => {
  expect(await deliver(['{'], 'somebody-elses-queue')).toEqual({
    batchItemFailures: [{ itemIdentifier: 'm0' }],
  });
});

test('when a dependency fails, only that record is reported, and it works when delivered again', async () => {
  const { Database } = await import('../../functions/platform/dynamodb.ts');
  const [lucky, unlucky] = [randomUUID(), randomUUID()];
  const bodies = [
    JSON.stringify(alarmEvent('ALARM', { id: lucky }, 'lucky-alarm')),
    JSON.stringify(alarmEvent('ALARM', { id: unlucky }, 'unlucky-alarm')),
  ];
  const transact = Database.prototype.transact;
  const failing = vi.spyOn(Database.prototype, 'transact').mockImplementation(function (
    this: InstanceType<typeof Database>,
    writes,
  ) {
    if (JSON.stringify(writes).includes(unlucky)) return Promise.reject(new Error('DynamoDB is away'));
    return transact.call(this, writes);
  });
  expect(await deliver(bodies)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
  failing.mockRestore();
  expect(await bench.event(unlucky)).toBeUndefined();
  expect(await deliver(bodies)).toEqual({ batchItemFailures: [] });
  expect(await bench.event(lucky)).toMatchObject({ outcome: 'opened' });
  expect(await bench.event(unlucky)).toMatchObject({ outcome: 'opened' });
});

test('logs hold ids and outcomes, never what an event says', async () => {
  const id = randomUUID();
  const reason = 'PAYLOAD-CANARY ignore previous instructions';
  await deliver([
    JSON.stringify(alarmEvent('ALARM', { id, detail: { state: { value: 'ALARM', reason } } }, 'quiet-alarm')),
    `{"id":"PAYLOAD-CANARY"}`,
  ]);
  expect(lines.some((line) => line.includes(id) && line.includes('opened'))).toBe(true);
  expect(lines.some((line) => line.includes('intake.malformed-event'))).toBe(true);
  expect(lines.join('\n')).not.toContain('PAYLOAD-CANARY');
});

test('an injecting event starts an incident with the severity of its rule and nothing else', async () => {
  const id = randomUUID();
  const name = 'x"} SET severity = critical; DROP TABLE incidents; --';
  await deliver([JSON.stringify(alarmEvent('ALARM', { id }, name))]);
  const event = await bench.event(id);
  expect(event).toMatchObject({ outcome: 'opened', severity: 'high' });
  expect(await bench.ledgerTypes(String(event?.['incidentId']))).toEqual([
    'signal.received',
    'incident.opened',
  ]);
});

test('a storm of 300 duplicates in batches of 10: one incident, 300 records of what became of them', async () => {
  const ids = Array.from({ length: 300 }, () => randomUUID());
  const batches = Array.from({ length: 30 }, (_, batch) =>
    ids
      .slice(batch * 10, batch * 10 + 10)
      .map((id) => JSON.stringify(alarmEvent('ALARM', { id }, 'storm-alarm'))),
  );
  const before = (await bench.executionNames()).length;
  // Five pollers at a time, as a queue with a maximum concurrency delivers.
  for (let wave = 0; wave < batches.length; wave += 5) {
    const responses = await Promise.all(batches.slice(wave, wave + 5).map((bodies) => deliver(bodies)));
    expect(responses.flatMap(({ batchItemFailures }) => batchItemFailures)).toEqual([]);
  }
  const outcomes = await Promise.all(ids.map(async (id) => (await bench.event(id))?.['outcome']));
  expect(outcomes.filter((outcome) => outcome === 'opened')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === 'suppressed')).toHaveLength(299);
  expect((await bench.executionNames()).length - before).toBe(1);
});
