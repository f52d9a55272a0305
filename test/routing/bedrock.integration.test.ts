import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bedrockModel, bedrockRuntimeClient } from '../../functions/routing/bedrock.client.ts';
import { converseAnswer, sendJson, startServer, type TestServer } from './http-server.ts';
import { question, schema } from './questions.ts';

const request = { ...question, maxTokens: 256, maxAnswerBytes: 5_000, deadlineMs: 600 };
let server: TestServer;

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  server = await startServer();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});
beforeEach(() => {
  server.requests.length = 0;
});

const ask = (deadlineMs = request.deadlineMs) =>
  bedrockModel('anthropic.test', bedrockRuntimeClient(server.url))({ ...request, deadlineMs });

describe('Bedrock model', () => {
  it('forces one tool call that carries the schema, over HTTP/1.1', async () => {
    server.behave((response) => sendJson(response, converseAnswer({ confidence: 1, text: 'ok' })));
    expect(await ask()).toStrictEqual({
      outcome: 'replied',
      text: '{"confidence":1,"text":"ok"}',
      modelId: 'anthropic.test',
      inputTokens: 700,
      outputTokens: 60,
    });
    expect(server.requests).toMatchObject([
      {
        path: '/model/anthropic.test/converse',
        body: {
          system: [{ text: question.system }],
          messages: [{ role: 'user', content: [{ text: question.user }] }],
          inferenceConfig: { maxTokens: 256 },
          toolConfig: {
            tools: [{ toolSpec: { name: 'answer', inputSchema: { json: schema } } }],
            toolChoice: { tool: { name: 'answer' } },
          },
        },
      },
    ]);
  });

  it.each([
    [
      'answers in prose',
      'invalid-answer',
      { output: { message: { role: 'assistant', content: [{ text: 'hm' }] } } },
    ],
    ['answers nothing', 'invalid-answer', {}],
    ['writes too much', 'invalid-answer', converseAnswer({ text: 'x'.repeat(5_001) })],
  ])('fails safely when the model %s', async (_what, kind, body) => {
    server.behave((response) => sendJson(response, body));
    expect(await ask()).toMatchObject({ outcome: 'failed', kind });
  });

  it('is unavailable when Bedrock refuses or is throttled, and does not repeat its message', async () => {
    for (const [status, type] of [
      [403, 'AccessDeniedException'],
      [429, 'ThrottlingException'],
      [500, 'InternalServerException'],
    ] as const) {
      server.behave((response) => {
        response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type });
        response.end('{"message":"SECRET-WORD"}');
      });
      // Throttling is asked again after a pause of the SDK's own.
      const reply = await ask(20_000);
      expect(reply).toMatchObject({
        outcome: 'failed',
        kind: 'unavailable',
        detail: `Converse failed: ${type}`,
      });
      expect(JSON.stringify(reply)).not.toContain('SECRET-WORD');
    }
  });

  it('gives up at the deadline', async () => {
    server.behave(() => undefined);
    expect(await ask()).toMatchObject({ outcome: 'failed', kind: 'deadline' });
  });

  it('gives up at the deadline in the middle of a body', async () => {
    server.behave((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"output":');
    });
    expect(await ask()).toMatchObject({ outcome: 'failed', kind: 'deadline' });
  });

  it('refuses an answer of 10 MB', async () => {
    server.behave((response) => sendJson(response, converseAnswer({ text: 'x'.repeat(10 * 1_024 * 1_024) })));
    expect(await ask()).toMatchObject({ outcome: 'failed' });
  });

  it('is unavailable when no model is configured', async () => {
    expect(await bedrockModel('', bedrockRuntimeClient(server.url))(request)).toMatchObject({
      outcome: 'failed',
      kind: 'unavailable',
    });
  });
});
