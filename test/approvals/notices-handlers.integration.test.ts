import { randomUUID } from 'node:crypto';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import type { Notice, NoticeKind } from '../../functions/approvals/notice.ts';
import { PersonRecordStore } from '../../functions/approvals/sign-in/person-record.store.ts';
import { openAndAnnounce } from '../../functions/audit/announcement.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import { controlChain, incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { dossierOf, pending, planOf } from './fixtures.ts';
import {
  controlsOf,
  pressOf,
  SlackStandIn,
  slackChannelId,
  slackRequest,
  slackSecret,
  slackTeamId,
  textsOf,
} from './slack-stand-in.ts';

// The policy on file names no Slack user.
vi.mock('../../policies/approvers.json', () => ({
  default: {
    version: 1,
    grants: [
      { group: 'incident-approvers', actionClasses: ['*'], environments: ['*'] },
      { group: 'incident-leads', actionClasses: ['*'], environments: ['*'], joins: 'escalation' },
    ],
    slackUsers: [{ teamId: 'T0123456789', userId: 'U0ANA', identityId: 'ana' }],
    agentOwners: [{ agentRole: 'responder', identityIds: ['mia'] }],
  },
}));

/** The Lambdas as they are deployed: settings from the environment, the system clock, real dependencies. */
type Handler = (event: unknown, context: Context) => Promise<unknown>;
let handlers: { callback: Handler; notices: Handler; pages: Handler };
let tables: TestTables;
let approvals: ApprovalStore;
let standIn: SlackStandIn;
let mailbox: string;
const queues = new SQSClient({});
const output: string[] = [];
const context = {
  functionName: 'test',
  awsRequestId: 'request-1',
  getRemainingTimeInMillis: () => 100_000,
} as unknown as Context;

beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    vi.spyOn(stream, 'write').mockImplementation((chunk: unknown, ...rest: unknown[]) => {
      output.push(String(chunk));
      return write('', ...(rest as []));
    });
  }
  tables = await freshTables();
  approvals = new ApprovalStore(tables.database, tables.ledger, tables.operations, Date.now);
  standIn = await SlackStandIn.start();
  const name = `people-${randomUUID().slice(0, 8)}`;
  const sns = new SNSClient({});
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
  mailbox = (await queues.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl ?? '';
  const { Attributes } = await queues.send(
    new GetQueueAttributesCommand({ QueueUrl: mailbox, AttributeNames: ['QueueArn'] }),
  );
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes?.['QueueArn'] }));
  const secrets = new SecretsManagerClient({});
  const keep = async (what: string, SecretString: string) =>
    (await secrets.send(new CreateSecretCommand({ Name: `${name}-${what}`, SecretString }))).ARN;
  const { KeyMetadata } = await new KMSClient({}).send(new CreateKeyCommand({}));
  const settings = {
    APPROVAL_KEY_ARN: KeyMetadata?.Arn,
    APPROVAL_USABLE_SECONDS: '900',
    ARTEFACT_VERSION: 'test-artefact',
    CONTROLS_TABLE: tables.controls,
    ENGAGE_KILL_SWITCH_ARN: 'engage-kill-switch',
    ENVIRONMENT: 'local',
    LEDGER_TABLE: tables.ledgerTable,
    OPERATIONS_TABLE: tables.operations,
    PERSON_TOPIC_ARN: TopicArn,
    PUBLIC_BASE_URL: 'https://approvals.example',
    SESSION_SECRET_ARN: await keep('session', `${randomUUID()}${randomUUID()}`),
    SLACK_API_URL: standIn.apiUrl,
    SLACK_CHANNEL: slackChannelId,
    SLACK_SECRET_ARN: await keep('slack', JSON.stringify(slackSecret)),
    WEBHOOK_SECRET_ARN: await keep('webhook', JSON.stringify({ url: standIn.webhookUrl })),
  };
  for (const [variable, value] of Object.entries(settings)) vi.stubEnv(variable, value);
  const [callback, notices, pages] = await Promise.all([
    import('../../functions/approvals/callback.handler.ts'),
    import('../../functions/approvals/notices/notices.handler.ts'),
    import('../../functions/approvals/pages/pages.handler.tsx'),
  ]);
  handlers = {
    callback: callback.handler as unknown as Handler,
    notices: notices.handler as unknown as Handler,
    pages: pages.handler as unknown as Handler,
  };
  const ana = { id: 'ana', displayName: 'Ana', groups: ['incident-approvers'] };
  await new PersonRecordStore(tables.database, tables.controls).confirmed(ana, Date.now());
});

afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await standIn.stop();
});

