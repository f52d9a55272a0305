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
import type { OidcSettings } from './oidc-settings.ts';
import { OidcSignIn } from './oidc-sign-in.ts';
import { PersonRecordStore } from './person-record.store.ts';
import { SessionStore } from './session.store.ts';
import type { SessionKeys } from './session.ts';

/** Signing in at the provider of these settings, or at none where there are none. */
export function openSignIn(
  settings: OidcSettings | undefined,
  database: Database,
  controlsTable: string,
  keys: () => Promise<SessionKeys>,
  clock: Clock,
  onTrouble: ConfirmPorts['onTrouble'] = () => undefined,
): IdentityProvider {
  if (settings === undefined) return noSignIn;
  return new OidcSignIn({
    settings,
    provider: new OidcProviderClient(settings, clientSecret(settings.clientSecretArn), clock),
    sessions: new SessionStore(database, controlsTable),
    people: new PersonRecordStore(database, controlsTable),
    keys,
    clock,
    newSecret: () => randomBytes(32).toString('base64url'),
    pause: (ms) => setTimeout(ms),
    onTrouble,
  });
}

/** Identifies callers of the API; absent where the provider has no client for the command line. */
export function openApiIdentity(settings: OidcSettings | undefined, clock: Clock): ApiIdentity | undefined {
  if (settings?.cliClientId === undefined) return undefined;
  const { cliClientId } = settings;
  // Not the one of the pages: the command line's client is public, and works on while their secret cannot be read.
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
