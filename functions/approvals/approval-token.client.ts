import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { DependencyUnavailableError } from '../platform/errors.ts';

/** Errors that no retry mends: this ciphertext was not made by this key for this approval. */
const unreadable = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

/**
 * Task tokens under the approval key, bound to their approval by the encryption context. Whoever holds a
 * token can answer for people, so it stands nowhere else, and no error carries it.
 */
export class ApprovalTokenClient {
  readonly #client: KMSClient;
  readonly #keyArn: string;

  constructor(keyArn: string, client: KMSClient = new KMSClient({})) {
    this.#keyArn = keyArn;
    this.#client = client;
  }

  /** @throws DependencyUnavailableError `approval.token-not-encrypted`, without its cause: that may quote the token. */
  async encrypt(approvalId: string, token: string): Promise<Uint8Array> {
    try {
      const { CiphertextBlob } = await this.#client.send(
        new EncryptCommand({
          KeyId: this.#keyArn,
          Plaintext: Buffer.from(token, 'utf8'),
          EncryptionContext: { approvalId },
        }),
      );
      if (CiphertextBlob !== undefined) return CiphertextBlob;
    } catch (error) {
      throw unavailable('approval.token-not-encrypted', approvalId, error);
    }
    throw unavailable('approval.token-not-encrypted', approvalId, undefined);
  }

  /** @throws DependencyUnavailableError `approval.token-not-decrypted` when KMS did not answer or refused us. */
  async decrypt(approvalId: string, ciphertext: Uint8Array): Promise<string | 'unreadable'> {
    try {
      const { Plaintext } = await this.#client.send(
        new DecryptCommand({
          KeyId: this.#keyArn,
          CiphertextBlob: ciphertext,
          EncryptionContext: { approvalId },
        }),
      );
      return Plaintext === undefined ? 'unreadable' : Buffer.from(Plaintext).toString('utf8');
    } catch (error) {
      if (error instanceof Error && unreadable.has(error.name)) return 'unreadable';
      throw unavailable('approval.token-not-decrypted', approvalId, error);
    }
  }
}

function unavailable(code: string, approvalId: string, error: unknown): DependencyUnavailableError {
  const name = error instanceof Error ? error.name : 'no answer';
  return new DependencyUnavailableError(code, `KMS did not serve approval ${approvalId} (${name}); retry`);
}
