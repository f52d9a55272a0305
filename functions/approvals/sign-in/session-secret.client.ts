import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../../platform/clock.ts';
import { InterlockError } from '../../platform/errors.ts';
import { keptSecret } from '../../platform/kept-secret.client.ts';
import { type SessionKeys, sessionKeys } from './session.ts';

/** Short enough to be guessed offline, so refused. */
const minimumSecretCharacters = 32;

/**
 * The keys behind cookies and form tokens, kept as {@link keptSecret} says.
 *
 * @throws InterlockError `approvals.weak-session-secret`, when they are asked for, where the secret is missing or
 *   too short.
 */
export function sessionSecret(
  secretArn: string,
  clock?: Clock,
  client?: SecretsManagerClient,
): () => Promise<SessionKeys> {
  return keptSecret(secretArn, keysOf, clock, client);
}

function keysOf(secret: string): SessionKeys {
  if (secret.length < minimumSecretCharacters) {
    throw new InterlockError(
      'approvals.weak-session-secret',
      `the session secret holds fewer than ${minimumSecretCharacters} characters; store a longer one`,
    );
  }
  return sessionKeys(secret);
}
