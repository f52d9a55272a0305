import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import { DependencyUnavailableError } from '../../functions/platform/errors.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { tokenIn } from './browser.ts';
import { dossierOf, pending, planOf } from './fixtures.ts';
import { WaitingRoom } from './waiting-execution.ts';

/** The four Lambdas as they are deployed: settings from the environment, the system clock, real dependencies. */
type Handler = (event: unknown, context: Context) => Promise<Record<string, unknown>>;
let handlers: { request: Handler; settle: Handler; pages: Handler; callback: Handler };
let tables: TestTables;
let mailbox: string;
const room = new WaitingRoom();
const queues = new SQSClient({});
const output: string[] = [];

beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    vi.spyOn(stream, 'write').mockImplementation((chunk: unknown, ...rest: unknown[]) => {
      output.push(String(chunk));
      return write('', ...(rest as []));
    });
  }
  tables = await freshTables();
  await room.open();
  const name = `people-${randomUUID().slice(0, 8)}`;
  const sns = new SNSClient({});
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
  mailbox = (await queues.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl ?? '';
  const { Attributes } = await queues.send(
    new GetQueueAttributesCommand({ QueueUrl: mailbox, AttributeNames: ['QueueArn'] }),
  );
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes?.['QueueArn'] }));
  const { KeyMetadata } = await new KMSClient({}).send(new CreateKeyCommand({}));
  const { ARN } = await new SecretsManagerClient({}).send(
    new CreateSecretCommand({ Name: name, SecretString: `${randomUUID()}${randomUUID()}` }),
  );
  const settings = {
    APPROVAL_KEY_ARN: KeyMetadata?.Arn,
    APPROVAL_SECONDS: '600',
    VERDICT_SECONDS: '600',
    APPROVAL_USABLE_SECONDS: '900',
    ARTEFACT_VERSION: 'test-artefact',
    CONTROLS_TABLE: tables.controls,
    ENVIRONMENT: 'local',
    LEDGER_TABLE: tables.ledgerTable,
    LOCAL_LOGIN: 'true',
    OPERATIONS_TABLE: tables.operations,
    PERSON_TOPIC_ARN: TopicArn,
    PUBLIC_BASE_URL: 'http://localhost:4000',
    SESSION_SECRET_ARN: ARN,
  };
  for (const [variable, value] of Object.entries(settings)) vi.stubEnv(variable, value);
  const [request, settle, pages, callback] = await Promise.all([
    import('../../functions/approvals/request-approval.handler.ts'),
    import('../../functions/approvals/settle-approval.handler.ts'),
    import('../../functions/approvals/pages.handler.tsx'),
    import('../../functions/approvals/callback.handler.ts'),
  ]);
  handlers = {
    request: request.handler,
    settle: settle.handler,
    pages: pages.handler as unknown as Handler,
    callback: callback.handler as unknown as Handler,
  };
});

afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const context = { functionName: 'test', awsRequestId: 'request-1' } as Context;

/** A plan that waits for one approval. */
async function asked() {
  const approvalId = randomUUID();
  const incidentId = `inc-${approvalId}`;
  const plan = planOf(undefined, undefined, incidentId);
  const planDigest = planDigestOf(plan);
  const { decision, incident } = dossierOf(pending({ approvalId }, plan), plan);
  const items = [
    { ...itemKeys.plan(incidentId, planDigest), plan, planDigest },
    { ...itemKeys.decision(incidentId, planDigest), ...decision },
    { ...itemKeys.incident(incidentId), ...incident },
  ];
  await tables.database.transact(items.map((item) => ({ kind: 'put', table: tables.operations, item })));
  return { approvalId, incidentId, planDigest };
}

/** What API Gateway (payload 2.0) hands over. */
function httpEvent(method: string, path: string, cookies: string[], form?: Record<string, string>) {
  const [rawPath, rawQueryString = ''] = path.split('?');
  return {
    version: '2.0',
    rawPath,
    rawQueryString,
    cookies,
    headers: form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' },
    requestContext: { domainName: 'api.example', http: { method, path: rawPath }, stage: '$default' },
    ...(form === undefined
      ? { isBase64Encoded: false }
      : {
          body: Buffer.from(new URLSearchParams(form).toString()).toString('base64'),
          isBase64Encoded: true,
        }),
  };
}

