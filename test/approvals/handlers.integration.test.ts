import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Context } from 'aws-lambda';
import type { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import { DependencyUnavailableError } from '../../functions/platform/errors.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { Browser, tokenIn } from './browser.ts';
import { dossierOf, pending, planOf } from './fixtures.ts';
import { signInThrough, startProvider, type TestProvider } from './oidc-provider.ts';
import { WaitingRoom } from './waiting-execution.ts';

/** The four Lambdas as they are deployed: settings from the environment, the system clock, real dependencies. */
type Handler = (event: unknown, context: Context) => Promise<Record<string, unknown>>;
let handlers: { request: Handler; settle: Handler; pages: Handler; callback: Handler };
let tables: TestTables;
let provider: TestProvider;
const room = new WaitingRoom();
const approvers = ['ana', 'ben', ...Array.from({ length: 14 }, (_, index) => `person-${index}`)];
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
  provider = await startProvider({
    users: [...approvers.map((id) => ({ id, groups: ['incident-approvers'] })), { id: 'mia' }],
  });
  const name = `sessions-${randomUUID().slice(0, 8)}`;
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
    ENGAGE_KILL_SWITCH_ARN: 'engage-kill-switch',
    ENVIRONMENT: 'local',
    LEDGER_TABLE: tables.ledgerTable,
    OIDC_CLIENT_ID: 'interlock-pages',
    OIDC_ISSUER: provider.issuer,
    OPERATIONS_TABLE: tables.operations,
    PUBLIC_BASE_URL: 'https://approvals.example',
    SESSION_SECRET_ARN: ARN,
  };
  for (const [variable, value] of Object.entries(settings)) vi.stubEnv(variable, value);
  const [request, settle, pages, callback] = await Promise.all([
    import('../../functions/approvals/request-approval.handler.ts'),
    import('../../functions/approvals/settle-approval.handler.ts'),
    import('../../functions/approvals/pages/pages.handler.tsx'),
    import('../../functions/approvals/callback.handler.ts'),
  ]);
  handlers = {
    request: request.handler,
    settle: settle.handler,
    pages: pages.handler as unknown as Handler,
    callback: callback.handler as unknown as Handler,
  };
});