/** What people are told of the approval asked for last: tests run one after the other. */
let seen: { messages: number; cards: number };
beforeEach(() => {
  seen = { messages: standIn.messages.length, cards: standIn.cards.length };
});
afterEach(() => {
  vi.useRealTimers();
  standIn.slack = 'works';
});
const messages = () => standIn.messages.slice(seen.messages);

async function asked(lifeSeconds = 600) {
  const approvalId = randomUUID();
  const incidentId = `inc-${approvalId}`;
  const plan = planOf(undefined, undefined, incidentId);
  const planDigest = planDigestOf(plan);
  const at = Date.now();
  const approval = pending(
    {
      approvalId,
      requestedAtEpochMs: at,
      remindAtEpochMs: at + (lifeSeconds * 1_000) / 3,
      escalateAtEpochMs: at + (lifeSeconds * 2_000) / 3,
      expiresAtEpochMs: at + lifeSeconds * 1_000,
    },
    plan,
  );
  const { decision, incident } = dossierOf(approval, plan);
  const items = [
    { ...itemKeys.plan(incidentId, planDigest), plan, planDigest },
    { ...itemKeys.decision(incidentId, planDigest), ...decision },
    { ...itemKeys.incident(incidentId), ...incident },
  ];
  await tables.database.transact(items.map((item) => ({ kind: 'put', table: tables.operations, item })));
  await approvals.create(approval, new Uint8Array([1]));
  return { approvalId, incidentId };
}

async function noticesOf(approvalId: string): Promise<Notice[]> {
  const { pk } = itemKeys.notice(approvalId, '', 0);
  return (await tables.database.query(tables.operations, pk)) as unknown as Notice[];
}

/** What the table's stream says once a notice is there. */
async function streamed(approvalId: string, kind: NoticeKind): Promise<unknown> {
  const notice = (await noticesOf(approvalId)).find((each) => each.kind === kind);
  const NewImage = marshall(notice, { removeUndefinedValues: true });
  const Records = [{}, { eventName: 'INSERT', dynamodb: { SequenceNumber: '1', NewImage } }];
  return handlers.notices({ Records }, context);
}

/** The minute's schedules: one asks again, the other tells people. */
async function sweep(): Promise<void> {
  await handlers.callback({ source: 'aws.events' }, context);
  await handlers.notices({ source: 'aws.events' }, context);
}

async function press(payload: object) {
  const { body, headers } = slackRequest({ ...payload, trigger_id: randomUUID() }, Date.now());
  const begun = performance.now();
  const answer = (await handlers.pages(
    {
      version: '2.0',
      rawPath: '/slack/interactions',
      rawQueryString: '',
      headers,
      requestContext: {
        domainName: 'api.example',
        http: { method: 'POST', path: '/slack/interactions', sourceIp: '192.0.2.1' },
        stage: '$default',
      },
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    },
    context,
  )) as { statusCode: number; body: string };
  return { ...answer, milliseconds: performance.now() - begun };
}

async function mail(): Promise<string> {
  const { Messages } = await queues.send(
    new ReceiveMessageCommand({ QueueUrl: mailbox, WaitTimeSeconds: 5, MaxNumberOfMessages: 10 }),
  );
  return (Messages ?? []).map(({ Body }) => String(Body)).join('\n');
}

const ana = { id: 'U0ANA', team_id: slackTeamId };

