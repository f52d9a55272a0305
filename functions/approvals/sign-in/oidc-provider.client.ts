import * as oidc from 'openid-client';
import type { Clock, EpochMs } from '../../platform/clock.ts';
import type { AnswerChecks, NotVouched, OidcProvider, Unavailable, Vouched } from './oidc-provider.ts';
import type { OidcSettings } from './oidc-settings.ts';

/** How long the provider may take over one answer. Seconds. */
export const providerTimeoutSeconds = 5;

/** How long the discovery document and the client secret are kept, so that a new one takes effect. */
const keptMs = 900_000;

/** An ID token that was renewed just now was also issued just now, whatever its expiry says. Milliseconds. */
const renewedIdTokenMaxAgeMs = 300_000;

/** Some reasons are the provider's own words. */
const reasonMaxCharacters = 64;

/** Error codes of the library that mean: no proper answer, try again. */
const silences: ReadonlySet<string> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
]);

/** `openid-client` with every check that it has, and none of its own leniencies. */
export class OidcProviderClient implements OidcProvider {
  readonly #settings: OidcSettings;
  readonly #secret: () => Promise<string | undefined>;
  readonly #clock: Clock;
  readonly #timeoutSeconds: number;
  #kept: { readonly configuration: Promise<oidc.Configuration>; readonly until: EpochMs } | undefined;

  /** @param secret The client's secret, or nothing for a public client. */
  constructor(
    settings: OidcSettings,
    secret: () => Promise<string | undefined>,
    clock: Clock,
    timeoutSeconds: number = providerTimeoutSeconds,
  ) {
    this.#settings = settings;
    this.#timeoutSeconds = timeoutSeconds;
    this.#secret = secret;
    this.#clock = clock;
  }

