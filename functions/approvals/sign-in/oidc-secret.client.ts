import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** Reads the client secret, a plain text; nothing for a public client. Whoever asks keeps it for a while. */
export function clientSecret(
  arn: string | undefined,
  client?: SecretsManagerClient,
): () => Promise<string | undefined> {
  if (arn === undefined) return async () => undefined;
  const secrets = client ?? new SecretsManagerClient({});
  return async () => {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: arn }));
    if (SecretString === undefined || SecretString === '') {
      throw new Error('the secret of the identity provider’s client is empty');
    }
    return SecretString;
  };
}
