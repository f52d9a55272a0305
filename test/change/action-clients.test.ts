import { createServer, type Server, type ServerResponse } from 'node:http';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AliasClient } from '../../functions/change/actions/lambda-shift-alias/alias.client.ts';
import { ParameterClient } from '../../functions/change/actions/ssm-put-parameter/parameter.client.ts';

/** What the service behind the client does with its next write. */
type Answer = (response: ServerResponse, apply: () => void) => void;

/** Lambda and SSM as far as one alias and one parameter go; counts the writes that reach it. */
const service = { version: '2', revision: 1, value: 'on', parameterVersion: 1, writes: 0 };
let answer: Answer;
let server: Server;

beforeEach(async () => {
  Object.assign(service, { version: '2', revision: 1, value: 'on', parameterVersion: 1, writes: 0 });
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    request.on('end', () => {
      const isWrite =
        request.method === 'PUT' || request.headers['x-amz-target'] === 'AmazonSSM.PutParameter';
      if (!isWrite) return response.end(JSON.stringify(alias()));
      service.writes += 1;
      const body = JSON.parse(text) as { FunctionVersion?: string; RevisionId?: string; Value?: string };
      if (body.RevisionId !== undefined && body.RevisionId !== alias().RevisionId) {
        return refuse(response, 412, 'PreconditionFailedException');
      }
      return answer(response, () => {
        service.version = body.FunctionVersion ?? service.version;
        service.revision += 1;
        service.value = body.Value ?? service.value;
        service.parameterVersion += 1;
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  vi.stubEnv('AWS_ENDPOINT_URL', url);
  vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', url);
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

function alias() {
  return { FunctionVersion: service.version, RevisionId: `r${service.revision}` };
}
function refuse(response: ServerResponse, status: number, name: string): void {
  response.writeHead(status, { 'x-amzn-errortype': name });
  response.end(JSON.stringify({ __type: name, message: name }));
}
const losesItsAnswer: Answer = (response, apply) => {
  apply();
  response.destroy();
};
const breaksAfterwards: Answer = (response, apply) => {
  apply();
  refuse(response, 500, 'InternalServerError');
};
const refuses =
  (status: number, name: string): Answer =>
  (response) =>
    refuse(response, status, name);

const shift = { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '1' };
const before = { functionVersion: '2', additionalWeights: {}, revisionId: 'r1' };
const flag = { name: '/checkout/flag', fromValue: 'on', toValue: 'off' };
const valueBefore = { type: 'String', value: 'on', dataType: 'text', version: 1 } as const;

const writes: [string, () => Promise<unknown>][] = [
  ['an alias that is moved', () => new AliasClient().apply(shift, before)],
  ['an alias that is brought back', () => new AliasClient().restore(shift, before, before)],
  ['a parameter that is set', () => new ParameterClient().apply(flag, valueBefore)],
  ['a parameter that is brought back', () => new ParameterClient().restore(flag, valueBefore, valueBefore)],
];

describe.each(writes)('%s', (_what, write) => {
  it.each([
    ['loses its answer', losesItsAnswer],
    ['answers with a fault of its own', breaksAfterwards],
  ])('is written once and its outcome left open when the service %s', async (_, given) => {
    answer = given;
    await expect(write()).rejects.toThrow();
    expect(service.writes).toBe(1);
  });

  it.each([
    [429, 'TooManyRequestsException'],
    [400, 'ThrottlingException'],
    [400, 'TooManyUpdates'],
    [409, 'ResourceConflictException'],
  ])('is to be tried again after %s %s', async (status, name) => {
    answer = refuses(status, name);
    await expect(write()).rejects.toMatchObject({ name: 'DependencyUnavailableError', retryable: true });
  });

  it('has failed when the service will never do it', async () => {
    answer = refuses(403, 'AccessDeniedException');
    expect(await write()).toMatchObject({ outcome: 'failed' });
  });
});

describe('a service too busy to be read', () => {
  it.each([
    ['alias', () => new AliasClient(new LambdaClient({ maxAttempts: 1 })).read(shift)],
    ['parameter', () => new ParameterClient(new SSMClient({ maxAttempts: 1 })).read(flag)],
  ])('%s: is to be asked again', async (_, read) => {
    server.removeAllListeners('request');
    server.on('request', (request, response: ServerResponse) => {
      request.resume();
      refuse(response, 400, 'ThrottlingException');
    });
    await expect(read()).rejects.toMatchObject({ name: 'DependencyUnavailableError' });
  });
});
