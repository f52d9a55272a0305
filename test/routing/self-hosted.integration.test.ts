import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bedrockModel, bedrockRuntimeClient } from '../../functions/routing/bedrock.client.ts';
import { answerReader } from '../../functions/routing/model-answer.ts';
import { route } from '../../functions/routing/route.ts';
import { selfHostedModel } from '../../functions/routing/self-hosted.client.ts';
import { completion, converseAnswer, sendJson, startServer, type TestServer } from './http-server.ts';
import { policyOf, question, schema } from './questions.ts';

/** Only who waits for the deadline has a short one: on a busy machine 10 MB take their time. */
const deadlineMsOf = (kind: string) => (kind === 'deadline' ? 150 : 10_000);
const limits = { maxTokens: 256, maxAnswerBytes: 20_000, deadlineMs: 10_000 };
const good = { confidence: 0.9, text: 'ok' };
let model: TestServer;
let bedrock: TestServer;

beforeAll(async () => {
  model = await startServer();
  bedrock = await startServer();
  bedrock.behave((response) => sendJson(response, converseAnswer(good)));
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_REGION', 'us-east-1');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([model.stop(), bedrock.stop()]);
});
beforeEach(() => {
  model.requests.length = 0;
  bedrock.requests.length = 0;
});

const ask = (deadlineMs = limits.deadlineMs) =>
  selfHostedModel(`${model.url}/v1/`, 'tiny')({ ...question, ...limits, deadlineMs });

/** Every way a server can misbehave, with how it is named. */
const misbehaviours: [string, string, Parameters<TestServer['behave']>[0]][] = [
  ['hangs before the headers', 'deadline', () => undefined],
  [
    'hangs in the middle of the body',
    'deadline',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"choices":[');
    },
  ],
  [
    'drips a byte at a time',
    'deadline',
    async (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      while (!response.destroyed) {
        response.write(' ');
        await delay(20);
      }
    },
  ],
  [
    'returns HTML',
    'invalid-answer',
    (response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>sign in</html>');
    },
  ],
  [
    'returns HTML and calls it JSON',
    'invalid-answer',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('<html>sign in</html>');
    },
  ],
  ['returns 500', 'unavailable', (response) => sendJson(response, { error: 'SECRET-WORD' }, 500)],
  ['returns 429', 'unavailable', (response) => sendJson(response, { error: 'SECRET-WORD' }, 429)],
  [
    'redirects to another host',
    'unavailable',
    (response) => {
      response.writeHead(307, { location: `${bedrock.url}/stolen` });
      response.end();
    },
  ],
  ['drops the connection', 'unavailable', (response) => response.destroy()],
  ['returns JSON of another shape', 'invalid-answer', (response) => sendJson(response, { answer: 42 })],
  ['returns no choice', 'invalid-answer', (response) => sendJson(response, { choices: [] })],
  [
    'returns a choice without text',
    'invalid-answer',
    (response) => sendJson(response, { choices: [{ message: { content: null, refusal: 'no' } }] }),
  ],
  [
    'returns 10 MB',
    'invalid-answer',
    (response) => sendJson(response, completion('x'.repeat(10 * 1_024 * 1_024))),
  ],
  [
    'understates its length and never stops',
    'invalid-answer',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(4_096))) continue;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    },
  ],
];

describe('self-hosted model', () => {
  it('sends the question with the schema and reads the answer', async () => {
    model.behave((response) => sendJson(response, completion(good)));
    expect(await ask()).toStrictEqual({
      outcome: 'replied',
      text: JSON.stringify(good),
      modelId: 'tiny',
      inputTokens: 900,
      outputTokens: 80,
    });
    expect(model.requests).toMatchObject([
      {
        path: '/v1/chat/completions',
        body: {
          model: 'tiny',
          max_tokens: 256,
          messages: [
            { role: 'system', content: question.system },
            { role: 'user', content: question.user },
          ],
          response_format: { type: 'json_schema', json_schema: { schema } },
        },
      },
    ]);
  });

  it('does without token counts', async () => {
    const { choices } = completion(good) as { choices: unknown };
    model.behave((response) => sendJson(response, { choices, usage: null }));
    expect(await ask()).toMatchObject({ outcome: 'replied', inputTokens: 0, outputTokens: 0 });
  });

  it.each(misbehaviours)('fails safely when the server %s', async (_what, kind, behaviour) => {
    model.behave(behaviour);
    const startedAt = performance.now();
    const reply = await ask(deadlineMsOf(kind));
    expect(reply).toMatchObject({ outcome: 'failed', kind });
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(JSON.stringify(reply)).not.toContain('SECRET-WORD');
    expect(bedrock.requests).toStrictEqual([]);
  });

  it.each(misbehaviours)('is replaced by Bedrock when the server %s', async (_what, kind, behaviour) => {
    model.behave(behaviour);
    const result = await route(
      policyOf({ deadlinesMs: { 'self-hosted': deadlineMsOf(kind), bedrock: 10_000 } }),
      question,
      answerReader(schema),
      {
        'self-hosted': selfHostedModel(`${model.url}/v1`, 'tiny'),
        bedrock: bedrockModel('anthropic.test', bedrockRuntimeClient(bedrock.url)),
      },
      Date.now,
    );
    expect(result).toMatchObject({
      outcome: 'answered',
      answer: good,
      rationale: { runtime: 'bedrock', modelId: 'anthropic.test', trigger: kind },
    });
    expect(bedrock.requests).toHaveLength(1);
  });

  it.each([
    [-1, 'replied'],
    [0, 'replied'],
    [1, 'failed'],
  ])('reads a body of the limit %+d bytes', async (excess, outcome) => {
    const overhead = Buffer.byteLength(JSON.stringify(completion('')));
    const body = completion('x'.repeat(limits.maxAnswerBytes - overhead + excess));
    expect(Buffer.byteLength(JSON.stringify(body))).toBe(limits.maxAnswerBytes + excess);
    model.behave((response) => sendJson(response, body));
    expect((await ask()).outcome).toBe(outcome);
  });

  it('closes the connection of a body that is too large or too late', async () => {
    for (const index of [1, 12]) {
      const before = model.abandoned();
      const [, kind = '', behaviour = () => undefined] = misbehaviours[index] ?? [];
      model.behave(behaviour);
      await ask(deadlineMsOf(kind));
      await vi.waitFor(() => expect(model.abandoned()).toBe(before + 1));
    }
  });

  it('is unavailable when nothing listens or nothing is configured', async () => {
    const gone = await startServer();
    await gone.stop();
    const request = { ...question, ...limits };
    expect(await selfHostedModel(gone.url, 'tiny')(request)).toMatchObject({
      kind: 'unavailable',
      detail: 'connection failed: ECONNREFUSED',
    });
    expect(await selfHostedModel('', 'tiny')(request)).toMatchObject({ kind: 'unavailable' });
    expect(await selfHostedModel('not a url', 'tiny')(request)).toMatchObject({ kind: 'unavailable' });
  });
});
