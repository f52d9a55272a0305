import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { completion, converseAnswer, sendJson, startServer, type TestServer } from './http-server.ts';
import { question } from './questions.ts';

const context = { functionName: 'routing', awsRequestId: 'r-1' } as Context;
let model: TestServer;
let bedrock: TestServer;
let handler: (event: unknown, context: Context) => Promise<unknown>;

beforeAll(async () => {
  model = await startServer();
  bedrock = await startServer();
  for (const [name, value] of Object.entries({
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    MODEL_BASE_URL: `${model.url}/v1`,
    MODEL_NAME: 'tiny',
    BEDROCK_MODEL_ID: 'anthropic.test',
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: bedrock.url,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  })) {
    vi.stubEnv(name, value);
  }
  ({ handler } = await import('../../functions/routing/routing.handler.ts'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([model.stop(), bedrock.stop()]);
});

describe('routing function', () => {
  it('answers from our own endpoint, and from Bedrock when that one is down', async () => {
    model.behave((response) => sendJson(response, completion({ confidence: 0.8, text: 'a' })));
    bedrock.behave((response) => sendJson(response, converseAnswer({ confidence: 0.8, text: 'b' })));
    const first = await handler({ useCase: 'triage', ...question }, context);
    expect(first).toMatchObject({
      outcome: 'answered',
      answer: { text: 'a' },
      rationale: { trigger: 'default' },
    });
    model.behave((response) => sendJson(response, {}, 500));
    const second = await handler({ useCase: 'triage', ...question }, context);
    expect(second).toMatchObject({
      outcome: 'answered',
      answer: { text: 'b' },
      rationale: { runtime: 'bedrock', trigger: 'unavailable' },
    });
  });

  it('reports every failure when both are down', async () => {
    model.behave((response) => response.destroy());
    bedrock.behave((response) => sendJson(response, { message: 'no' }, 403));
    expect(await handler({ useCase: 'triage', ...question }, context)).toMatchObject({
      outcome: 'all-failed',
      attempts: [{ runtime: 'self-hosted' }, { runtime: 'bedrock' }],
    });
  });

  it.each(['payroll', 'constructor', '__proto__'])(
    'refuses use case %s without asking anybody',
    async (useCase) => {
      const before = model.requests.length + bedrock.requests.length;
      expect(await handler({ useCase, ...question }, context)).toMatchObject({ outcome: 'refused' });
      expect(model.requests.length + bedrock.requests.length).toBe(before);
    },
  );

  it.each([
    ['an unknown member', { useCase: 'triage', ...question, runtime: 'bedrock' }],
    ['no question', { useCase: 'triage' }],
    ['a question of 201 kB', { useCase: 'triage', ...question, user: 'x'.repeat(200_001) }],
    ['nothing', undefined],
  ])('throws on %s', async (_what, event) => {
    await expect(handler(event, context)).rejects.toMatchObject({ code: 'task.invalid-input' });
  });
});
