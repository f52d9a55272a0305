import type { CriterionFinding } from '../validation.ts';

/** How long a probe may take, connection and body together. */
const timeoutMs = 5_000;
/** How much of a body is read before the connection is let go. */
const maxBodyBytes = 64 * 1_024;

/** Asks a workload over HTTP: one GET, no redirect followed, no credentials sent, the body thrown away. */
export class HttpProbeClient {
  /** A probe without an answer is tried once more: one lost packet is no reason to roll a good change back. */
  async look(url: string, expectStatus: number): Promise<CriterionFinding> {
    const first = await this.#probe(url, expectStatus);
    return first.result === 'no-data' ? this.#probe(url, expectStatus) : first;
  }

  async #probe(url: string, expectStatus: number): Promise<CriterionFinding> {
    if (!isProbeUrl(url)) return { result: 'fail', reason: 'probe: the address is not a plain http(s) URL' };
    try {
      const response = await fetch(url, {
        method: 'GET',
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        headers: { 'user-agent': 'interlock-probe' },
      });
      await drain(response);
      return response.status === expectStatus
        ? { result: 'pass', reason: `probe: status ${response.status}` }
        : { result: 'fail', reason: `probe: status ${response.status} instead of ${expectStatus}` };
    } catch {
      return { result: 'no-data', reason: 'probe: no answer' };
    }
  }
}

function isProbeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
}

/** A workload that never stops sending must not keep the function busy. */
async function drain(response: Response): Promise<void> {
  if (response.body === null) return;
  let seen = 0;
  for await (const chunk of response.body) {
    seen += (chunk as Uint8Array).byteLength;
    if (seen >= maxBodyBytes) break;
  }
}
