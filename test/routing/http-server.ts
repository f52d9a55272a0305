import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real HTTP server whose behaviour a test sets; it counts requests and keeps the last body. */
export interface TestServer {
  readonly url: string;
  readonly requests: { path: string; body: unknown }[];
  /** Requests whose connection the client has given up. */
  readonly abandoned: () => number;
  behave: (respond: (response: ServerResponse, request: IncomingMessage) => void) => void;
  readonly stop: () => Promise<void>;
}

export async function startServer(): Promise<TestServer> {
  let respond: (response: ServerResponse, request: IncomingMessage) => void = (response) => response.end();
  let abandoned = 0;
  const requests: { path: string; body: unknown }[] = [];
  const listener: RequestListener = (request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) abandoned += 1;
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      requests.push({ path: request.url ?? '', body: text === '' ? undefined : JSON.parse(text) });
      respond(response, request);
    });
  };
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    abandoned: () => abandoned,
    behave: (next) => {
      respond = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(value));
}

/** What an OpenAI-compatible server answers. */
export function completion(content: unknown): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: JSON.stringify(content) }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 900, completion_tokens: 80, total_tokens: 980 },
  };
}

/** What Bedrock's Converse answers when the model calls the tool. */
export function converseAnswer(input: unknown): object {
  return {
    output: {
      message: { role: 'assistant', content: [{ toolUse: { toolUseId: 't1', name: 'answer', input } }] },
    },
    stopReason: 'tool_use',
    usage: { inputTokens: 700, outputTokens: 60, totalTokens: 760 },
    metrics: { latencyMs: 12 },
  };
}
