import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import type { ProviderContext } from 'oidc-provider';
import { memoryStorage } from './memory-storage.ts';
import { codeInputPage, codePage, errorPage, signedInPage } from './pages.ts';
import type { Directory } from './users.ts';

/** The approval pages: authorization code with PKCE, no secret. */
export const pagesClientId = 'interlock-pages';

/** The command line: device authorization grant, no secret. */
export const cliClientId = 'interlock-cli';

/** Session of a browser at the provider. */
export const sessionCookieName = 'interlock-local-session';

/** What both clients may ask for. */
export const scopes = ['openid', 'profile', 'email', 'offline_access'];
const hour = 3_600;

/**
 * Settings of the local identity provider. Its keys are made anew for each run. Groups stand in every ID token and
 * are read when it is made, so that a refresh shows what was changed meanwhile. No consent is asked and a session
 * of the provider binds nothing: both clients are Interlock itself.
 *
 * @param redirectUri The one place to which a sign-in of the approval pages returns.
 */
export async function providerConfiguration(
  directory: Directory,
  redirectUri: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = await exportJWK(privateKey);
  const person = (context: ProviderContext): string =>
    directory.find(context.oidc?.session?.accountId ?? '')?.displayName ?? '';
  const show = (context: ProviderContext, html: string): void => {
    context.type = 'html';
    context.body = html;
  };
  return {
    adapter: memoryStorage(),
    jwks: { keys: [{ ...key, alg: 'RS256', use: 'sig', kid: randomBytes(8).toString('hex') }] },
    // Browsers share cookies between the ports of localhost: other programs there must not know these names.
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: {
        session: sessionCookieName,
        interaction: 'interlock-local-interaction',
        resume: 'interlock-local-resume',
      },
    },
    clients: [
      {
        client_id: pagesClientId,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [redirectUri],
        require_auth_time: true,
      },
      {
        client_id: cliClientId,
        token_endpoint_auth_method: 'none',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        response_types: [],
        redirect_uris: [],
        require_auth_time: true,
      },
    ],
    scopes,
    claims: { openid: ['sub', 'groups'], profile: ['name', 'preferred_username'], email: ['email'] },
    // Otherwise the profile would stand in the userinfo answer only.
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, id: string) =>
      directory.find(id) === undefined ? undefined : { accountId: id, claims: () => claimsOf(directory, id) },
    loadExistingGrant: grantEverything,
    issueRefreshToken: () => true,
    expiresWithSession: () => false,
    // As Cognito, Google and Entra do by default: two forms sent at once from one session are both renewed.
    rotateRefreshToken: false,
    clientBasedCORS: () => false,
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    renderError: (context: ProviderContext, out: { error: string; error_description?: string }) =>
      show(context, errorPage(out.error, out.error_description ?? '')),
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_context: unknown, client: { clientId: string }, token: { clientId: string }) =>
          client.clientId === token.clientId,
      },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (context: ProviderContext, _form: string, _out: unknown, error?: Error) =>
          show(context, codeInputPage(formSecret(context), error === undefined ? undefined : error.message)),
        userCodeConfirmSource: (
          context: ProviderContext,
          _form: string,
          _client: unknown,
          _device: unknown,
          code: string,
        ) => show(context, codePage(formSecret(context), code)),
        successSource: (context: ProviderContext) => show(context, signedInPage(person(context))),
      },
    },
    ttl: {
      AccessToken: hour,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 14 * 24 * hour,
      IdToken: 300,
      Interaction: 600,
      RefreshToken: 14 * 24 * hour,
      Session: hour,
    },
  };
}

/** Grants a client all {@link scopes}: nobody is asked for consent. */
export async function grantEverything({ oidc }: ProviderContext) {
  const clientId = oidc?.client?.clientId;
  const accountId = oidc?.session?.accountId;
  if (oidc === undefined || clientId === undefined || accountId === undefined) return undefined;
  const grant = new oidc.provider.Grant({ clientId, accountId });
  grant.addOIDCScope(scopes.join(' '));
  await grant.save();
  return grant;
}

/** Binds a form of the device flow to the browser that was shown it. */
export function formSecret({ oidc }: ProviderContext): string {
  return oidc?.session?.state?.secret ?? '';
}

function claimsOf(directory: Directory, sub: string): Readonly<Record<string, unknown>> {
  const user = directory.find(sub);
  return {
    sub,
    name: user?.displayName,
    preferred_username: sub,
    email: `${sub}@interlock.invalid`,
    groups: user?.groups ?? [],
  };
}
