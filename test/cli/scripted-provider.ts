import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPair, SignJWT } from 'jose';

/** What an endpoint answers: a status and a JSON document. */
type Scripted = readonly [number, object];

/** An OIDC provider that answers what a test has written down, and keeps what it was sent. */
export interface ScriptedProvider {
  readonly issuer: string;
  /** Replaces members of the discovery document; `undefined` leaves one out. */
  metadata: Readonly<Record<string, unknown>>;
  /** Members of the device authorization response. */
  device: Scripted;
  /** Answers of the token endpoint, one for each request; the last one stays. */
  tokens: Scripted[];
  revocation: Scripted;
  /** Path and form fields of every request but discovery. */
  readonly requests: { readonly path: string; readonly form: Readonly<Record<string, string>> }[];
  /** A token response with an ID token for this person. */
  granted(person: string, refreshToken?: string): Promise<Scripted>;
  stop(): Promise<void>;
}

/** One for all: making one takes half a second. */
const keys = generateKeyPair('RS256');

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const { privateKey } = await keys;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request.url ?? '/', Buffer.concat(chunks).toString('utf8'), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: ScriptedProvider = {
    issuer,
    metadata: {},
    device: [
      200,
      {
        device_code: 'device-code-secret',
        user_code: 'WDJB-MJHT',
        verification_uri: `${issuer}/device`,
        verification_uri_complete: `${issuer}/device?user_code=WDJB-MJHT`,
        expires_in: 600,
        interval: 0.01,
      },
    ],
    tokens: [],
    revocation: [200, {}],
    requests: [],
    granted: async (person, refreshToken) => [
      200,
      {
        access_token: 'access-token-secret',
        token_type: 'bearer',
        id_token: await new SignJWT({ name: person })
          .setProtectedHeader({ alg: 'RS256' })
          .setIssuer(issuer)
          .setAudience('interlock-cli')
          .setSubject(person.toLowerCase())
          .setIssuedAt()
          .setExpirationTime('5m')
          .sign(privateKey),
        ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      },
    ],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  function answer(path: string, body: string, response: ServerResponse): void {
    if (path !== '/.well-known/openid-configuration') {
      provider.requests.push({ path, form: Object.fromEntries(new URLSearchParams(body)) });
    }
    const [status, document] = scripted(path);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  }
  function scripted(path: string): Scripted {
    switch (path) {
      case '/.well-known/openid-configuration':
        return [
          200,
          {
            issuer,
            token_endpoint: `${issuer}/token`,
            device_authorization_endpoint: `${issuer}/device/auth`,
            revocation_endpoint: `${issuer}/revoke`,
            scopes_supported: ['openid', 'offline_access'],
            ...provider.metadata,
          },
        ];
      case '/device/auth':
        return provider.device;
      case '/token':
        return (provider.tokens.length > 1 ? provider.tokens.shift() : provider.tokens[0]) ?? [500, {}];
      case '/revoke':
        return provider.revocation;
      default:
        return [404, {}];
    }
  }
  return provider;
}
