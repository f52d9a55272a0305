import { DependencyUnavailableError, InvalidInputError } from '../../platform/errors.ts';

/** Hosts that may be spoken to without TLS: this machine. */
const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * An address that messages may be sent to.
 *
 * @throws InvalidInputError `approvals.insecure-channel` for anything but https, this machine excepted.
 */
export function channelUrl(address: string): URL {
  const url = URL.parse(address);
  if (
    url !== null &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname)))
  ) {
    return url;
  }
  throw new InvalidInputError('approvals.insecure-channel', 'a channel must have an https address');
}

/**
 * Posts JSON and follows no redirect: what was configured is what gets the message. Errors never name the
 * address or the headers, which may be secret.
 *
 * @throws DependencyUnavailableError `approvals.channel-unreachable`: no answer in time, a redirect, or an
 * answer that is not 2xx.
 */
export async function postJson(
  url: URL,
  body: unknown,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly timeoutMs: number },
): Promise<string> {
  let failure: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', ...options.headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    const text = await response.text();
    if (response.ok) return text;
    failure = `status ${response.status}`;
  } catch (error) {
    failure = error instanceof Error ? error.name : 'unknown';
  }
  throw new DependencyUnavailableError(
    'approvals.channel-unreachable',
    `a channel did not take a message (${failure}); it is tried again`,
  );
}
