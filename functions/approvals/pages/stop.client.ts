import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { EngageOutcome, EngageRequest } from '../../autonomy/engage-request.ts';
import { DependencyUnavailableError } from '../../platform/errors.ts';
import { parseJson } from '../../platform/parse-json.ts';
import type { Identity } from '../authority.ts';
import type { Stopping } from './pages-ports.ts';

/** How long the page waits, in milliseconds: with what comes before it, less than the 29 seconds of its function. */
const patienceMs = 20_000;

/** Stops everything through the function that can do nothing else: the role of the pages may not write the switch. */
export class StopClient {
  readonly #lambda = new LambdaClient({
    // A connection kept from before the Lambda was frozen may be dead, and stopping must not wait for that.
    requestHandler: new NodeHttpHandler({
      httpAgent: { keepAlive: false },
      httpsAgent: { keepAlive: false },
    }),
  });
  readonly #functionArn: string;
  readonly #patienceMs: number;

  /** @param patience Milliseconds. */
  constructor(functionArn: string, patience: number = patienceMs) {
    this.#functionArn = functionArn;
    this.#patienceMs = patience;
  }

  /**
   * Engages the global switch under this person's name. A request that is lost on the way is sent again: stopped
   * twice is stopped, with two entries in the ledger.
   *
   * @returns `under-way` when there is no answer yet: the function goes on without us.
   * @throws DependencyUnavailableError `approvals.not-stopped` when it failed.
   */
  async stop({ id }: Pick<Identity, 'id'>, reason: string): Promise<Stopping> {
    const request: EngageRequest = { by: id, reason };
    const patience = AbortSignal.timeout(this.#patienceMs);
    try {
      const { FunctionError, Payload } = await this.#lambda.send(
        new InvokeCommand({
          FunctionName: this.#functionArn,
          InvocationType: 'RequestResponse',
          Payload: Buffer.from(JSON.stringify(request)),
        }),
        { abortSignal: patience },
      );
      if (FunctionError === undefined && isEngaged(Payload)) return 'stopped';
    } catch (cause) {
      if (patience.aborted) return 'under-way';
      throw notStopped({ cause });
    }
    throw notStopped();
  }
}

function isEngaged(payload: Uint8Array | undefined): boolean {
  const answer = parseJson(Buffer.from(payload ?? []).toString('utf8'));
  return (answer as Partial<EngageOutcome> | null | undefined)?.outcome === 'engaged';
}

function notStopped(options: { readonly cause?: unknown } = {}): DependencyUnavailableError {
  return new DependencyUnavailableError(
    'approvals.not-stopped',
    'the kill switch could not be engaged from the pages; look at engage-kill-switch, or use the command line',
    options,
  );
}
