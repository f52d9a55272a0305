import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider, type ProviderContext } from 'oidc-provider';
import { listenLocally, localServer, type ServerCertificate, stopServer } from '../loopback-server.ts';
import { formSecret, providerConfiguration, sessionCookieName } from './configuration.ts';
import { Control, controlPath } from './control.ts';
import { codePage, contentSecurityPolicy, errorPage, homePage } from './pages.ts';
import { pickPerson, showPage } from './pick-person.ts';
import { Directory, type LocalUser } from './users.ts';

export interface IdentityProviderOptions {
  /** Who may be picked. */
  readonly users: readonly LocalUser[];
  /** What approval links start with: sign-ins return to `/sign-in/callback` there. */
  readonly frontDoorUrl: string;
  /** Serve TLS with it. @default plain HTTP */
  readonly certificate?: ServerCertificate | undefined;
  /** Told of what went wrong inside the provider; nothing of it is for the screen. */
  readonly onError?: (error: Error) => void;
}

/** The running provider. */
export interface IdentityProvider {
  /** `http://localhost:PORT`, with a certificate `https:`. */
  readonly issuer: string;
  readonly controlUrl: string;
  readonly controlToken: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a real OIDC provider for the local stage on a free port of 127.0.0.1: authorization code with PKCE for the
 * approval pages, device authorization for the command line, refresh tokens for both. It asks nobody for proof.
 */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  let answer: (request: IncomingMessage, response: ServerResponse) => Promise<void> = async (
    _request,
    response,
  ) => void response.writeHead(503).end();
  const onError = options.onError ?? (() => {});
  const server = localServer(options.certificate, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      onError(error instanceof Error ? error : new Error(String(error)));
      if (response.headersSent) response.destroy();
      else showPage(response, 500, errorPage('server_error', ''));
    });
  });
  if (!(await listenLocally(server, 0)))
    throw new Error('no port of 127.0.0.1 is free for the identity provider');
  const { port } = server.address() as AddressInfo;
  const issuer = `${options.certificate === undefined ? 'http' : 'https'}://localhost:${port}`;
  const directory = new Directory(options.users);
  const issued = new Set<string>();
  const redirectUri = new URL('/sign-in/callback', options.frontDoorUrl).href;
  const provider = new Provider(issuer, await providerConfiguration(directory, redirectUri));
  provider.on('server_error', (_context: unknown, error: Error) => onError(error));
  provider.on('error', onError);
  provider.use((context, next) => ownPages(context, next, issued));
  const token = randomBytes(32).toString('base64url');
  const control = new Control(directory, token, issued);
  const policy = contentSecurityPolicy(new URL(options.frontDoorUrl).origin);
  const standard = provider.callback();
  answer = async (request, response) => {
    const path = new URL(request.url ?? '/', issuer).pathname;
    setHeaders(response, policy);
    // A page elsewhere must not reach us through a name of its own that resolves to 127.0.0.1.
    if (request.headers.host !== new URL(issuer).host) {
      return showPage(response, 421, errorPage('wrong_host', `this address only serves ${issuer}`));
    }
    if (path.startsWith(`${controlPath}/`)) return control.answer(request, path, response);
    if (isForeignForm(request, path)) {
      return showPage(response, 403, errorPage('foreign_form', 'this form was sent from another site'));
    }
    if (path === '/') return showPage(response, 200, homePage(options.frontDoorUrl));
    if (path.startsWith('/interaction/')) return pickPerson(provider, directory, request, response);
    forgetSession(request, path);
    return standard(request, response);
  };
  return {
    issuer,
    controlUrl: `${issuer}${controlPath}`,
    controlToken: token,
    stop: () => stopServer(server),
  };
}

/** Keeps track of tokens, and shows a page of ours where the provider would show one that needs script. */
async function ownPages(
  context: ProviderContext,
  next: () => Promise<void>,
  issued: Set<string>,
): Promise<void> {
  await next();
  if (context.oidc?.route === 'token' && context.status === 200) {
    const body = context.body as Readonly<Record<string, unknown>>;
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      if (typeof body[name] === 'string') issued.add(body[name]);
    }
  }
  const code = context.query['user_code'];
  if (context.oidc?.route === 'code_verification' && context.method === 'GET' && typeof code === 'string') {
    context.type = 'html';
    context.body = codePage(formSecret(context), code);
  }
}

function setHeaders(response: ServerResponse, policy: string): void {
  response.setHeader('content-security-policy', policy);
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'same-origin');
}

/** The forms that make somebody be somebody come from our own pages; programs send no such header. */
function isForeignForm({ method, headers }: IncomingMessage, path: string): boolean {
  const site = headers['sec-fetch-site'] ?? 'none';
  const isForm = path.startsWith('/interaction/') || path === '/device';
  return isForm && method === 'POST' && site !== 'same-origin' && site !== 'none';
}

/**
 * Nobody stays signed in here: people change places locally, so each sign-in asks who it is. Only the form of the
 * device flow needs the session that its page made.
 */
function forgetSession(request: IncomingMessage, path: string): void {
  if ((request.method === 'POST' && path === '/device') || request.headers.cookie === undefined) return;
  request.headers.cookie = request.headers.cookie
    .split(';')
    .filter((cookie) => !cookie.trimStart().startsWith(sessionCookieName))
    .join(';');
}
