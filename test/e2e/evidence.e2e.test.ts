import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SNSClient, SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { canonicalJson } from '../../functions/platform/canonical-json.ts';
import { Database } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { connectThisProcess } from '../../local/connection.ts';
import { issuedTokens } from '../../local/identity-provider/control-client.ts';
import { ScriptedApprover } from '../../local/scenarios/approver.ts';
import { scenarioNamed } from '../../local/scenarios/catalogue.ts';
import { runScenario, type Verdict } from '../../local/scenarios/run-scenario.ts';
import { eventually } from './eventually.ts';
import { deployedFunctions, RoleProbes } from './role-probes.ts';

/**
 * What one flight leaves behind: evidence that people can read with the command line, a finding when somebody
 * alters the ledger, and no secret anywhere.
 */
const { state, outputs } = inject('deployment');
const { OperationsTable = '', LedgerTable = '', PersonTopicArn } = outputs;
const interlock = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

const entries: LedgerEntry[] = [];
let verdict: Verdict;
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
const sns = new SNSClient({});
let stopListening = (): Promise<void> => Promise.resolve();
/** Receives what people are told, as their mail would. */
let peopleQueueUrl: string | undefined;
const toldToPeople: string[] = [];

beforeAll(async () => {
  connectThisProcess(state);
  await listenToPersonTopic();
  const scenario = scenarioNamed('alias-rollback');
  if (scenario === undefined) throw new Error('the default scenario must exist');
  verdict = await runScenario(scenario, {
    state,
    scripted: true,
    alarm: 'own',
    onEntry: (entry) => entries.push(entry),
    onNote: () => {},
  });
});

afterAll(() => stopListening());

describe('the command line', () => {
  it('shows the timeline of the incident, in words and for machines', async () => {
    const words = await cli('incident', 'show', verdict.incidentId);
    expect(words.code).toBe(0);
    for (const step of [
      'incident.opened',
      'decision.made',
      'approval.approved',
      'change.validated',
      'incident.closed',
    ]) {
      expect(words.out).toContain(step);
    }
    const json = JSON.parse((await cli('incident', 'show', verdict.incidentId, '--json')).out) as {
      result: string;
      timeline: LedgerEntry[];
    };
    expect(json.result).toBe('resolved');
    expect(json.timeline).toStrictEqual(entries);
    expect((await cli('incident', 'list')).out).toContain(verdict.incidentId);
  });

  it('explains what became of the event, and names an event it never saw', async () => {
    const eventId = String(entries.find((entry) => entry.type === 'signal.received')?.detail['eventId']);
    const explained = await cli('explain', eventId);
    expect(explained).toMatchObject({ code: 0 });
    expect(explained.out).toContain(`opened`);
    expect(explained.out).toContain(verdict.incidentId);
    const unknown = await cli('explain', randomUUID());
    expect(unknown.code).toBe(1);
    expect(unknown.err).toMatch(/dead-letter queues/);
  });

  it('lists nothing to approve once everything is decided', async () => {
    expect(await cli('--as', 'ana', 'approvals')).toMatchObject({
      code: 0,
      out: 'nothing that you may see waits for approval\n',
    });
  });

  it('engages, shows and releases the kill switch', async () => {
    expect((await cli('kill-switch', 'on', '--reason', 'rehearsal')).out).toMatch(
      /engaged[\s\S]*stopped: nothing is in flight/,
    );
    expect(JSON.parse((await cli('kill-switch', 'status', '--json')).out)).toMatchObject({
      state: 'engaged',
      reason: 'rehearsal',
      inFlight: [],
    });
    expect((await cli('kill-switch', 'off', '--reason', 'rehearsal over')).code).toBe(0);
    expect(JSON.parse((await cli('kill-switch', 'status', '--json')).out)).toMatchObject({
      state: 'released',
    });
  });

  it.each([
    [['kill-switch', 'off'], 2, /--reason/],
    [['incident', 'show'], 2, /incident-id/],
    [['incident', 'show', '../../etc'], 1, /there is no incident/],
    [['fly'], 2, /unknown command/],
    [['--stage', 'nowhere', 'approvals'], 1, /Interlock-nowhere/],
  ] as const)('refuses %j with exit code %d and says what to do', async (args, code, message) => {
    const refused = await cli(...args);
    expect(refused.code).toBe(code);
    expect(refused.err).toMatch(message);
  });
});

