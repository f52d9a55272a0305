import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerTo, type Behaviour, behaviours } from './answers.ts';
import { answerWithFault, type Fault, faults } from './faults.ts';
import { chatCompletion, converseReply, standInName } from './replies.ts';

/** What the stand-in plays now; set through `PUT /control`. */
interface Script {
  behaviour: Behaviour;
  fault: Fault;
}

const maxRequestBytes = 4 * 1_024 * 1_024;

/**
 * The scripted stand-in for a model server: OpenAI-compatible chat completions and Bedrock Converse over one
 * HTTP port. It reasons about nothing; every answer says that it is scripted.
 */
export function modelServer(): Server {
  const script: Script = { behaviour: 'sensible', fault: 'none' };
  return createServer((request, response) => {
    void serve(script, request, response).catch((error: unknown) => {
      sendJson(response, 400, { error: { message: String(error), type: 'invalid_request_error' } });
    });
  });
}

async function serve(script: Script, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://stand-in');
  const route = `${request.method} ${pathname}`;
  if (route === 'GET /') {
    sendJson(response, 200, {
      name: standInName,
      says: 'This is no model: its answers are scripted.',
      ...script,
    });
  } else if (route === 'GET /v1/models') {
    sendJson(response, 200, {
      object: 'list',
      data: [{ id: standInName, object: 'model', owned_by: 'interlock' }],
    });
  } else if (route === 'PUT /control') {
    const wanted = JSON.parse(await bodyOf(request)) as Partial<Script>;
    script.behaviour = member(behaviours, wanted.behaviour ?? 'sensible');
    script.fault = member(faults, wanted.fault ?? 'none');
    sendJson(response, 200, script);
  } else if (route === 'POST /v1/chat/completions') {
    const { messages } = JSON.parse(await bodyOf(request)) as { messages: { content: string }[] };
    const prompt = messages.map(({ content }) => content).join('\n');
    reply(script, response, () => chatCompletion(prompt, answerTo(prompt, script.behaviour), Date.now()));
  } else if (request.method === 'POST' && /^\/model\/[^/]+\/converse$/.test(pathname)) {
    const { messages, toolConfig } = JSON.parse(await bodyOf(request)) as {
      messages: { content: { text?: string }[] }[];
      toolConfig?: { toolChoice?: { tool?: { name: string } } };
    };
    const prompt = messages.flatMap(({ content }) => content.map(({ text = '' }) => text)).join('\n');
    const tool = toolConfig?.toolChoice?.tool?.name;
    reply(script, response, () => converseReply(prompt, answerTo(prompt, script.behaviour), tool));
  } else {
    sendJson(response, 404, { error: { message: `no such route: ${route}`, type: 'invalid_request_error' } });
  }
}

function reply(script: Script, response: ServerResponse, answer: () => object): void {
  if (script.fault === 'none') sendJson(response, 200, answer());
  else answerWithFault(script.fault, response);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-model': standInName });
  response.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxRequestBytes) throw new Error(`a request may hold ${maxRequestBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function member<Word extends string>(words: readonly Word[], word: string): Word {
  const found = words.find((candidate) => candidate === word);
  if (found === undefined) throw new Error(`"${word}" is none of ${words.join(', ')}`);
  return found;
}
