import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';

/** What a test makes of the ID token that the provider would honestly send. */
export interface TokenDraft {
  readonly claims: JWTPayload;
  readonly header: Readonly<Record<string, unknown>>;
  /**
   * `server`: the published key. `stranger`: another one of the same kind. `public-key`: HMAC with the published
   * key's text. `none`: no signature.
   */
  readonly signedBy: 'server' | 'stranger' | 'public-key' | 'none';
}

/** An issuer on `http://127.0.0.1:<port>` that keeps no rule but those a test gives it. */
export interface HostileProvider {
  readonly issuer: string;
  /** Members of the discovery document that differ. */
  metadata: Readonly<Record<string, unknown>>;
  /** Turns the honest ID token into another one. */
  draft: (honest: TokenDraft) => TokenDraft;
  /** Members of the token endpoint's answer that differ; `undefined` leaves one out. */
  answer: Readonly<Record<string, unknown>>;
  readonly tokenRequests: readonly URLSearchParams[];
  /** Signs a draft for a client, as the token endpoint would. */
  sign(clientId: string, claims?: JWTPayload): Promise<string>;
  /** The callback's path and query for the address that a sign-in began at. */
  answerTo(url: string, overrides?: Readonly<Record<string, string>>): string;
  stop(): Promise<void>;
}

/** One of each for all: making one takes up to half a second. */
const keyPairs = Promise.all([
  generateKeyPair('RS256', { extractable: true }),
  generateKeyPair('RS256', { extractable: true }),
]);

export async function startHostileProvider(): Promise<HostileProvider> {
  const [key, stranger] = await keyPairs;
  const privateKeys = {
    server: await exportJWK(key.privateKey),
    stranger: await exportJWK(stranger.privateKey),
  };
  // Without `alg`: it would verify with whatever its owner writes into a token.
  const publicKey = { ...(await exportJWK(key.publicKey)), kid: 'k1', use: 'sig' };
  const publicText = new TextEncoder().encode(await exportSPKI(key.publicKey));
  const tokenRequests: URLSearchParams[] = [];
  let nonce: string | undefined;

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', provider.issuer);
    if (pathname === '/.well-known/openid-configuration') return json(response, metadata());
    if (pathname === '/jwks') return json(response, { keys: [publicKey] });
    if (pathname !== '/token') return void response.writeHead(404).end();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const body = new URLSearchParams(Buffer.concat(chunks).toString());
      tokenRequests.push(body);
      const idToken = await provider.sign(body.get('client_id') ?? '');
      json(response, {
        access_token: 'access',
        token_type: 'bearer',
        refresh_token: 'refresh',
        id_token: idToken,
        ...provider.answer,
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const metadata = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
    ...provider.metadata,
  });

  async function signed({ claims, header, signedBy }: TokenDraft): Promise<string> {
    if (signedBy === 'none') return new UnsecuredJWT(claims).encode();
    const isHmac = signedBy === 'public-key';
    const alg = isHmac ? 'HS256' : String(header['alg']);
    const by = isHmac ? publicText : await importJWK(privateKeys[signedBy], alg);
    return new SignJWT(claims).setProtectedHeader({ ...header, alg }).sign(by);
  }

  const provider: HostileProvider = {
    issuer,
    metadata: {},
    draft: (honest) => honest,
    answer: {},
    tokenRequests,
    sign: (clientId, claims) => {
      const now = Math.floor(Date.now() / 1_000);
      const honest = {
        iss: issuer,
        aud: clientId,
        sub: 'ana',
        iat: now,
        exp: now + 300,
        groups: ['approvers'],
      };
      return signed(
        provider.draft({
          claims: { ...honest, ...(nonce === undefined ? {} : { nonce }), ...claims },
          header: { alg: 'RS256', kid: 'k1' },
          signedBy: 'server',
        }),
      );
    },
    answerTo: (url, overrides = {}) => {
      const asked = new URL(url).searchParams;
      nonce = asked.get('nonce') ?? undefined;
      const given = { code: 'the-code', state: asked.get('state') ?? '', iss: issuer, ...overrides };
      return `/sign-in/callback?${new URLSearchParams(given).toString()}`;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return provider;
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