describe('the ledger', () => {
  const database = new Database();

  it('verifies, chain by chain', async () => {
    expect((await cli('audit', 'verify')).out).toMatch(/verified: \d+ entries in \d+ chains/);
  });

  it('raises a finding when an entry is overwritten or removed, and verification says where', async () => {
    const client = new DynamoDBClient({});
    const chainId = `incident#tampered-${randomUUID()}`;
    const Key = { pk: { S: chainId }, sk: { S: '0000000001' } };
    const own = {
      chainId: { S: chainId },
      sequence: { N: '1' },
      hash: { S: 'before' },
      previousHash: { S: '0' },
    };
    await client.send(new PutItemCommand({ TableName: LedgerTable, Item: { ...Key, ...own } }));
    await client.send(
      new UpdateItemCommand({
        TableName: LedgerTable,
        Key,
        UpdateExpression: 'SET #hash = :after',
        ExpressionAttributeNames: { '#hash': 'hash' },
        ExpressionAttributeValues: { ':after': { S: 'after' } },
      }),
    );
    const verified = await cli('audit', 'verify');
    expect(verified.code).toBe(1);
    expect(verified.out).toContain(chainId);
    await client.send(new DeleteItemCommand({ TableName: LedgerTable, Key }));
    const summaries = await eventually(async () => {
      const findings = await database.byStatus(OperationsTable, 'FINDING#open');
      const ours = findings
        .map((finding) => String(finding['summary']))
        .filter((text) => text.includes(chainId));
      return ours.length === 2 ? ours : undefined;
    });
    expect(summaries.toSorted()).toStrictEqual([
      `ledger entry 1 of chain ${chainId} was overwritten`,
      `ledger entry 1 of chain ${chainId} was removed`,
    ]);
    expect((await cli('findings')).out).toContain('overwritten');
    expect((await cli('audit', 'verify')).code).toBe(0);
  });
});

describe('secrets', () => {
  it('stand in no log line, page, link, message, table or ledger entry: task tokens, sessions, tokens of the provider, form tokens and what signs them', async () => {
    // Of the sessions in which people voted; the pages below are read in one of their own.
    const ofSessions = [...ScriptedApprover.secrets];
    expect(ofSessions.length).toBeGreaterThan(2);
    // Tokens of the provider never reach a browser: only the provider knows them.
    const tokens = await issuedTokens(state);
    expect(tokens.length).toBeGreaterThan(2);
    const secrets = [...(await taskTokens()), await sessionSecret(), ...tokens, ...ofSessions];
    for (const secret of secrets) expect(secret.length).toBeGreaterThan(20);
    const { approvalId } = await approvalOfThisRun(new Database());
    for (const [where, text] of Object.entries(await everythingProduced())) {
      // The search is not asleep: each place knows this incident, and the message what to decide on.
      expect(text, where).toContain(where === 'messages to people' ? approvalId : verdict.incidentId);
      for (const secret of secrets)
        expect(text.includes(secret), `a secret stands in the ${where}`).toBe(false);
    }
  });

  it('the ledger, the logs and the messages hold no payload: neither prompt nor diagnosis, neither what the alarm says nor what the plan sets', async () => {
    const { logs = '', ledger = '', 'messages to people': messages = '' } = await everythingProduced();
    const payloads = ['<<<DATA', ...(await payloadsOfThisRun())];
    for (const payload of payloads) {
      expect(payload.length).toBeGreaterThan(5);
      for (const [where, text] of Object.entries({ logs, ledger, messages })) {
        expect(text.includes(payload), `${where}: ${payload}`).toBe(false);
      }
    }
  });
});

/** Texts that came from outside or say what is set to what: the store and the pages show them, nothing else. */
async function payloadsOfThisRun(): Promise<string[]> {
  const database = new Database();
  const { incidentId } = verdict;
  const triage = await database.get(OperationsTable, itemKeys.triage(incidentId));
  const incident = await database.get(OperationsTable, itemKeys.incident(incidentId));
  const signal = incident?.['signal'] as { title: string; detail: string };
  const { reason } = (JSON.parse(signal.detail) as { state: { reason: string } }).state;
  expect(reason).toMatch(/^Threshold Crossed/);
  const [planItem] = await database.query(OperationsTable, `TRIAGE#${incidentId}`, { skPrefix: 'PLAN#' });
  const plan = planItem?.['plan'] as {
    parameters: { fromVersion: string; toVersion: string };
    effect: { before: string; after: string };
    rollbackPlan: { steps: string[] };
  };
  const { fromVersion, toVersion } = plan.parameters;
  return [
    String(triage?.['diagnosis']),
    ...((triage?.['reasons'] ?? []) as string[]),
    reason,
    signal.title,
    JSON.stringify(plan.parameters),
    canonicalJson(plan.parameters),
    JSON.stringify({ fromVersion }).slice(1, -1),
    JSON.stringify({ toVersion }).slice(1, -1),
    ...plan.rollbackPlan.steps,
  ];
}

