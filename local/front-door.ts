import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { listenLocally, localServer, type ServerCertificate, stopServer } from './loopback-server.ts';

/**
 * What browsers open in front of the approvals API: plain HTTP on localhost, so that a link opens without a
 * certificate warning, or TLS where that is wanted.
 */
export interface FrontDoor {
  /** `http://localhost:PORT`, with a certificate `https:`. */
  readonly url: string;
  /** From now on requests go to this address; until then they get 503. */
  readonly forwardTo: (upstream: Upstream) => void;
  readonly stop: () => Promise<void>;
}

export interface Upstream {
  /** Address of the API, to which the request's path is appended. */
  readonly url: string;
  /** PEM text of the authority that the API's certificate is checked against. */
  readonly ca: string;
}

/** An address that was asked for by number is taken by somebody else. */
export class PortInUseError extends Error {
  constructor(port: number) {
    super(`port ${port} of 127.0.0.1 is in use: choose another with --port, or stop what uses it`);
    this.name = 'PortInUseError';
  }
}

const firstPort = 4_700;
const lastPort = 4_799;

/**
 * Opens the front door on 127.0.0.1.
 *
 * @param port Exactly this one; without it the first free one from 4700.
 * @param certificate Serves TLS with it. @default plain HTTP
 * @throws PortInUseError
 */
export async function openFrontDoor(port?: number, certificate?: ServerCertificate): Promise<FrontDoor> {
  const agent = new Agent({ keepAlive: true });
  let upstream: Upstream | undefined;
  const server = localServer(certificate, (request, response) => {
    if (!isLocalHost(request.headers.host))
      return refuse(response, 421, 'This address only serves localhost.');
    if (upstream === undefined) return refuse(response, 503, 'Interlock is still starting.');
    forward(upstream, agent, request, response);
  });
  if (port !== undefined) {
    if (!(await listenLocally(server, port))) throw new PortInUseError(port);
  } else {
    let candidate = firstPort;
    while (!(await listenLocally(server, candidate))) candidate = candidate < lastPort ? candidate + 1 : 0;
  }
  const scheme = certificate === undefined ? 'http' : 'https';
  return {
    url: `${scheme}://localhost:${(server.address() as AddressInfo).port}`,
    forwardTo: (next) => {
      upstream = next;
    },
    stop: async () => {
      agent.destroy();
      await stopServer(server);
    },
  };
}

/** Headers about one connection, not about the message (RFC 9110, 7.6.1); the other side makes its own. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
]);

/** Everything but what belongs to the connection; headers that `connection` names belong to it too. */
export function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.has(name)),
  );
}

/** A page elsewhere must not reach us through a name of its own that resolves to 127.0.0.1. */
function isLocalHost(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127\.0\.0\.1)(:\d+)?$/i.test(host);
}

function forward(
  { url, ca }: Upstream,
  agent: Agent,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  // Concatenated, not resolved: `//elsewhere` as path must not name another host.
  const target = new URL(
    url + (request.url?.startsWith('/') === true ? request.url : `/${request.url ?? ''}`),
  );
  const headers = {
    ...endToEnd(request.headers),
    host: target.host,
    'x-forwarded-host': request.headers.host,
  };
  const sent = requestHttps(target, { method: request.method ?? 'GET', headers, agent, ca }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
    answer.pipe(response);
  });
  sent.once('error', () => {
    if (response.headersSent) response.destroy();
    else refuse(response, 502, 'Interlock does not answer; it may be stopping.');
  });
  response.once('close', () => sent.destroy());
  request.pipe(sent);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}