async function visit(method: string, path: string, cookies: string[], form?: Record<string, string>) {
  const answer = await handlers.pages(httpEvent(method, path, cookies, form), context);
  const headers = answer['headers'] as Record<string, string>;
  return {
    status: answer['statusCode'],
    body: String(answer['body']),
    location: headers['location'],
    cookies: ((answer['cookies'] ?? []) as string[]).map((line) => line.split(';')[0] ?? ''),
  };
}

async function signIn(identity: string, returnTo: string): Promise<string[]> {
  const page = await visit('GET', '/sign-in', []);
  const form = { csrf: tokenIn(page.body), identity, returnTo };
  const { cookies, location } = await visit('POST', '/sign-in', page.cookies, form);
  expect(location).toBe(returnTo);
  return cookies;
}

/** What the table's stream says after the last write to an approval. */
async function streamEvent(approvalId: string) {
  const image = await tables.database.get(tables.operations, itemKeys.approval(approvalId));
  const NewImage = marshall(image, { removeUndefinedValues: true });
  return { Records: [{ eventName: 'MODIFY', dynamodb: { SequenceNumber: '1', NewImage } }] };
}

/** Every attribute of every item, as text, byte strings decoded. */
async function everythingStored(): Promise<string> {
  const client = new DynamoDBClient({});
  const texts: string[] = [];
  for (const TableName of [tables.controls, tables.operations, tables.ledgerTable]) {
    const { Items, LastEvaluatedKey } = await client.send(new ScanCommand({ TableName }));
    expect(LastEvaluatedKey).toBeUndefined();
    for (const item of Items ?? []) {
      texts.push(JSON.stringify(item));
      for (const value of Object.values(unmarshall(item))) {
        if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('latin1'));
      }
    }
  }
  return texts.join('\n');
}

async function mail(): Promise<string> {
  const { Messages } = await queues.send(
    new ReceiveMessageCommand({ QueueUrl: mailbox, WaitTimeSeconds: 5, MaxNumberOfMessages: 10 }),
  );
  return (Messages ?? []).map(({ Body }) => String(Body)).join('\n');
}

