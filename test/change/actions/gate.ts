import { type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
import { rootCredentials } from '../../../local/places.ts';
import { bodyOf, type HttpServer, startHttpServer } from './http-server.ts';

/**
 * Stands between an action's client and the API: lets requests through, or answers them as a busy service
 * does.
 */
export interface Gate extends HttpServer {
  isThrottling: boolean;
  /** Access key ids that may only read, beside the root's that may do all; any other may do nothing. */
  readonly readers: Set<string>;
}

/**
 * @param upstreamUrl Where requests go, as they are: a signature covers the host that the client sees.
 * @param isStandIn Nobody behind it looks at permissions, so that the gate does, by the access key alone.
 */
export async function startGate(upstreamUrl: string, isStandIn: boolean): Promise<Gate> {
  const server = await startHttpServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request);
      if (gate.isThrottling) throttle(request, body, response);
      else if (isStandIn && !mayCall(request, gate.readers)) deny(response);
      else pass(upstreamUrl, request, body, response);
    })();
  });
  const gate: Gate = { ...server, isThrottling: false, readers: new Set() };
  return gate;
}

function pass(upstreamUrl: string, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const { hostname, port } = new URL(upstreamUrl);
  const { method, url: path, headers } = request;
  const sent = sendRequest({ hostname, port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  sent.once('error', () => response.destroy());
  sent.end(body);
}

function mayCall({ headers }: IncomingMessage, readers: ReadonlySet<string>): boolean {
  const keyId = /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1] ?? '';
  const operation = String(headers['x-amz-target']).split('.').at(-1) ?? '';
  return (
    keyId === rootCredentials.accessKeyId || (readers.has(keyId) && /^(Describe|Get|List)/.test(operation))
  );
}

function deny(response: ServerResponse): void {
  const body = '{"__type":"AccessDeniedException","message":"not authorized"}';
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
}

/** Throttling as each protocol of AWS says it. */
function throttle({ headers }: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const answer = (status: number, type: string, text: string, error?: string) =>
    response
      .writeHead(status, {
        'content-type': type,
        ...(error === undefined ? {} : { 'x-amzn-errortype': error }),
      })
      .end(text);
  if (headers['x-amz-target'] !== undefined) {
    answer(400, 'application/x-amz-json-1.1', '{"__type":"ThrottlingException","message":"Rate exceeded"}');
  } else if (String(headers['content-type']).includes('x-www-form-urlencoded')) {
    const isEc2 = body.includes('Version=2016-11-15');
    const error = (code: string) => `<Error><Code>${code}</Code><Message>Rate exceeded</Message></Error>`;
    const text = isEc2
      ? `<Response><Errors>${error('RequestLimitExceeded')}</Errors><RequestID>1</RequestID></Response>`
      : `<ErrorResponse>${error('Throttling')}<RequestId>1</RequestId></ErrorResponse>`;
    answer(isEc2 ? 503 : 400, 'text/xml', text);
  } else {
    answer(429, 'application/json', '{"message":"Rate exceeded"}', 'TooManyRequestsException');
  }
}
