import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildPrompt } from '../../functions/triage/prompt.ts';
import { RoutingClient } from '../../functions/triage/routing.client.ts';
import { triageAnswerJsonSchema } from '../../functions/triage/triage-answer.ts';
import { sendJson, startServer, type TestServer } from '../routing/http-server.ts';
import { answered, boundary, context, incident, shiftBack } from './incidents.ts';

const prompt = buildPrompt(incident, context, boundary);
let lambda: TestServer;

beforeAll(async () => {
  lambda = await startServer();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', lambda.url);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await lambda.stop();
});

const ask = () => new RoutingClient('routing').ask(prompt, triageAnswerJsonSchema);

describe('routing client', () => {
  it('invokes the routing function once with the question and its schema', async () => {
    lambda.behave((response) => sendJson(response, answered([shiftBack])));
    expect(await ask()).toStrictEqual(answered([shiftBack]));
    expect(lambda.requests).toStrictEqual([
      {
        path: '/2015-03-31/functions/routing/invocations',
        body: { useCase: 'triage', system: prompt.system, user: prompt.user, schema: triageAnswerJsonSchema },
      },
    ]);
  });

  it.each([
    ['crashed', { errorMessage: 'boom' }, { 'x-amz-function-error': 'Unhandled' }],
    ['answered out of contract', { outcome: 'answered', answer: {} }, {}],
    ['answered an unknown outcome', { outcome: 'sure' }, {}],
    ['answered nothing', undefined, {}],
  ])('takes a routing function that %s for a failed model', async (_what, body, headers) => {
    lambda.behave((response) => {
      response.writeHead(200, headers);
      response.end(body === undefined ? '' : JSON.stringify(body));
    });
    expect(await ask()).toMatchObject({ outcome: 'refused' });
  });

  it('asks only once, and refuses, when the call itself fails', async () => {
    const before = lambda.requests.length;
    lambda.behave((response) => response.destroy());
    expect(await ask()).toMatchObject({ outcome: 'refused' });
    expect(lambda.requests).toHaveLength(before + 1);
  });

  it('throws a retryable error when the function was not started at all', async () => {
    lambda.behave((response) => {
      response.writeHead(429, { 'x-amzn-errortype': 'TooManyRequestsException' });
      response.end('{"message":"Rate exceeded"}');
    });
    await expect(ask()).rejects.toMatchObject({ code: 'triage.routing-throttled', retryable: true });
  });
});