describe('the deployed functions', () => {
  it('tell people, take the decision in Slack in three seconds, and show it in every copy', async () => {
    const { approvalId, incidentId } = await asked();
    await streamed(approvalId, 'requested');
    await streamed(approvalId, 'requested');
    const link = `https://approvals.example/approvals/${approvalId}`;
    const first = await mail();
    expect(first).toContain('Interlock: Approval wanted');
    expect(first).toContain(link);
    expect(first).not.toContain('checkout');
    expect(standIn.cards.slice(seen.cards)).toHaveLength(1);
    const [message] = messages();
    expect(messages()).toHaveLength(1);
    if (message === undefined) return;
    expect(controlsOf(message).get('open')?.url).toBe(link);

    const answer = await press(pressOf(message, 'approve', ana));
    expect([answer.statusCode, answer.body]).toStrictEqual([200, '']);
    expect(answer.milliseconds).toBeLessThan(3_000);
    expect(standIn.answers.at(-1)).toStrictEqual({
      channel: slackChannelId,
      user: 'U0ANA',
      text: 'Your approval counts.',
    });
    expect(await approvals.get(approvalId)).toMatchObject({ status: 'approved', votes: [{ via: 'slack' }] });

    await streamed(approvalId, 'outcome');
    const [after] = messages();
    expect(messages()).toHaveLength(1);
    expect(after === undefined ? [] : [...controlsOf(after).keys()]).toStrictEqual(['open']);
    expect(after === undefined ? '' : textsOf(after).join('\n')).toContain('Approved by Ana on ');
    expect(await mail()).toContain('Approved by Ana on ');
    expect((await noticesOf(approvalId)).map(({ kind, status }) => [kind, status])).toStrictEqual([
      ['outcome', 'done'],
      ['requested', 'done'],
    ]);
    expect((await tables.ledger.read(incidentChain(incidentId))).map(({ type }) => type)).toStrictEqual([
      'approval.requested',
      'approval.voted',
      'approval.approved',
    ]);
  });

  it('tell in the sweep what the stream missed, remind, escalate, and retry a channel that was away', async () => {
    const { approvalId, incidentId } = await asked();
    standIn.slack = { status: 503 };
    await sweep();
    expect(await mail()).toContain(approvalId);
    expect(messages()).toStrictEqual([]);
    const line = output.find((text) => text.includes('people were not told') && text.includes(approvalId));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      level: 'ERROR',
      approvalId,
      channel: 'slack',
      kind: 'requested',
      code: 'approvals.channel-unreachable',
    });
    expect((await tables.ledger.read(incidentChain(incidentId))).at(-1)).toMatchObject({
      type: 'approval.notification-failed',
      detail: { channel: 'slack', kind: 'requested' },
    });

    standIn.slack = 'works';
    const begun = Date.now();
    // Claims of people in Slack hold longer than this.
    for (const [seconds, kinds] of [
      [61, ['requested']],
      [201, ['reminder', 'requested']],
      [401, ['escalated', 'reminder', 'requested']],
    ] as const) {
      vi.useFakeTimers({ now: begun + seconds * 1_000, toFake: ['Date'] });
      await sweep();
      expect((await noticesOf(approvalId)).map(({ kind }) => kind)).toStrictEqual(kinds);
    }
    await sweep();
    vi.useRealTimers();
    const texts = messages().map((message) => textsOf(message).join('\n'));
    expect(texts).toHaveLength(3);
    expect(texts[1]).toContain('Nobody has decided yet.');
    expect(texts[2]).toContain('these are asked too: incident-leads.');
    expect((await tables.ledger.read(incidentChain(incidentId))).map(({ type }) => type)).toStrictEqual([
      'approval.requested',
      'approval.notification-failed',
      'approval.reminded',
      'approval.escalated',
    ]);
    expect((await noticesOf(approvalId)).map(({ status }) => status)).toStrictEqual(['done', 'done', 'done']);
  });

  it('announce a finding from the stream, and leave evidence of a channel that was away', async () => {
    const findingId = `break-glass-${randomUUID()}`;
    const finding = {
      findingId,
      kind: 'break-glass-review',
      summary: '',
      openedAtEpochMs: Date.now(),
      detail: {},
    } as const;
    const words = { title: `Glass broken, ${findingId}`, lines: ['Reason: nobody answers'] };
    await tables.database.transact(openAndAnnounce(tables.operations, finding, words));
    const NewImage = marshall(await tables.database.get(tables.operations, itemKeys.announcement(findingId)));
    standIn.slack = { status: 503 };
    await handlers.notices(
      { Records: [{ eventName: 'INSERT', dynamodb: { SequenceNumber: '1', NewImage } }] },
      context,
    );
    expect(await mail()).toContain(`Interlock: Glass broken, ${findingId}`);
    expect(standIn.cards.slice(seen.cards)).toHaveLength(1);
    expect(messages()).toStrictEqual([]);
    const chain = await tables.ledger.read(controlChain('announcements', Date.now()));
    expect(chain).toMatchObject([
      { type: 'announcement.not-delivered', detail: { announcementId: findingId, channel: 'slack' } },
    ]);

    standIn.slack = 'works';
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ['Date'] });
    await sweep();
    expect(messages().map((message) => textsOf(message).at(-1))).toStrictEqual(['Reason: nobody answers']);
    expect(standIn.cards.slice(seen.cards)).toHaveLength(1);
    expect(await tables.database.get(tables.operations, itemKeys.announcement(findingId))).toMatchObject({
      status: 'done',
    });
  });

  it('leave no secret in logs, notices and ledger', async () => {
    const { approvalId, incidentId } = await asked();
    standIn.webhook = { status: 500 };
    standIn.slack = { word: 'invalid_auth' };
    await streamed(approvalId, 'requested');
    standIn.webhook = 'works';
    const left = JSON.stringify([
      output,
      await noticesOf(approvalId),
      await tables.ledger.read(incidentChain(incidentId)),
    ]);
    expect(left).toContain(approvalId);
    expect(left).toContain('approvals.slack-refused');
    for (const secret of [slackSecret.botToken, slackSecret.signingSecret, 'secret-path-of-the-webhook']) {
      expect(left).not.toContain(secret);
    }
  });
});