describe('the deployed functions', () => {
  it.each(['by the stream', 'by the sweep'])(
    'carry one approval from request to execution %s, and the token appears nowhere on the way',
    async (way) => {
      const { approvalId, incidentId, planDigest } = await asked();
      const execution = await room.start();
      const { taskToken } = execution;
      const seen: unknown[] = [];
      seen.push(await handlers.request({ incidentId, planDigest, approvalId, taskToken }, context));
      const message = await mail();
      expect(message).toContain(`http://localhost:4000/approvals/${approvalId}`);
      seen.push(message);

      const path = `/approvals/${approvalId}`;
      expect((await visit('GET', path, [])).location).toContain('/sign-in');
      const cookies = await signIn('ana', path);
      const page = await visit('GET', path, cookies);
      expect(page.status).toBe(200);
      const form = { csrf: tokenIn(page.body, path), verdict: 'approve' };
      const [first, replay] = [
        await visit('POST', path, cookies, form),
        await visit('POST', path, cookies, form),
      ];
      expect([first.status, replay.status]).toStrictEqual([303, 303]);
      const after = await visit('GET', path, cookies);
      expect(after.body).toContain('Approved');
      const timeline = await visit('GET', `/incidents/${incidentId}`, cookies);
      expect(timeline.body).toContain('Approval approved');
      seen.push(page, first, replay, after, timeline);

      const event = way === 'by the stream' ? await streamEvent(approvalId) : { source: 'aws.events' };
      seen.push(await handlers.callback(event, context));
      expect(await room.toldTo(execution)).toStrictEqual({ outcome: 'approved', approvalId });
      seen.push(await handlers.callback(event, context));
      expect(await tables.database.get(tables.operations, itemKeys.approval(approvalId))).toMatchObject({
        statusKey: 'APPROVAL#done',
        callbackDelivered: true,
      });
      expect((await tables.ledger.read(incidentChain(incidentId))).map(({ type }) => type)).toStrictEqual([
        'approval.requested',
        'approval.voted',
        'approval.approved',
      ]);

      const everything = [await everythingStored(), inspect(seen, { depth: null }), output.join('')];
      expect(output.join('')).toContain(approvalId);
      for (const text of everything) {
        expect(text).not.toContain(taskToken);
        expect(text).not.toContain(Buffer.from(taskToken).toString('base64'));
      }
    },
  );

  describe('refuse a vote and leave evidence', () => {
    type Form = Record<string, string>;
    interface Prepared {
      readonly path: string;
      readonly approvalId: string;
      readonly cookies: string[];
      readonly csrf: string;
    }
    const approve = (csrf: string): Form => ({ csrf, verdict: 'approve' });
    const change = (approvalId: string, update: string, values: Record<string, unknown>) =>
      tables.database.transact([
        {
          kind: 'update',
          table: tables.operations,
          key: itemKeys.approval(approvalId),
          update,
          values,
        },
      ]);

    it.each<[string, string, number, (prepared: Prepared) => Promise<Form>, string?]>([
      ['without a token', 'form-token-missing', 403, async () => ({ verdict: 'approve' })],
      ['with a forged token', 'form-token-wrong', 403, async () => approve('A'.repeat(43))],
      [
        'with the token of another session',
        'form-token-wrong',
        403,
        async ({ path }) => {
          const foreign = await visit('GET', path, await signIn('ben', path));
          return approve(tokenIn(foreign.body, path));
        },
      ],
      [
        'with a malformed form',
        'malformed-form',
        400,
        async ({ csrf }) => ({ csrf, verdict: 'approve', comment: 'the-comment', quorum: '0' }),
      ],
      [
        'with 20 kB of comment',
        'form-too-large',
        413,
        async ({ csrf }) => ({ ...approve(csrf), comment: 'x'.repeat(20_000) }),
      ],
      ['without authority', 'no-authority', 404, async ({ csrf }) => approve(csrf), 'mia'],
      [
        'after the time was up',
        'expired',
        409,
        async ({ approvalId, csrf }) => {
          await change(approvalId, 'SET expiresAtEpochMs = :past', { ':past': 1_700_000_000_000 });
          return approve(csrf);
        },
      ],
      [
        'after it was decided',
        'already-decided',
        409,
        async ({ path, csrf }) => {
          const cookies = await signIn('ben', path);
          const token = tokenIn((await visit('GET', path, cookies)).body, path);
          await visit('POST', path, cookies, { csrf: token, verdict: 'reject', reason: 'other' });
          return approve(csrf);
        },
      ],
    ])('%s: %s', async (_case, because, status, prepare, identityId = 'ana') => {
      const { approvalId, incidentId, planDigest } = await asked();
      await handlers.request({ incidentId, planDigest, approvalId, taskToken: 'token-1' }, context);
      const path = `/approvals/${approvalId}`;
      const cookies = await signIn(identityId, path);
      const csrf = tokenIn((await visit('GET', path, cookies)).body, path);
      const form = await prepare({ path, approvalId, cookies, csrf });
      const read = () => tables.database.get(tables.operations, itemKeys.approval(approvalId));
      const [before, entriesBefore] = [await read(), await tables.ledger.read(incidentChain(incidentId))];

      for (let attempt = 0; attempt < 3; attempt++) {
        expect((await visit('POST', path, cookies, form)).status).toBe(status);
      }

      const entries = await tables.ledger.read(incidentChain(incidentId));
      expect(verifyChain(incidentChain(incidentId), entries)).toStrictEqual([]);
      expect(entries.slice(entriesBefore.length)).toMatchObject([
        { type: 'approval.vote-refused', actor: { kind: 'person', id: identityId } },
      ]);
      expect(entries.at(-1)?.detail).toStrictEqual({ approvalId, identityId, because });
      expect(entries).toHaveLength(entriesBefore.length + 1);
      const { refusedVotes, ...after } = (await read()) ?? {};
      expect(after).toStrictEqual(before);
      expect(refusedVotes).toStrictEqual([`${because} ${identityId}`]);
    });

    it('for an unknown id in the log alone, and safely', async () => {
      const entries = async () => {
        const found: unknown[] = [];
        for await (const entry of tables.database.scan(tables.ledgerTable)) found.push(entry);
        return found;
      };
      const [before, cookies] = [await entries(), await signIn('ana', '/')];
      for (const id of ['no-such-approval', 'a'.repeat(3_000), encodeURIComponent('<"\n}>')]) {
        output.length = 0;
        expect((await visit('POST', `/approvals/${id}`, cookies, { verdict: 'approve' })).status).toBe(404);
        const lines = output.filter((text) => text.includes('vote refused'));
        expect(lines).toHaveLength(1);
        const line = JSON.parse(lines[0] ?? '{}');
        expect(line).toMatchObject({ level: 'WARN', code: 'approval.unknown' });
        expect(line.approvalId).toMatch(/^[\w?-]{1,64}$/);
        expect(line).not.toHaveProperty('because');
      }
      expect(await entries()).toStrictEqual(before);
    });

    it('with the same answer when the ledger cannot be written', async () => {
      const { approvalId, incidentId, planDigest } = await asked();
      await handlers.request({ incidentId, planDigest, approvalId, taskToken: 'token-1' }, context);
      const path = `/approvals/${approvalId}`;
      const cookies = await signIn('ana', path);
      const away = vi
        .spyOn(LedgerStore.prototype, 'commit')
        .mockRejectedValue(new DependencyUnavailableError('ledger.contention', 'retry'));
      output.length = 0;
      try {
        expect((await visit('POST', path, cookies, { verdict: 'approve' })).status).toBe(403);
        expect(away).toHaveBeenCalledOnce();
      } finally {
        away.mockRestore();
      }
      expect(output.join('')).toContain('ledger.contention');
      expect(output.join('')).toContain('"evidence":"lost"');
    });
  });

  it('say what people decided when the wait timed out, and expire what they did not', async () => {
    const { approvalId, incidentId, planDigest } = await asked();
    await handlers.request({ incidentId, planDigest, approvalId, taskToken: 'token-1' }, context);
    expect(await handlers.settle({ approvalId }, context)).toStrictEqual({ outcome: 'expired' });
    expect(await handlers.settle({ approvalId }, context)).toStrictEqual({ outcome: 'expired' });
    expect(await handlers.settle({ approvalId: 'never-stored' }, context)).toStrictEqual({
      outcome: 'expired',
    });
    expect((await tables.ledger.read(incidentChain(incidentId))).map(({ type }) => type)).toStrictEqual([
      'approval.requested',
      'approval.expired',
    ]);
  });

  it('expire in the sweep what nobody settled', async () => {
    const { approvalId, incidentId, planDigest } = await asked();
    await handlers.request({ incidentId, planDigest, approvalId, taskToken: 'token-1' }, context);
    vi.useFakeTimers({ now: Date.now() + 600_000, toFake: ['Date'] });
    try {
      await handlers.callback({ source: 'aws.events' }, context);
    } finally {
      vi.useRealTimers();
    }
    expect(await tables.database.get(tables.operations, itemKeys.approval(approvalId))).toMatchObject({
      status: 'expired',
      statusKey: 'APPROVAL#done',
    });
  });

  it('report a stream record that cannot be delivered, and go on with the next', async () => {
    const [poison, healthy] = [await asked(), await asked()];
    const execution = await room.start();
    for (const { approvalId, incidentId, planDigest } of [poison, healthy]) {
      const taskToken = approvalId === healthy.approvalId ? execution.taskToken : 'no-such-token';
      await handlers.request({ incidentId, planDigest, approvalId, taskToken }, context);
      const path = `/approvals/${approvalId}`;
      const cookies = await signIn('ben', path);
      const page = await visit('GET', path, cookies);
      await visit('POST', path, cookies, {
        csrf: tokenIn(page.body, path),
        verdict: 'reject',
        reason: 'other',
      });
    }
    // A ciphertext of a kind that KMS does not know.
    await tables.database.transact([
      {
        kind: 'put',
        table: tables.operations,
        item: { ...itemKeys.approvalToken(poison.approvalId), ciphertext: new Uint8Array([1, 2, 3]) },
      },
    ]);
    const events = [await streamEvent(poison.approvalId), await streamEvent(healthy.approvalId)];
    const Records = [{}, ...events.flatMap((event) => event.Records)];
    await handlers.callback({ Records }, context);
    expect(await room.toldTo(execution)).toStrictEqual({
      outcome: 'rejected',
      approvalId: healthy.approvalId,
    });
  });

  it.each([
    ['nothing', undefined],
    [
      'an unknown member',
      { approvalId: 'a', incidentId: 'i', planDigest: '0'.repeat(64), taskToken: 't', x: 1 },
    ],
    ['a digest that is none', { approvalId: 'a', incidentId: 'i', planDigest: '../x', taskToken: 't' }],
    ['an empty token', { approvalId: 'a', incidentId: 'i', planDigest: '0'.repeat(64), taskToken: '' }],
    [
      'a token that is too long',
      {
        approvalId: 'a',
        incidentId: 'i',
        planDigest: '0'.repeat(64),
        taskToken: `secret-${'t'.repeat(2_048)}`,
      },
    ],
  ])('refuse a request with %s, without repeating it', async (_case, event) => {
    const failure = await handlers.request(event, context).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'task.invalid-input' });
    expect(inspect(failure, { depth: null })).not.toContain('secret-t');
    expect(output.join('')).not.toContain('secret-t');
  });
});