  async signInUrl(checks: AnswerChecks) {
    const codeChallenge = await oidc.calculatePKCECodeChallenge(checks.codeVerifier);
    const made = await this.#ask(async (configuration) => {
      const url = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: this.#settings.redirectUri,
        scope: this.#settings.scopes,
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      });
      return { outcome: 'url' as const, url: url.href };
    });
    return made.outcome === 'not-vouched' ? unavailable(made.reason) : made;
  }

  async exchange(query: string, checks: AnswerChecks) {
    const answer = new URL(this.#settings.redirectUri);
    answer.search = query;
    return this.#ask(async (configuration) => {
      try {
        const tokens = await oidc.authorizationCodeGrant(configuration, answer, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.codeVerifier,
        });
        return vouched(tokens) ?? notVouched('no-id-token');
      } catch (error) {
        // Thrown after state and issuer of the answer were found to be right.
        if (error instanceof oidc.AuthorizationResponseError) return { outcome: 'declined' as const };
        throw error;
      }
    });
  }

  async renew(refreshToken: string) {
    return this.#ask(async (configuration) => {
      const tokens = await oidc.refreshTokenGrant(configuration, refreshToken);
      const renewed = vouched(tokens);
      if (renewed === undefined) {
        return { outcome: 'silent' as const, ...kept(tokens.refresh_token) };
      }
      const issuedAtEpochMs = Number(renewed.claims['iat']) * 1_000;
      return this.#clock() - issuedAtEpochMs <= renewedIdTokenMaxAgeMs ? renewed : notVouched('old-id-token');
    });
  }

  async revoke(refreshToken: string): Promise<void> {
    await this.#ask(async (configuration) => {
      if (configuration.serverMetadata().revocation_endpoint !== undefined) {
        await oidc.tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' });
      }
      return { outcome: 'told' as const };
    });
  }

  async signOutUrl(): Promise<string | undefined> {
    const found = await this.#ask(async (configuration) => {
      const { end_session_endpoint: endpoint } = configuration.serverMetadata();
      const url = endpoint === undefined ? null : URL.parse(endpoint);
      const usable = url?.protocol === 'https:' || (this.#settings.insecure && url?.protocol === 'http:');
      if (url === null || !usable) return { outcome: 'none' as const };
      url.searchParams.set('client_id', this.#settings.clientId);
      // Cognito shows an error page without it; the standard knows no such parameter, so others ignore it.
      url.searchParams.set('logout_uri', new URL('/', this.#settings.redirectUri).href);
      return { outcome: 'url' as const, url: url.href };
    });
    return found.outcome === 'url' ? found.url : undefined;
  }

  /** Where the provider publishes its keys. @throws Error when it does not answer. */
  async keysUrl(): Promise<URL> {
    const { jwks_uri: address } = (await this.#configuration()).serverMetadata();
    if (address === undefined) throw new Error('the identity provider publishes no keys');
    return new URL(address);
  }

  /**
   * Whether one person is the same subject (`sub`) to each client.
   *
   * @throws Error when the provider does not answer.
   */
  async hasPublicSubjects(): Promise<boolean> {
    const { subject_types_supported: types } = (await this.#configuration()).serverMetadata();
    return types?.includes('public') ?? false;
  }

  async #ask<Answer extends { readonly outcome: string }>(
    question: (configuration: oidc.Configuration) => Promise<Answer>,
  ): Promise<Answer | NotVouched | Unavailable> {
    let configuration: oidc.Configuration;
    try {
      configuration = await this.#configuration();
    } catch (error) {
      // A provider whose own description is wrong is no provider; nobody signs in until it is mended.
      return unavailable(`discovery ${codeOf(error)}`);
    }
    try {
      return await question(configuration);
    } catch (error) {
      return this.#verdictOn(error);
    }
  }

  #verdictOn(error: unknown): NotVouched | Unavailable {
    if (error instanceof oidc.ResponseBodyError) {
      const isOurs = error.error === 'invalid_client';
      // Our secret may have been replaced: the next question reads it again.
      if (isOurs) this.#kept = undefined;
      const isLater =
        error.status >= 500 || error.status === 429 || error.error === 'temporarily_unavailable';
      return isOurs || isLater ? unavailable(error.error) : notVouched(error.error);
    }
    if (error instanceof oidc.ClientError && !silences.has(codeOf(error))) return notVouched(codeOf(error));
    // A refused client by header; and `fetch`, which says TypeError where nobody answers.
    if (error instanceof oidc.WWWAuthenticateChallengeError) this.#kept = undefined;
    return unavailable(codeOf(error));
  }

  /** Asked once, and again after a failure. */
  async #configuration(): Promise<oidc.Configuration> {
    const now = this.#clock();
    if (this.#kept === undefined || now >= this.#kept.until) {
      this.#kept = { configuration: this.#discover(), until: now + keptMs };
    }
    const { configuration } = this.#kept;
    try {
      return await configuration;
    } catch (error) {
      if (this.#kept?.configuration === configuration) this.#kept = undefined;
      throw error;
    }
  }

  async #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, idTokenAlgorithm, insecure } = this.#settings;
    const secret = await this.#secret();
    const configuration = await oidc.discovery(
      new URL(issuer),
      clientId,
      { id_token_signed_response_alg: idTokenAlgorithm },
      secret === undefined ? oidc.None() : oidc.ClientSecretPost(secret),
      {
        timeout: this.#timeoutSeconds,
        // The signature counts although the token comes by TLS: a provider behind a proxy is still the provider.
        execute: [oidc.enableNonRepudiationChecks, ...(insecure ? [oidc.allowInsecureRequests] : [])],
      },
    );
    // The library lets some well-known providers answer for another issuer, and does not look at a last slash.
    if (configuration.serverMetadata().issuer !== issuer) {
      throw new Error('the identity provider calls itself by another name than OIDC_ISSUER');
    }
    return configuration;
  }
}

function vouched(
  tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
): Vouched | undefined {
  const claims = tokens.claims();
  return claims === undefined
    ? undefined
    : { outcome: 'vouched', subject: claims.sub, claims, ...kept(tokens.refresh_token) };
}

function kept(refreshToken: string | undefined): { refreshToken?: string } {
  return refreshToken === undefined ? {} : { refreshToken };
}

function notVouched(reason: string): NotVouched {
  return { outcome: 'not-vouched', reason: reason.slice(0, reasonMaxCharacters) };
}

function unavailable(reason: string): Unavailable {
  return { outcome: 'unavailable', reason: reason.slice(0, reasonMaxCharacters) };
}

/** The library's code or the error's name; its message may quote an answer. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
