import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { Database, type Item } from '../../functions/platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { connectThisProcess } from '../../local/connection.ts';
import type { Fault } from '../../local/model/faults.ts';
import { direct } from '../../local/model/stand-in.ts';
import { alarmEvent, configurationEvent } from '../intake/samples.ts';

/**
 * What arrives wrong at the deployed stack: each ends in a record that says why, and nothing is started by it.
 * The same cases at each capability's own edge stand beside its other tests.
 */
const { state, outputs } = inject('deployment');
const {
  OperationsTable = '',
  LedgerTable = '',
  IncidentStateMachineArn = '',
  P1QueueUrl,
  P1DlqUrl,
  P2DlqUrl,
} = outputs;
const sqs = new SQSClient({});
const database = new Database();

beforeAll(() => connectThisProcess(state));

describe('events', () => {
  it.each([
    ['text that is not JSON', 'not json at all'],
    ['JSON that is no event', '["an", "array"]'],
    [
      'an event of a class that nobody declared',
      JSON.stringify({ ...alarmEvent(), source: 'aws.nobody', id: randomUUID() }),
    ],
    [
      'an alarm event without its alarm',
      JSON.stringify({ ...alarmEvent(), id: randomUUID(), detail: { state: { value: 'ALARM' } } }),
    ],
    [
      'an event of 200 kB',
      JSON.stringify(alarmEvent('ALARM', { id: randomUUID(), detail: { padding: 'x'.repeat(200_000) } })),
    ],
  ])('%s goes to the dead-letter queue with the reason, and starts nothing', async (_what, MessageBody) => {
    const before = await executions();
    await sqs.send(new SendMessageCommand({ QueueUrl: P1QueueUrl, MessageBody }));
    const letter = await deadLetter(P1DlqUrl, (body) => body === MessageBody);
    expect(letter.reason).toMatch(/\w+ \w+/);
    expect(letter.code).toMatch(/^intake\./);
    expect(await executions()).toBe(before);
  });

  it('a custom signal with members that nobody asked for goes to the dead-letter queue of its priority', async () => {
    const marker = randomUUID();
    const detail = {
      class: 'queue-depth',
      severity: 'low',
      resource: { type: 'queue', id: marker },
      title: 't',
      approve: true,
    };
    const { FailedEntryCount } = await new EventBridgeClient({}).send(
      new PutEventsCommand({
        Entries: [{ Source: 'interlock', DetailType: 'interlock.signal', Detail: JSON.stringify(detail) }],
      }),
    );
    expect(FailedEntryCount).toBe(0);
    const letters = await Promise.race([
      deadLetter(P1DlqUrl, (body) => body.includes(marker)),
      deadLetter(P2DlqUrl, (body) => body.includes(marker)),
    ]);
    expect(letters.code).toMatch(/^intake\./);
  });

  it.each(['create', 'update', 'delete'])(
    'an alarm that was %sd is noted and starts nothing',
    async (operation) => {
      const before = await executions();
      const event = { ...configurationEvent(operation), id: randomUUID() };
      await sqs.send(new SendMessageCommand({ QueueUrl: P1QueueUrl, MessageBody: JSON.stringify(event) }));
      const record = await eventually(() => database.get(OperationsTable, itemKeys.event(event.id)));
      expect(record).toMatchObject({ outcome: 'recorded' });
      expect(await executions()).toBe(before);
    },
  );
});

describe('a model endpoint that goes wrong', () => {
  afterEach(async () => {
    await direct(state.modelControlUrl ?? '', {});
  });

  // `hang` is tried against the same client in test/routing: its deadline is too long to wait for here.
  it.each(['html', 'error', 'wrong-shape', 'huge'] satisfies Fault[])(
    '%s from every model: a person is asked, nothing is executed',
    async (fault) => {
      await direct(state.modelControlUrl ?? '', { fault });
      const incidentId = await openIncident();
      const incident = await closed(incidentId);
      expect(incident).toMatchObject({ result: 'needs-person' });
      const chain = await database.query(LedgerTable, incidentChain(incidentId));
      const types = chain.map((entry) => String(entry['type']));
      expect(types).toContain('triage.answered');
      expect(
        types.filter((type) => type.startsWith('change.') || type.startsWith('approval.')),
      ).toStrictEqual([]);
      expect(chain.find((entry) => entry['type'] === 'triage.answered')?.['detail']).toMatchObject({
        runtime: 'rules',
      });
    },
  );
});

/** A problem of its own: a fresh alarm name has a fresh fingerprint. */
async function openIncident(): Promise<string> {
  const event = alarmEvent('ALARM', { id: randomUUID() }, `bad-input-${randomUUID()}`);
  await sqs.send(new SendMessageCommand({ QueueUrl: P1QueueUrl, MessageBody: JSON.stringify(event) }));
  const record = await eventually(() => database.get(OperationsTable, itemKeys.event(event.id)));
  expect(record).toMatchObject({ outcome: 'opened' });
  return String(record['incidentId']);
}

async function closed(incidentId: string): Promise<Item> {
  return eventually(async () => {
    const incident = await database.get(OperationsTable, itemKeys.incident(incidentId));
    return incident?.['status'] === 'closed' ? incident : undefined;
  });
}

async function executions(): Promise<number> {
  const { executions: found = [] } = await new SFNClient({}).send(
    new ListExecutionsCommand({ stateMachineArn: IncidentStateMachineArn, maxResults: 1_000 }),
  );
  return found.length;
}

async function deadLetter(
  QueueUrl: string | undefined,
  isOurs: (body: string) => boolean,
): Promise<{ reason: string; code: string }> {
  return eventually(async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 1,
        MessageAttributeNames: ['All'],
      }),
    );
    const ours = Messages.find(({ Body = '' }) => isOurs(Body));
    if (ours === undefined) return undefined;
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: ours.ReceiptHandle }));
    const attribute = (name: string): string => ours.MessageAttributes?.[name]?.StringValue ?? '';
    return { reason: attribute('reason'), code: attribute('code') };
  });
}

async function eventually<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(150);
  }
  throw new Error('it did not happen within a minute');
}
