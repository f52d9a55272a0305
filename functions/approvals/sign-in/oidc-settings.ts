import * as z from 'zod/mini';
import { InterlockError } from '../../platform/errors.ts';

/** Signature algorithms of ID tokens that may be pinned: asymmetric ones only, so that a public key never verifies an HMAC. */
export const idTokenAlgorithms = ['RS256', 'PS256', 'ES256', 'Ed25519'] as const;

/** An identity provider and what it knows this stage as. */
export interface OidcSettings {
  /** Exactly as the provider's discovery document and ID tokens spell it, to the last slash. */
  readonly issuer: string;
  /** Client of the pages: authorization code with PKCE. */
  readonly clientId: string;
  /** Client of the command line: a public one with the device grant. Absent: the CLI cannot sign in. */
  readonly cliClientId?: string;
  /** Secrets Manager secret of the pages' client. Absent for a public client: PKCE stands in either way. */
  readonly clientSecretArn?: string;
  /** Separated by spaces, `openid` among them. */
  readonly scopes: string;
  /** Claim of the ID token that lists groups. */
  readonly groupsClaim: string;
  /**
   * Claim that names a person in `policies/approvers.json` and in the ledger. It must never pass to somebody else,
   * and be the same for the pages and the command line: `sub` is not at providers with pairwise subjects.
   */
  readonly identityClaim: string;
  /** The one algorithm that ID tokens may be signed with. */
  readonly idTokenAlgorithm: (typeof idTokenAlgorithms)[number];
  /** Where the provider sends people back to; never taken from a request. */
  readonly redirectUri: string;
  /** Whether plain `http` to the provider is allowed: in a local stage only. */
  readonly insecure: boolean;
}

/** What holds where a stage says nothing else of its provider. */
export const oidcDefaults = {
  scopes: 'openid profile email',
  groupsClaim: 'groups',
  identityClaim: 'sub',
  idTokenAlgorithm: 'RS256',
} as const satisfies Partial<OidcSettings>;

const text = z.optional(z.string());

/** The environment variables of a function that identifies people; an empty one counts as absent. */
export const oidcVariables = {
  OIDC_ISSUER: text,
  OIDC_CLIENT_ID: text,
  OIDC_CLI_CLIENT_ID: text,
  OIDC_CLIENT_SECRET_ARN: text,
  OIDC_SCOPES: text,
  OIDC_GROUPS_CLAIM: text,
  OIDC_IDENTITY_CLAIM: text,
  OIDC_ID_TOKEN_ALGORITHM: text,
  PUBLIC_BASE_URL: text,
  ENVIRONMENT: z.string(),
};

/** {@link oidcVariables} as read. */
export type OidcVariables = {
  readonly [Name in Exclude<keyof typeof oidcVariables, 'ENVIRONMENT'>]?: string | undefined;
} & {
  readonly ENVIRONMENT: string;
};

/**
 * The identity provider that the environment names, or nothing where it names none.
 *
 * @throws InterlockError `approvals.invalid-oidc` naming the variable at fault, never its value.
 */
export function oidcSettings(variables: OidcVariables): OidcSettings | undefined {
  const { OIDC_ISSUER: issuer, ENVIRONMENT } = variables;
  if (issuer === undefined || issuer === '') return undefined;
  const insecure = ENVIRONMENT === 'local';
  const issuerUrl = address('OIDC_ISSUER', issuer, insecure);
  // The library takes such an address as it is, without comparing the issuer that it finds there.
  if (issuerUrl.search !== '' || issuerUrl.pathname.includes('/.well-known/')) throw malformed('OIDC_ISSUER');
  const named = variables.OIDC_ID_TOKEN_ALGORITHM || oidcDefaults.idTokenAlgorithm;
  const algorithm = idTokenAlgorithms.find((name) => name === named);
  if (algorithm === undefined) throw malformed('OIDC_ID_TOKEN_ALGORITHM');
  const publicBaseUrl = required('PUBLIC_BASE_URL', variables.PUBLIC_BASE_URL);
  return {
    issuer,
    clientId: required('OIDC_CLIENT_ID', variables.OIDC_CLIENT_ID),
    ...(variables.OIDC_CLI_CLIENT_ID ? { cliClientId: variables.OIDC_CLI_CLIENT_ID } : {}),
    ...(variables.OIDC_CLIENT_SECRET_ARN ? { clientSecretArn: variables.OIDC_CLIENT_SECRET_ARN } : {}),
    scopes: variables.OIDC_SCOPES || oidcDefaults.scopes,
    groupsClaim: variables.OIDC_GROUPS_CLAIM || oidcDefaults.groupsClaim,
    identityClaim: variables.OIDC_IDENTITY_CLAIM || oidcDefaults.identityClaim,
    idTokenAlgorithm: algorithm,
    redirectUri: address('PUBLIC_BASE_URL', `${publicBaseUrl}/sign-in/callback`, insecure).href,
    insecure,
  };
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw malformed(name);
  return value;
}

function address(name: string, value: string, insecure: boolean): URL {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') throw malformed(name);
  if (url.protocol !== 'https:' && !(insecure && url.protocol === 'http:')) throw malformed(name);
  return url;
}

function malformed(name: string): InterlockError {
  return new InterlockError(
    'approvals.invalid-oidc',
    `${name} is missing or cannot be used for signing in (https only, but in a local stage); set it on the function`,
  );
}
