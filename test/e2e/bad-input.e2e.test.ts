import { randomUUID } from 'node:crypto';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { Database, type Item } from '../../functions/platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { connectThisProcess } from '../../local/connection.ts';
import { createAlarm, deleteAlarm } from '../../local/demo/alarm.ts';
import type { Behaviour } from '../../local/model/answers.ts';
import type { Fault } from '../../local/model/faults.ts';
import { direct } from '../../local/model/stand-in.ts';
import { alarmEvent, configurationEvent } from '../intake/samples.ts';
import { eventually } from './eventually.ts';

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
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
const bus = new EventBridgeClient({});
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
    await putOnBus('interlock', 'interlock.signal', detail);
    // Severity `low` travels as P2.
    const letter = await deadLetter(P2DlqUrl, (body) => body.includes(marker));
    expect(letter.reason).toMatch(/unknown member/);
    expect(letter.code).toMatch(/^intake\./);
  });

  it.each(['create', 'update', 'delete'])(
    'an alarm that was %sd is noted and starts nothing',
    async (operation) => {
      const before = await executions();
      const { source, detail, 'detail-type': detailType } = configurationEvent(operation);
      const eventId = await putOnBus(source, detailType, detail);
      const record = await eventually(() => database.get(OperationsTable, itemKeys.event(eventId)));
      expect(record).toMatchObject({ outcome: 'recorded' });
      expect(await executions()).toBe(before);
    },
  );
});

describe('a model endpoint that goes wrong', () => {
  afterEach(async () => {
    await direct(state.modelControlUrl ?? '', {});
  });

  it.each(['html', 'error', 'wrong-shape', 'huge'] satisfies Fault[])(
    '%s from every model: a person is asked, nothing is executed',
    async (fault) => {
      await direct(state.modelControlUrl ?? '', { fault });
      const incidentId = await openIncident();
      expect(await closed(incidentId)).toMatchObject({ result: 'needs-person' });
      await expectAnsweredByRules(incidentId);
    },
  );

  // The shipped deadlines: 45 s for our own model, 30 s for Bedrock.
  it('silence from every model: both deadlines pass, a person is asked, nothing is executed', async () => {
    await direct(state.modelControlUrl ?? '', { fault: 'hang' });
    const incidentId = await openIncident();
    expect(await closed(incidentId, 130)).toMatchObject({ result: 'needs-person' });
    await expectAnsweredByRules(incidentId);
    const triage = await database.get(OperationsTable, itemKeys.triage(incidentId));
    expect(triage?.['attempts']).toMatchObject([
      { runtime: 'self-hosted', outcome: 'deadline' },
      { runtime: 'bedrock', outcome: 'deadline' },
    ]);
  }, 150_000);
});

describe('a plan that nobody may carry out', () => {
  afterEach(async () => {
    await direct(state.modelControlUrl ?? '', {});
  });

  // Never three in one incident: that cuts the agent off and lowers its stages, for the other tests of this stack too.
  it.each<[Behaviour, string, number]>([
    ['unknown-action', 'catalogue.unknown-action', 1],
    ['prototype-name', 'catalogue.unknown-action', 2],
    ['outside-schema', 'catalogue.invalid-parameters', 1],
  ])('%s is denied by %s and goes no further', async (behaviour, clause, plans) => {
    await direct(state.modelControlUrl ?? '', { behaviour });
    const incidentId = await openDemoIncident();
    expect(await closed(incidentId)).toMatchObject({ result: 'denied' });
    const chain = await database.query(LedgerTable, incidentChain(incidentId));
    const decisions = chain
      .filter(({ type }) => type === 'decision.made')
      .map(({ detail }) => detail as object);
    expect(decisions).toHaveLength(plans);
    for (const decision of decisions) expect(decision).toMatchObject({ outcome: 'deny', clause, quorum: 0 });
    expect(stepsTowardsAChange(chain)).toStrictEqual([]);
  });

  // The SDK of the fallback drops such a member by itself; what is left is a proposal like any other.
  it('an answer with a member named __proto__ is refused, and what the fallback makes of it is denied', async () => {
    await direct(state.modelControlUrl ?? '', { behaviour: 'prototype-member' });
    const incidentId = await openDemoIncident();
    expect(await closed(incidentId)).toMatchObject({ result: 'denied' });
    const triage = await database.get(OperationsTable, itemKeys.triage(incidentId));
    expect(triage?.['attempts']).toMatchObject([
      { runtime: 'self-hosted', outcome: 'invalid-answer', detail: 'has a member named __proto__' },
      { runtime: 'bedrock', outcome: 'answered' },
    ]);
    const chain = await database.query(LedgerTable, incidentChain(incidentId));
    expect(stepsTowardsAChange(chain)).toStrictEqual([]);
  });
});

/** A problem of its own: a fresh alarm name has a fresh fingerprint. Nothing is known about its workload. */
function openIncident(): Promise<string> {
  return openIncidentOf(`bad-input-${randomUUID()}`);
}

/** An incident of the demo workload: everything about it could be changed. */
async function openDemoIncident(): Promise<string> {
  const alarm = await createAlarm(`bad-plan-${randomUUID()}`, 'Checkouts fail');
  onTestFinished(() => deleteAlarm(alarm));
  return openIncidentOf(alarm.alarmName);
}

async function openIncidentOf(alarmName: string): Promise<string> {
  const { source, detail, 'detail-type': detailType } = alarmEvent('ALARM', {}, alarmName);
  const eventId = await putOnBus(source, detailType, detail);
  const record = await eventually(() => database.get(OperationsTable, itemKeys.event(eventId)));
  expect(record).toMatchObject({ outcome: 'opened' });
  return String(record['incidentId']);
}

/** The whole way in: bus, rule, queue, intake. The emulator's root may put `aws.*` events. @returns the event's id */
async function putOnBus(Source: string, DetailType: string, detail: object): Promise<string> {
  const { Entries: [put] = [] } = await bus.send(
    new PutEventsCommand({ Entries: [{ Source, DetailType, Detail: JSON.stringify(detail) }] }),
  );
  expect(put).toStrictEqual({ EventId: expect.any(String) });
  return put?.EventId ?? '';
}

async function expectAnsweredByRules(incidentId: string): Promise<void> {
  const chain = await database.query(LedgerTable, incidentChain(incidentId));
  const answer = chain.find(({ type }) => type === 'triage.answered');
  expect(answer?.['detail']).toMatchObject({ runtime: 'rules' });
  expect(chain.filter(({ type }) => type === 'decision.made')).toStrictEqual([]);
  expect(stepsTowardsAChange(chain)).toStrictEqual([]);
}

function stepsTowardsAChange(chain: readonly Item[]): string[] {
  return chain.map(({ type }) => String(type)).filter((type) => /^(?:approval|change)\./.test(type));
}

async function closed(incidentId: string, timeoutSeconds?: number): Promise<Item> {
  return eventually(async () => {
    const incident = await database.get(OperationsTable, itemKeys.incident(incidentId));
    return incident?.['status'] === 'closed' ? incident : undefined;
  }, timeoutSeconds);
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