/** As in a person's own shell: nothing of the environment of this test says where the stack is but its state file. */
async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('AWS_') && name !== 'NODE_EXTRA_CA_CERTS',
    ),
  );
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [interlock, ...args], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

/** The real task token of every approval so far, decrypted on the one role that may. */
async function taskTokens(): Promise<string[]> {
  const functions = await deployedFunctions();
  const probes = new RoleProbes();
  const stored: { approvalId: string; ciphertext: Uint8Array }[] = [];
  for await (const { pk, sk, ciphertext } of new Database().scan(OperationsTable)) {
    if (sk !== 'TOKEN') continue;
    stored.push({ approvalId: String(pk).slice('APPROVAL#'.length), ciphertext: ciphertext as Uint8Array });
  }
  expect(stored.map(({ approvalId }) => approvalId)).toContain(
    (await approvalOfThisRun(new Database())).approvalId,
  );
  await probes.deploy(functions, ['approval-callback']);
  try {
    const tokens: string[] = [];
    for (const { approvalId, ciphertext } of stored) {
      const { ended, plaintext = '' } = await probes.call('approval-callback', {
        service: 'kms',
        command: 'Decrypt',
        input: {
          KeyId: functions.get('approval-callback')?.environment['APPROVAL_KEY_ARN'],
          CiphertextBlob: { $base64: Buffer.from(ciphertext).toString('base64') },
          EncryptionContext: { approvalId },
        },
      });
      expect(ended).toBe('ok');
      tokens.push(plaintext);
    }
    return tokens;
  } finally {
    await probes.remove();
  }
}

async function sessionSecret(): Promise<string> {
  const client = new SecretsManagerClient({});
  const { SecretList = [] } = await client.send(new ListSecretsCommand({}));
  const found = SecretList.find(({ Name = '' }) => Name.includes('SessionSecret'));
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: found?.ARN }));
  return SecretString;
}

/** All text that the run left where somebody may read it. */
async function everythingProduced(): Promise<Record<string, string>> {
  const database = new Database();
  const table = async (name: string): Promise<string> => {
    const items = [];
    for await (const item of database.scan(name)) items.push(JSON.stringify(item));
    return items.join('\n');
  };
  const { approvalId } = await approvalOfThisRun(database);
  const approver = new ScriptedApprover(state.frontDoorUrl, 'ana');
  // One after the other: two sign-ins of one browser at once take each other's attempt away.
  const approvalPage = await approver.read(`/approvals/${approvalId}`);
  const incidentPage = await approver.read(`/incidents/${verdict.incidentId}`);
  const [logs, operations, ledger, timeline] = await Promise.all([
    lambdaLogs(),
    table(OperationsTable),
    table(LedgerTable),
    cli('incident', 'show', verdict.incidentId),
  ]);
  return {
    logs,
    operations,
    ledger,
    'approval page': approvalPage,
    'incident page': incidentPage,
    timeline: timeline.out,
    'messages to people': await messagesToPeople(),
  };
}

async function listenToPersonTopic(): Promise<void> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `people-${randomUUID()}` }));
  peopleQueueUrl = QueueUrl;
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const Resource = Attributes?.['QueueArn'];
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource,
    Condition: { ArnEquals: { 'aws:SourceArn': PersonTopicArn } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const { SubscriptionArn } = await sns.send(
    new SubscribeCommand({ TopicArn: PersonTopicArn, Protocol: 'sqs', Endpoint: Resource }),
  );
  stopListening = async () => {
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  };
}

/** Subjects and texts of everything that was told to people since the test began. */
async function messagesToPeople(): Promise<string> {
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: peopleQueueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return toldToPeople.join('\n');
    toldToPeople.push(...Messages.map(({ Body = '' }) => Body));
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: peopleQueueUrl,
        Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
  }
}

async function approvalOfThisRun(database: Database): Promise<{ approvalId: string }> {
  const done = await database.byStatus(OperationsTable, 'APPROVAL#done');
  const ours = done.find((approval) => approval['incidentId'] === verdict.incidentId);
  return { approvalId: String(ours?.['approvalId']) };
}

async function lambdaLogs(): Promise<string> {
  const client = new CloudWatchLogsClient({});
  const lines: string[] = [];
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, {})) {
    for (const { logGroupName } of logGroups) {
      for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName })) {
        lines.push(...events.map(({ message = '' }) => message));
      }
    }
  }
  return lines.join('\n');
}
