import * as z from 'zod/mini';
import { parseJson } from '../platform/parse-json.ts';
import {
  type AskModel,
  failureOf,
  type ModelFailureKind,
  type ModelReply,
  type ModelRequest,
} from './model-runtime.ts';

/** The fields we need of a chat completion; servers add many more. */
const completionSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).check(z.minLength(1)),
  usage: z.optional(
    z.nullable(
      z.object({
        prompt_tokens: z.optional(z.number().check(z.gte(0))),
        completion_tokens: z.optional(z.number().check(z.gte(0))),
      }),
    ),
  ),
});

/**
 * Asks an OpenAI-compatible server (vLLM, Ollama, llama.cpp) for one chat completion that follows the schema.
 * One deadline covers connecting, waiting and reading; no more than `maxAnswerBytes` is ever held; redirects
 * are not followed, because the address is an operator's setting and not the server's to change.
 *
 * @param baseUrl As in `http://127.0.0.1:11434/v1`; empty when the environment has no such server.
 */
export function selfHostedModel(baseUrl: string, modelName: string): AskModel {
  return async (request) => {
    const failed = failureOf(modelName);
    if (baseUrl === '') return failed('unavailable', 'no self-hosted endpoint is configured');
    const deadline = AbortSignal.timeout(request.deadlineMs);
    try {
      const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(toBody(modelName, request)),
        redirect: 'manual',
        signal: deadline,
      });
      const refusal = refusalOf(response);
      if (refusal !== undefined) {
        await response.body?.cancel();
        return failed(refusal.kind, refusal.detail);
      }
      const body = await readBounded(response, request.maxAnswerBytes);
      if (body === undefined) {
        return failed('invalid-answer', `response exceeds ${request.maxAnswerBytes} bytes`);
      }
      return toReply(body, modelName) ?? failed('invalid-answer', 'response is not a chat completion');
    } catch (error) {
      if (deadline.aborted) return failed('deadline', `no complete answer within ${request.deadlineMs} ms`);
      return failed('unavailable', `connection failed: ${causeOf(error)}`);
    }
  };
}

function toBody(model: string, { system, user, schema, maxTokens }: ModelRequest): object {
  return {
    model,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
    max_tokens: maxTokens,
    temperature: 0,
    stream: false,
    response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
  };
}

function refusalOf(response: Response): { kind: ModelFailureKind; detail: string } | undefined {
  if (response.status !== 200) return { kind: 'unavailable', detail: `status ${response.status}` };
  const isJson = /^application\/json\s*(;|$)/i.test(response.headers.get('content-type') ?? '');
  return isJson ? undefined : { kind: 'invalid-answer', detail: 'content type is not application/json' };
}

/** The body as text, or `undefined` once it grows past the limit: a declared length is not believed. */
async function readBounded(response: Response, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the stream and closes the connection.
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toReply(body: string, modelId: string): ModelReply | undefined {
  const parsed = z.safeParse(completionSchema, parseJson(body));
  const text = parsed.data?.choices[0]?.message.content;
  if (text === undefined) return undefined;
  const inputTokens = parsed.data?.usage?.prompt_tokens ?? 0;
  const outputTokens = parsed.data?.usage?.completion_tokens ?? 0;
  return { outcome: 'replied', text, modelId, inputTokens, outputTokens };
}

/** `fetch` says only "fetch failed"; the code underneath (`ECONNREFUSED`) is what an operator needs. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code ?? (error instanceof Error ? error.name : 'unknown');
}
