import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/dynamodb.ts';
import { type ApiIdentity, OidcApiIdentity } from './api-identity.ts';
import type { IdentityProvider } from './identity.ts';
import { noSignIn } from './no-sign-in.tsx';
import type { ConfirmPorts } from './oidc-confirm.ts';
import { OidcProviderClient, providerTimeoutSeconds } from './oidc-provider.client.ts';
import { clientSecret } from './oidc-secret.client.ts';
import { type OidcVariables, oidcSettings } from './oidc-settings.ts';
import { OidcSignIn } from './oidc-sign-in.ts';
import { PersonRecordStore } from './person-record.store.ts';
import { SessionStore } from './session.store.ts';
import type { SessionKeys } from './session.ts';

/**
 * Signing in at the provider that the environment names, or at none where it names none.
 *
 * @throws InterlockError `approvals.invalid-oidc` when the variables do not fit together.
 */
export function openSignIn(
  variables: OidcVariables & { readonly CONTROLS_TABLE: string },
  database: Database,
  keys: () => Promise<SessionKeys>,
  clock: Clock,
  onTrouble: ConfirmPorts['onTrouble'] = () => undefined,
): IdentityProvider {
  const settings = oidcSettings(variables);
  if (settings === undefined) return noSignIn;
  const table = variables.CONTROLS_TABLE;
  return new OidcSignIn({
    settings,
    provider: new OidcProviderClient(settings, clientSecret(settings.clientSecretArn), clock),
    sessions: new SessionStore(database, table),
    people: new PersonRecordStore(database, table),
    keys,
    clock,
    newSecret: () => randomBytes(32).toString('base64url'),
    pause: (ms) => setTimeout(ms),
    onTrouble,
  });
}

/**
 * Identifies callers of the API; absent where the provider has no client for the command line.
 *
 * @throws InterlockError `approvals.invalid-oidc` when the variables do not fit together.
 */
export function openApiIdentity(variables: OidcVariables, clock: Clock): ApiIdentity | undefined {
  const settings = oidcSettings(variables);
  if (settings?.cliClientId === undefined) return undefined;
  const { cliClientId } = settings;
  const provider = new OidcProviderClient(settings, async () => undefined, clock);
  let published: JWTVerifyGetKey | undefined;
  const keys: JWTVerifyGetKey = async (header, token) => {
    published ??= createRemoteJWKSet(await provider.keysUrl(), {
      timeoutDuration: providerTimeoutSeconds * 1_000,
    });
    return published(header, token);
  };
  const hasPublicSubjects = () => provider.hasPublicSubjects();
  return new OidcApiIdentity({ ...settings, cliClientId, keys, hasPublicSubjects, clock });
}