afterAll(async () => {
  await provider.stop();
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
  return { approvalId, incidentId, planDigest, path: `/approvals/${approvalId}` };
}

/** The pages' Lambda as a browser reaches it: each request as API Gateway (payload 2.0) hands it over. */
const site = {
  request: async (address: string, init: RequestInit): Promise<Response> => {
    const { pathname, search } = new URL(address);
    const headers = new Headers(init.headers);
    const cookies = headers.get('cookie')?.split('; ') ?? [];
    headers.delete('cookie');
    const method = init.method ?? 'GET';
    const answer = await handlers.pages(
      {
        version: '2.0',
        rawPath: pathname,
        rawQueryString: search.slice(1),
        cookies,
        headers: {
          ...Object.fromEntries(headers),
          ...(init.body == null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        requestContext: {
          domainName: 'api.example',
          http: { method, path: pathname, sourceIp: '192.0.2.1' },
          stage: '$default',
        },
        ...(init.body == null
          ? { isBase64Encoded: false }
          : {
              body: Buffer.from(await new Response(init.body).text()).toString('base64'),
              isBase64Encoded: true,
            }),
      },
      context,
    );
    const response = new Response(String(answer['body']), {
      status: Number(answer['statusCode']),
      headers: answer['headers'] as Record<string, string>,
    });
    for (const line of (answer['cookies'] ?? []) as string[]) response.headers.append('set-cookie', line);
    return response;
  },
} as unknown as Hono;

/** Somebody at a page, with the form token that it holds. */
async function at(path: string, identity: string): Promise<{ browser: Browser; csrf: string; text: string }> {
  const browser = new Browser(site);
  expect(await signInThrough(browser, provider.issuer, identity, path)).toBe(path);
  const { text } = await browser.get(path);
  return { browser, csrf: tokenIn(text, path), text };
}

/** What the table's stream says after the last write to an approval. */
async function streamEvent(approvalId: string) {
  const image = await tables.database.get(tables.operations, itemKeys.approval(approvalId));
  const NewImage = marshall(image, { removeUndefinedValues: true });
  return { Records: [{ eventName: 'MODIFY', dynamodb: { SequenceNumber: '1', NewImage } }] };
}

/** The problem goes away by itself. */
async function recover(incidentId: string): Promise<void> {
  const key = itemKeys.incident(incidentId);
  const update = 'SET recoveredAtEpochMs = :at';
  const values = { ':at': Date.now() };
  await tables.database.transact([{ kind: 'update', table: tables.operations, key, update, values }]);
}

/** What the table's stream says after the last write to an incident. */
async function incidentEvent(incidentId: string) {
  const image = await tables.database.get(tables.operations, itemKeys.incident(incidentId));
  const NewImage = marshall(image, { removeUndefinedValues: true });
  return { Records: [{ eventName: 'MODIFY', dynamodb: { SequenceNumber: '2', NewImage } }] };
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

describe('the deployed functions', () => {
  it.each(['by the stream', 'by the sweep'])(
    'carry one approval from request to execution %s, and the token appears nowhere on the way',
    async (way) => {
      const { approvalId, incidentId, planDigest, path } = await asked();
      const execution = await room.start();
      const { taskToken } = execution;
      const seen: unknown[] = [];
      seen.push(await handlers.request({ incidentId, planDigest, approvalId, taskToken }, context));

      expect((await new Browser(site).get(path)).location).toContain('/sign-in');
      const { browser, csrf, text } = await at(path, 'ana');
      const form = { csrf, planDigest, verdict: 'approve' };
      const [first, replay] = [await browser.post(path, form), await browser.post(path, form)];
      expect([first.status, replay.status]).toStrictEqual([303, 303]);
      const after = await browser.get(path);
      expect(after.text).toContain('Approved');
      const timeline = await browser.get(`/incidents/${incidentId}`);
      expect(timeline.text).toContain('Approval approved');
      seen.push(text, first, replay, after, timeline);

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
      for (const everywhere of everything) {
        expect(everywhere).not.toContain(taskToken);
        expect(everywhere).not.toContain(Buffer.from(taskToken).toString('base64'));
      }
    },
  );

  describe('refuse a vote and leave evidence', () => {
    type Form = Record<string, string>;
    interface Prepared {
      readonly path: string;
      readonly approvalId: string;
      readonly incidentId: string;
      readonly identityId: string;
      readonly approve: Form;
    }
    let cases = 1;
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

    it.each<[string, string, number, (prepared: Prepared) => Promise<Form>]>([
      [
        'without a token',
        'form-token-missing',
        403,
        async ({ approve: { planDigest = '' } }) => ({ planDigest, verdict: 'approve' }),
      ],
      [
        'with a forged token',
        'form-token-wrong',
        403,
        async ({ approve }) => ({ ...approve, csrf: 'A'.repeat(43) }),
      ],
      [
        'with the token of another session',
        'form-token-wrong',
        403,
        async ({ path, approve }) => ({ ...approve, csrf: (await at(path, 'ben')).csrf }),
      ],
      ['with a malformed form', 'malformed-form', 400, async ({ approve }) => ({ ...approve, quorum: '0' })],
      [
        'with 20 kB of comment',
        'form-too-large',
        413,
        async ({ approve }) => ({ ...approve, comment: 'x'.repeat(20_000) }),
      ],
      [
        'of another plan',
        'plan-altered',
        409,
        async ({ approve }) => ({ ...approve, planDigest: 'f'.repeat(64) }),
      ],
      [
        'who lost their group since the page was shown',
        'no-authority',
        404,
        async ({ identityId, approve }) => {
          provider.setGroups(identityId, []);
          return approve;
        },
      ],
      [
        'after the time was up',
        'expired',
        409,
        async ({ approvalId, approve }) => {
          await change(approvalId, 'SET expiresAtEpochMs = :past', { ':past': 1_700_000_000_000 });
          return approve;
        },
      ],
      [
        'after it was decided',
        'already-decided',
        409,
        async ({ path, approve }) => {
          const { browser, csrf } = await at(path, 'ben');
          await browser.post(path, { ...approve, csrf, verdict: 'reject', reason: 'wrong-target' });
          return approve;
        },
      ],
      [
        'after it was cancelled',
        'cancelled',
        409,
        async ({ incidentId, approve }) => {
          await recover(incidentId);
          await handlers.callback(await incidentEvent(incidentId), context);
          return approve;
        },
      ],
    ])('%s: %s', async (_case, because, status, prepare) => {
      // Each has their own: a person may post 30 times in a minute.
      const identityId = approvers[(cases += 1)] ?? '';
      const { approvalId, incidentId, planDigest, path } = await asked();
      await handlers.request({ incidentId, planDigest, approvalId, taskToken: 'token-1' }, context);
      const { browser, csrf } = await at(path, identityId);
      const form = await prepare({
        path,
        approvalId,
        incidentId,
        identityId,
        approve: { csrf, planDigest, verdict: 'approve' },
      });
      const read = () => tables.database.get(tables.operations, itemKeys.approval(approvalId));
      const [before, entriesBefore] = [await read(), await tables.ledger.read(incidentChain(incidentId))];

      for (let attempt = 0; attempt < 3; attempt++) {
        expect((await browser.post(path, form)).status).toBe(status);
      }

      const entries = await tables.ledger.read(incidentChain(incidentId));
      expect(verifyChain(incidentChain(incidentId), entries)).toStrictEqual([]);
      expect(entries.slice(entriesBefore.length)).toMatchObject([
        { type: 'approval.vote-refused', actor: { kind: 'person', id: identityId } },
      ]);
      expect(entries.at(-1)?.detail).toStrictEqual({ approvalId, identityId, because });
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
      const [before, { browser, csrf }] = [await entries(), await at('/', 'person-13')];
      for (const id of ['no-such-approval', 'a'.repeat(3_000), encodeURIComponent('<"\n}>')]) {
        output.length = 0;
        expect((await browser.post(`/approvals/${id}`, { csrf, verdict: 'approve' })).status).toBe(404);
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
      const { approvalId, incidentId, planDigest, path } = await asked();
      await handlers.request({ incidentId, planDigest, approvalId, taskToken: 'token-1' }, context);
      const { browser } = await at(path, 'person-12');
      const away = vi
        .spyOn(LedgerStore.prototype, 'commit')
        .mockRejectedValue(new DependencyUnavailableError('ledger.contention', 'retry'));
      output.length = 0;
      try {
        expect((await browser.post(path, { planDigest, verdict: 'approve' })).status).toBe(403);
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

  it.each(['the stream', 'the sweep'])(
    'end the wait by %s once the problem has gone away by itself',
    async (by) => {
      const { approvalId, incidentId, planDigest } = await asked();
      const execution = await room.start();
      const { taskToken } = execution;
      await handlers.request({ incidentId, planDigest, approvalId, taskToken }, context);
      await recover(incidentId);
      if (by === 'the stream') {
        await handlers.callback(await incidentEvent(incidentId), context);
        await handlers.callback(await streamEvent(approvalId), context);
      } else {
        await handlers.callback({ source: 'aws.events' }, context);
        await handlers.callback({ source: 'aws.events' }, context);
      }
      expect(await room.toldTo(execution)).toStrictEqual({ outcome: 'cancelled', approvalId });
      expect(await tables.ledger.read(incidentChain(incidentId))).toMatchObject([
        { type: 'approval.requested' },
        {
          type: 'approval.cancelled',
          actor: { id: by === 'the stream' ? 'incident-watch' : 'approval-sweep' },
          detail: { because: 'incident-recovered' },
        },
      ]);
      expect(await handlers.settle({ approvalId }, context)).toStrictEqual({ outcome: 'cancelled' });
    },
  );

  it('leave an approval alone whose incident goes on, whatever an old stream record says', async () => {
    const { approvalId, incidentId, planDigest } = await asked();
    await handlers.request({ incidentId, planDigest, approvalId, taskToken: 'token-1' }, context);
    await recover(incidentId);
    const before = await incidentEvent(incidentId);
    const key = itemKeys.incident(incidentId);
    const update = 'REMOVE recoveredAtEpochMs';
    await tables.database.transact([{ kind: 'update', table: tables.operations, key, update }]);
    await handlers.callback(before, context);
    await handlers.callback({ source: 'aws.events' }, context);
    expect(await tables.database.get(tables.operations, itemKeys.approval(approvalId))).toMatchObject({
      status: 'pending',
    });
  });

  it('report a stream record that cannot be delivered, and go on with the next', async () => {
    const [poison, healthy] = [await asked(), await asked()];
    const execution = await room.start();
    for (const { approvalId, incidentId, planDigest, path } of [poison, healthy]) {
      const taskToken = approvalId === healthy.approvalId ? execution.taskToken : 'no-such-token';
      await handlers.request({ incidentId, planDigest, approvalId, taskToken }, context);
      const { browser, csrf } = await at(path, 'ben');
      await browser.post(path, { csrf, planDigest, verdict: 'reject', reason: 'wrong-target' });
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
