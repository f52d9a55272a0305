import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { parseJson } from '../platform/parse-json.ts';
import { type RoutingResult, routingResultSchema } from '../routing/routing-result.ts';
import type { Prompt } from './prompt.ts';

/** Longer than the routing function may run (180 s), shorter than what is left of our own 210 s. */
const requestTimeoutMs = 185_000;

/** Asks the routing function. It is invoked once: a lost connection must not make a model answer twice. */
export class RoutingClient {
  readonly #lambda = new LambdaClient({
    maxAttempts: 1,
    // A connection kept from before the Lambda was frozen may be dead, and there is no second attempt.
    requestHandler: new NodeHttpHandler({
      httpAgent: { keepAlive: false },
      httpsAgent: { keepAlive: false },
    }),
  });
  readonly #functionArn: string;

  constructor(functionArn: string) {
    this.#functionArn = functionArn;
  }

  /**
   * A routing function that crashed, timed out or answered out of contract has failed like a model fails.
   *
   * @throws DependencyUnavailableError `triage.routing-throttled` when it was not started at all: asking again
   * later is then safe.
   */
  async ask(prompt: Prompt, schema: Readonly<Record<string, unknown>>): Promise<RoutingResult> {
    const { system, user } = prompt;
    let output: InvokeCommandOutput;
    try {
      output = await this.#lambda.send(
        new InvokeCommand({
          FunctionName: this.#functionArn,
          InvocationType: 'RequestResponse',
          Payload: Buffer.from(JSON.stringify({ useCase: 'triage', system, user, schema })),
        }),
        { abortSignal: AbortSignal.timeout(requestTimeoutMs) },
      );
    } catch (cause) {
      const name = cause instanceof Error ? cause.name : 'unknown error';
      if (name !== 'TooManyRequestsException') return { outcome: 'refused', reason: `routing: ${name}` };
      throw new DependencyUnavailableError(
        'triage.routing-throttled',
        'the routing function is at its concurrency limit; retry later',
        { cause },
      );
    }
    if (output.FunctionError !== undefined) {
      return { outcome: 'refused', reason: 'the routing function failed' };
    }
    return toResult(output.Payload);
  }
}

function toResult(payload: Uint8Array | undefined): RoutingResult {
  const answer = parseJson(Buffer.from(payload ?? []).toString('utf8'));
  return (
    routingResultSchema.safeParse(answer).data ?? {
      outcome: 'refused',
      reason: 'the routing function answered out of contract',
    }
  );
}
