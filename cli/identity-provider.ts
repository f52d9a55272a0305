import * as oidc from 'openid-client';
import { InterlockError } from '../functions/platform/errors.ts';
import { deviceFailure, noDeviceFlow, unavailable } from './identity-provider-failures.ts';
import { printable } from './output.ts';

/** The command line's client at the identity provider of a stage, as `GET /api/configuration` names it. */
export interface ProviderClient {
  readonly issuer: string;
  readonly cliClientId: string;
  /** Separated by spaces. */
  readonly scopes: string;
}

/** What the provider gave. Secrets: they are never printed. */
export interface Tokens {
  readonly idToken: string;
  readonly refreshToken?: string;
  /** What the ID token calls the person. */
  readonly person: string;
}

/** What somebody needs to confirm a sign-in in a browser. */
export interface DevicePrompt {
  readonly userCode: string;
  readonly verificationUri: string;
  /** The same with the code in it, where the provider gives one. */
  readonly verificationUriComplete?: string;
  readonly expiresInSeconds: number;
}

const timeoutSeconds = 10;

/** Talks to one identity provider as the command line's public client. */
export class ProviderSession {
  readonly #configuration: oidc.Configuration;
  readonly #client: ProviderClient;

  private constructor(configuration: oidc.Configuration, client: ProviderClient) {
    this.#configuration = configuration;
    this.#client = client;
  }

  /**
   * Reads what the provider says of itself; its issuer must be the one asked for.
   *
   * @param isLocal Plain HTTP is for the local stage, on this machine, and for nothing else.
   * @throws InterlockError `cli.insecure-provider`. @throws DependencyUnavailableError `cli.provider-unavailable`.
   */
  static async open(client: ProviderClient, isLocal: boolean): Promise<ProviderSession> {
    const issuer = new URL(client.issuer);
    const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(issuer.hostname);
    const mayBePlain = isLocal && isHere && issuer.protocol === 'http:';
    if (issuer.protocol !== 'https:' && !mayBePlain) {
      throw new InterlockError(
        'cli.insecure-provider',
        `the identity provider ${printable(client.issuer)} is not reached by https, so nobody signs in there`,
      );
    }
    try {
      const configuration = await oidc.discovery(issuer, client.cliClientId, {}, oidc.None(), {
        timeout: timeoutSeconds,
        execute: mayBePlain ? [oidc.allowInsecureRequests] : [],
      });
      return new ProviderSession(configuration, client);
    } catch (cause) {
      throw unavailable(client.issuer, cause);
    }
  }

  /**
   * Signs somebody in who confirms it in a browser, on this machine or any other.
   *
   * @param confirm Shown the prompt before the wait begins; what it resolves to says how long to wait between
   * two questions, in seconds, where that is not for the provider to say.
   * @param signal Ends the wait; the promise rejects with its reason.
   * @throws InterlockError `cli.no-device-flow`, `cli.sign-in-denied`, `cli.sign-in-expired`.
   */
  async byDevice(
    confirm: (prompt: DevicePrompt) => Promise<{ readonly intervalSeconds?: number }>,
    signal: AbortSignal,
  ): Promise<Tokens> {
    const { device_authorization_endpoint: endpoint, scopes_supported: supported } =
      this.#configuration.serverMetadata();
    if (endpoint === undefined) throw noDeviceFlow(this.#client.issuer);
    const scopes = new Set(this.#client.scopes.split(' ').filter((scope) => scope !== ''));
    // Without it most providers give no refresh token, and each command would ask for a browser.
    if (supported?.includes('offline_access') === true) scopes.add('offline_access');
    try {
      const started = await oidc.initiateDeviceAuthorization(this.#configuration, {
        scope: [...scopes].join(' '),
      });
      const { intervalSeconds } = await confirm({
        userCode: started.user_code,
        verificationUri: webAddress(started.verification_uri),
        ...(started.verification_uri_complete === undefined
          ? {}
          : { verificationUriComplete: webAddress(started.verification_uri_complete) }),
        expiresInSeconds: started.expires_in,
      });
      const polled = oidc.pollDeviceAuthorizationGrant(
        this.#configuration,
        intervalSeconds === undefined ? started : { ...started, interval: intervalSeconds },
        {},
        { signal: AbortSignal.any([signal, AbortSignal.timeout(started.expires_in * 1_000)]) },
      );
      return this.#tokens(await Promise.race([polled, abortOf(signal)]));
    } catch (cause) {
      signal.throwIfAborted();
      throw deviceFailure(this.#client.issuer, cause);
    }
  }

  /** New tokens for a refresh token; `invalid-grant` when the provider takes it no more. */
  async renew(refreshToken: string): Promise<Tokens | 'invalid-grant'> {
    try {
      return this.#tokens(await oidc.refreshTokenGrant(this.#configuration, refreshToken));
    } catch (cause) {
      if (cause instanceof oidc.ResponseBodyError && cause.error === 'invalid_grant') return 'invalid-grant';
      throw unavailable(this.#client.issuer, cause);
    }
  }

  /** Ends a refresh token at the provider; `not-offered` where it has no such endpoint. */
  async revoke(refreshToken: string): Promise<'revoked' | 'not-offered'> {
    if (this.#configuration.serverMetadata().revocation_endpoint === undefined) return 'not-offered';
    try {
      await oidc.tokenRevocation(this.#configuration, refreshToken, { token_type_hint: 'refresh_token' });
      return 'revoked';
    } catch (cause) {
      throw unavailable(this.#client.issuer, cause);
    }
  }

  #tokens(response: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers): Tokens {
    const claims = response.claims();
    if (response.id_token === undefined || claims === undefined) {
      throw new InterlockError(
        'cli.no-id-token',
        `the identity provider ${printable(this.#client.issuer)} gave no ID token; its client needs the scope openid`,
      );
    }
    const name = claims['name'] ?? claims['preferred_username'] ?? claims['email'] ?? claims.sub;
    return {
      idToken: response.id_token,
      ...(response.refresh_token === undefined ? {} : { refreshToken: response.refresh_token }),
      person: typeof name === 'string' ? name : claims.sub,
    };
  }
}

/** @throws InterlockError `cli.no-device-flow` for an address that no browser should be sent to. */
function webAddress(uri: string): string {
  const isWeb = URL.canParse(uri) && ['https:', 'http:'].includes(new URL(uri).protocol);
  if (isWeb) return new URL(uri).href;
  throw new InterlockError('cli.no-device-flow', 'the identity provider named no web address to sign in at');
}

/** Rejects as soon as the signal says so: polling looks at it only every few seconds. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
