import type { ServerResponse } from 'node:http';
import { standInName } from './replies.ts';

/** Ways in which a model server goes wrong; `none` answers. */
export const faults = ['none', 'hang', 'html', 'error', 'wrong-shape', 'huge'] as const;
export type Fault = (typeof faults)[number];

const hugeBytes = 10 * 1_024 * 1_024;

/** Answers in the way the fault says. `hang` never answers: the caller's deadline must end it. */
export function answerWithFault(fault: Exclude<Fault, 'none'>, response: ServerResponse): void {
  switch (fault) {
    case 'hang':
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>Sign in</title><p>Please sign in to use this model.');
      return;
    case 'error':
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'out of memory', type: 'server_error' } }));
      return;
    case 'wrong-shape':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          object: 'chat.completion',
          model: standInName,
          choices: [{ index: 0, message: { role: 'assistant', content: '{"verdict":"all good"}' } }],
          output: { message: { role: 'assistant', content: [{ text: '{"verdict":"all good"}' }] } },
        }),
      );
      return;
    case 'huge':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          object: 'chat.completion',
          model: standInName,
          choices: [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(hugeBytes) } }],
        }),
      );
      return;
  }
}
