import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Clock, type EpochMs, systemClock } from './clock.ts';

/** How long a secret is kept before it is read again, so that a rotated one takes effect. */
const keptMs = 300_000;

/**
 * A secret of Secrets Manager, read on first use and again after five minutes.
 *
 * @param understand Makes of its text what is kept; nothing is kept where this throws. The text is empty where the
 *   secret holds none.
 */
export function keptSecret<Value>(
  secretArn: string,
  understand: (text: string) => Value,
  clock: Clock = systemClock,
  client: SecretsManagerClient = new SecretsManagerClient({}),
): () => Promise<Value> {
  let kept: { readonly value: Value; readonly untilEpochMs: EpochMs } | undefined;
  return async () => {
    const now = clock();
    if (kept !== undefined && now < kept.untilEpochMs) return kept.value;
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    const value = understand(SecretString);
    kept = { value, untilEpochMs: now + keptMs };
    return value;
  };
}
