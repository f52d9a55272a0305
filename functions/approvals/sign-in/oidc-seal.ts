import { CompactEncrypt, compactDecrypt } from 'jose';

/** What a sealed text is for; one never opens as the other. */
export type SealedFor = 'refresh-token' | 'sign-in-attempt' | 'return-path';

/** Encrypts and authenticates a JSON value (JWE compact, A256GCM). @param key 32 bytes. */
export async function seal(key: Uint8Array, purpose: SealedFor, value: unknown): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(value)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: typeOf(purpose) })
    .encrypt(key);
}

/** The value, or nothing: absent, altered, and sealed under another key or for something else are all the same. */
export async function unseal(
  key: Uint8Array,
  purpose: SealedFor,
  sealed: string | undefined,
): Promise<unknown> {
  if (sealed === undefined || sealed.length > 8_192) return undefined;
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return protectedHeader.typ === typeOf(purpose)
      ? JSON.parse(new TextDecoder().decode(plaintext))
      : undefined;
  } catch {
    return undefined;
  }
}

function typeOf(purpose: SealedFor): string {
  return `interlock-${purpose}`;
}
