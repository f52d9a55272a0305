import { vi } from 'vitest';
import { bodyOf, startHttpServer } from './http-server.ts';

/** What a service answers: a document, an error by its name, or nothing at all after it has done its work. */
export type Answer =
  | { readonly body: object }
  | { readonly error: string; readonly status?: number }
  | 'no answer';

/**
 * A service that answers as told, for what the emulator cannot be brought to: lost answers, faults, throttling and
 * states in between. Every client made from the environment meanwhile talks to it.
 *
 * @param answer Called with `PutRule` or, for a REST service, `POST /applications`.
 */
export async function startAnsweringService(answer: (operation: string) => Answer) {
  const operations: string[] = [];
  const { url, stop } = await startHttpServer((request, response) => {
    void bodyOf(request).then(() => {
      const target = request.headers['x-amz-target'];
      const operation =
        typeof target === 'string'
          ? (target.split('.').at(-1) ?? '')
          : `${request.method} ${request.url?.split('?')[0]}`;
      operations.push(operation);
      const answered = answer(operation);
      if (answered === 'no answer') return response.destroy();
      if ('body' in answered) return response.end(JSON.stringify(answered.body));
      const { error, status = 400 } = answered;
      response.writeHead(status, { 'x-amzn-errortype': error });
      return response.end(JSON.stringify({ __type: error, message: error }));
    });
  });
  vi.stubEnv('AWS_ENDPOINT_URL', url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  return {
    url,
    /** Every request that arrived, repeated ones too. */
    operations,
    stop: async () => {
      vi.unstubAllEnvs();
      await stop();
    },
  };
}

/** How each answer to a write must be taken by every client. */
export const answersToAWrite: readonly {
  readonly says: string;
  readonly answer: Answer;
  readonly taken: 'thrown' | 'retryable' | 'failed';
}[] = [
  { says: 'loses its answer', answer: 'no answer', taken: 'thrown' },
  { says: 'breaks', answer: { error: 'InternalServerError', status: 500 }, taken: 'thrown' },
  { says: 'is busy (429)', answer: { error: 'TooManyRequestsException', status: 429 }, taken: 'retryable' },
  { says: 'is busy (400)', answer: { error: 'ThrottlingException' }, taken: 'retryable' },
  { says: 'denies access', answer: { error: 'AccessDeniedException', status: 403 }, taken: 'failed' },
];
