import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { InterlockError } from '../../platform/errors.ts';
import { type SessionKeys, sessionKeys } from './session.ts';

/** Short enough to be guessed offline, so refused. */
const minimumSecretCharacters = 32;

/** How long keys are kept before the secret is read again, so that a rotated one takes effect. */
const keptMs = 300_000;

/** The keys behind cookies and form tokens, read on first use. */
export class SessionSecretClient {
  readonly #client: SecretsManagerClient;
  readonly #secretArn: string;
  #kept: { readonly keys: SessionKeys; readonly until: number } | undefined;

  constructor(secretArn: string, client: SecretsManagerClient = new SecretsManagerClient({})) {
    this.#secretArn = secretArn;
    this.#client = client;
  }

  /** @throws InterlockError `approvals.weak-session-secret` when the secret is missing or too short. */
  async keys(now: number): Promise<SessionKeys> {
    if (this.#kept !== undefined && now < this.#kept.until) return this.#kept.keys;
    const { SecretString } = await this.#client.send(
      new GetSecretValueCommand({ SecretId: this.#secretArn }),
    );
    if (SecretString === undefined || SecretString.length < minimumSecretCharacters) {
      throw new InterlockError(
        'approvals.weak-session-secret',
        `the session secret holds fewer than ${minimumSecretCharacters} characters; store a longer one`,
      );
    }
    this.#kept = { keys: sessionKeys(SecretString), until: now + keptMs };
    return this.#kept.keys;
  }
}
