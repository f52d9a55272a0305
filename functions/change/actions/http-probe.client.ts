import { lookup } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { CriterionFinding } from '../validation.ts';
import { isPublicAddress, parseProbeUrl, type ResolvedAddress } from './probe-address.client.ts';

/** How long a probe may take, name, connection and body together. */
const defaultTimeoutMs = 5_000;
/** How much of a body is read before the connection is let go. */
const maxBodyBytes = 64 * 1_024;

export type ResolveName = (name: string) => Promise<readonly ResolvedAddress[]>;

/**
 * Asks a workload over HTTP: one GET, no redirect followed, no credentials sent, the body thrown away. The
 * address comes from a tag, so outside `local` it must be https on the public Internet. The name is resolved
 * once, and the connection goes to what was judged.
 */
export class HttpProbeClient {
  readonly #environment: string;
  readonly #resolve: ResolveName;
  readonly #timeoutMs: number;

  constructor(
    environment: string,
    resolve: ResolveName = (name) => lookup(name, { all: true }),
    timeoutMs = defaultTimeoutMs,
  ) {
    this.#environment = environment;
    this.#resolve = resolve;
    this.#timeoutMs = timeoutMs;
  }

  /** A probe without an answer is tried once more: one lost packet is no reason to roll a good change back. */
  async look(url: string, expectStatus: number): Promise<CriterionFinding> {
    const first = await this.#probe(url, expectStatus);
    return first.result === 'no-data' ? this.#probe(url, expectStatus) : first;
  }

  async #probe(text: string, expectStatus: number): Promise<CriterionFinding> {
    const url = parseProbeUrl(text, this.#environment);
    if (url === undefined) return { result: 'fail', reason: 'probe: the address is not a plain https URL' };
    const signal = AbortSignal.timeout(this.#timeoutMs);
    try {
      const addresses = await until(signal, this.#addressesOf(url));
      if (this.#environment !== 'local' && !addresses.every(isPublicAddress)) {
        return { result: 'fail', reason: 'probe: the address is not on the public Internet' };
      }
      const status = await statusOf(url, addresses, signal);
      return status === expectStatus
        ? { result: 'pass', reason: `probe: status ${status}` }
        : { result: 'fail', reason: `probe: status ${status} instead of ${expectStatus}` };
    } catch {
      return { result: 'no-data', reason: 'probe: no answer' };
    }
  }

  async #addressesOf({ hostname }: URL): Promise<readonly ResolvedAddress[]> {
    const name = hostname.replace(/^\[|\]$/g, '');
    const family = isIP(name);
    return family === 0 ? this.#resolve(name) : [{ address: name, family }];
  }
}

function statusOf(url: URL, addresses: readonly ResolvedAddress[], signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const headers = { 'user-agent': 'interlock-probe' };
    const options = { method: 'GET', agent: false, lookup: pinnedTo(addresses), signal, headers };
    const sent = send(url, options, (response) => {
      let seenBytes = 0;
      const done = () => {
        resolve(response.statusCode ?? 0);
        sent.destroy();
      };
      // A workload that never stops sending must not keep the function busy.
      response.on('data', (chunk: Buffer) => {
        seenBytes += chunk.byteLength;
        if (seenBytes >= maxBodyBytes) done();
      });
      response.on('end', done);
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Answers what was judged, whatever the name leads to by now. */
function pinnedTo(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else if (first === undefined) callback(new Error('no address'), '');
    else callback(null, first.address, first.family);
  };
}

async function until<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the probe took too long')), { once: true });
  });
  return Promise.race([work, over]);
}
