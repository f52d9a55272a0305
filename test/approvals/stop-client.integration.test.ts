import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StopClient } from '../../functions/approvals/pages/stop.client.ts';
import { sendJson, startServer, type TestServer } from '../routing/http-server.ts';

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

const stop = (patienceMs?: number) => new StopClient('engage', patienceMs).stop({ id: 'ana' }, 'wrong fixes');

describe('stopping through the function that engages the switch', () => {
  it('names the person and the reason, and nothing that could mean anything else', async () => {
    lambda.behave((response) => sendJson(response, { outcome: 'engaged' }));
    expect(await stop()).toBe('stopped');
    expect(lambda.requests).toStrictEqual([
      { path: '/2015-03-31/functions/engage/invocations', body: { by: 'ana', reason: 'wrong fixes' } },
    ]);
  });

  it.each([
    ['failed', { outcome: 'engaged' }, { 'x-amz-function-error': 'Unhandled' }],
    ['answered something else', { outcome: 'released' }, {}],
    ['answered nothing', undefined, {}],
    ['answered null', null, {}],
  ])('takes nothing for stopped when the function %s', async (_what, body, headers) => {
    lambda.behave((response) => {
      response.writeHead(200, headers);
      response.end(body === undefined ? '' : JSON.stringify(body));
    });
    await expect(stop()).rejects.toMatchObject({ code: 'approvals.not-stopped', retryable: true });
  });

  it('says that it may be under way when there is no answer in time', async () => {
    lambda.behave(() => undefined);
    expect(await stop(50)).toBe('under-way');
  });

  it('sends again what was lost or turned away for the crowd', async () => {
    const before = lambda.requests.length;
    lambda.behave((response) => {
      lambda.behave((second) => {
        lambda.behave((third) => sendJson(third, { outcome: 'engaged' }));
        second.writeHead(429, { 'x-amzn-errortype': 'TooManyRequestsException' });
        second.end('{"message":"Rate exceeded"}');
      });
      response.destroy();
    });
    expect(await stop()).toBe('stopped');
    expect(lambda.requests).toHaveLength(before + 3);
  });

  it('throws where it may not be invoked', async () => {
    lambda.behave((response) => {
      response.writeHead(403, { 'x-amzn-errortype': 'AccessDeniedException' });
      response.end('{"message":"no"}');
    });
    await expect(stop()).rejects.toMatchObject({ code: 'approvals.not-stopped' });
  });
});
