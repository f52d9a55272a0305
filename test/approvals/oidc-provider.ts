import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { Browser as ProviderBrowser } from '../../local/identity-provider/browser.ts';
import { grantEverything, scopes } from '../../local/identity-provider/configuration.ts';
import { memoryStorage } from '../../local/identity-provider/memory-storage.ts';
import type { Browser } from './browser.ts';

/** Somebody the provider knows. */
export interface ProviderUser {
  readonly id: string;
  readonly displayName?: string;
  readonly groups?: readonly string[];
  /** Further claims, and others than the usual values. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface ProviderOptions {
  readonly users: readonly ProviderUser[];
  /** Client metadata beside or instead of {@link pagesClient} and {@link cliClient}. */
  readonly clients?: readonly Readonly<Record<string, unknown>>[];
  /** Whether the provider gives refresh tokens. @default true */
  readonly refreshTokens?: boolean;
  /** Whether a refresh token counts once, and its second use revokes everything. @default true */
  readonly rotate?: boolean;
  /** Whether each client knows a person by another `sub`, and no client has the device grant. @default false */
  readonly pairwise?: boolean;
}

/** A real OIDC provider in this process, on `http://127.0.0.1:<port>`. */
export interface TestProvider {
  readonly issuer: string;
  /** What the next ID token says of somebody, by refresh too. */
  setGroups(id: string, groups: readonly string[]): void;
  /** The provider knows this person no more: refreshing fails too. */
  remove(id: string): void;
  /** `refusing`: answers 503 to everything. `hanging`: answers nothing. */
  fail(how: 'not' | 'refusing' | 'hanging'): void;
  /** How often each path was asked for. */
  readonly requests: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** The approval pages at `https://approvals.example`, as the test {@link Browser} shows them. */
export const pagesClient = {
  client_id: 'interlock-pages',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: ['https://approvals.example/sign-in/callback'],
};

/** The command line. */
const cliClient = {
  client_id: 'interlock-cli',
  token_endpoint_auth_method: 'none',
  application_type: 'native',
  grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  response_types: [],
  redirect_uris: [],
};

/** One for all: making one takes up to half a second. */
const signingKey = generateKeyPair('RS256', { extractable: true });

export async function startProvider(options: ProviderOptions): Promise<TestProvider> {
  const users = new Map(options.users.map((user) => [user.id, user]));
  const requests = new Map<string, number>();
  let failing: 'not' | 'refusing' | 'hanging' = 'not';
  let answer: (request: IncomingMessage, response: ServerResponse) => Promise<void> = async () => undefined;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    requests.set(pathname, (requests.get(pathname) ?? 0) + 1);
    if (failing === 'hanging') return;
    if (failing === 'refusing') return void response.writeHead(503).end('down');
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, await configurationOf(options, users));
  const standard = provider.callback();
  answer = async (request, response) => {
    const url = new URL(request.url ?? '/', issuer);
    if (!url.pathname.startsWith('/interaction/')) return standard(request, response);
    // Nobody is asked who they are: the test says it, or that they changed their mind.
    const as = url.searchParams.get('as');
    const result = as === null ? { error: 'access_denied' } : { login: { accountId: as } };
    return provider.interactionFinished(request, response, result);
  };
  return {
    issuer,
    setGroups: (id, groups) => void users.set(id, { ...users.get(id), id, groups }),
    remove: (id) => void users.delete(id),
    fail: (how) => {
      failing = how;
    },
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function configurationOf(options: ProviderOptions, users: ReadonlyMap<string, ProviderUser>) {
  const { privateKey } = await signingKey;
  return {
    adapter: memoryStorage(),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'test' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: [pagesClient, ...(options.pairwise ? [] : [cliClient]), ...(options.clients ?? [])],
    subjectTypes: [options.pairwise ? 'pairwise' : 'public'],
    pairwiseIdentifier: async (_context: unknown, id: string, client: { clientId: string }) =>
      createHash('sha256').update(`${client.clientId} ${id}`).digest('hex'),
    scopes,
    claims: {
      openid: ['sub', 'groups', ...options.users.flatMap(({ claims }) => Object.keys(claims ?? {}))],
      profile: ['name'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, id: string) =>
      users.has(id) ? { accountId: id, claims: () => claimsOf(users.get(id)) } : undefined,
    loadExistingGrant: grantEverything,
    issueRefreshToken: () => options.refreshTokens ?? true,
    rotateRefreshToken: options.rotate ?? true,
    expiresWithSession: () => false,
    clientBasedCORS: () => false,
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
    },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 3_600,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 3_600,
      Session: 600,
    },
  };
}

function claimsOf(user: ProviderUser | undefined): Readonly<Record<string, unknown>> {
  return {
    sub: user?.id,
    name: user?.displayName ?? user?.id,
    email: `${user?.id}@example.com`,
    email_verified: true,
    groups: user?.groups ?? [],
    ...user?.claims,
  };
}

/**
 * Signs somebody in: the sign-in page's link, the provider's pages, and back.
 *
 * @param user Their id at the provider; nobody to come back with its refusal.
 * @returns Where the callback sent them, or nothing where it showed a page.
 */
export async function signInThrough(
  browser: Browser,
  issuer: string,
  user: string | undefined,
  returnTo = '/',
): Promise<string | null> {
  const callback = await answerOf(browser, issuer, user, returnTo);
  return (await browser.get(callback)).location;
}

/** The path and query that the provider sends the browser back to, not yet asked for. */
export async function answerOf(
  browser: Browser,
  issuer: string,
  user: string | undefined,
  returnTo = '/',
): Promise<string> {
  const start = await browser.get(`/sign-in/start?returnTo=${encodeURIComponent(returnTo)}`);
  if (!start.location?.startsWith(`${issuer}/`)) throw new Error(`no way to ${issuer}: ${start.status}`);
  return throughProvider(issuer, start.location, user);
}

/** The cookies of the sign-ins that a browser is in the middle of, by name, oldest first. */
export function attemptsIn(browser: Browser): [string, string][] {
  return [...browser.cookies].filter(([name]) => name.startsWith('__Host-interlock-sign-in'));
}

/** From the provider's address that a sign-in begins at to the path and query that it ends at. */
export async function throughProvider(
  issuer: string,
  url: string,
  user: string | undefined,
): Promise<string> {
  const atProvider = new ProviderBrowser();
  let next = new URL(url);
  while (next.origin === issuer) {
    if (next.pathname.startsWith('/interaction/') && user !== undefined) next.searchParams.set('as', user);
    const response = await atProvider.send('GET', next);
    const location = response.headers.get('location');
    if (location === null) throw new Error(`the provider ends at ${next.pathname}: ${await response.text()}`);
    next = new URL(location, next);
  }
  return next.pathname + next.search;
}
