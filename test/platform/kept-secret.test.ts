import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, it } from 'vitest';
import { keptSecret } from '../../functions/platform/kept-secret.client.ts';

/** A secret that holds one text after the other, a new one at each reading. */
class Vault {
  reads = 0;
  at = 1_795_341_600_000;
  readonly read: () => Promise<string>;

  constructor(texts: readonly (string | undefined)[], understand: (text: string) => string) {
    const client = new SecretsManagerClient({ region: 'eu-central-1' });
    const answer = () => async () => ({ output: { SecretString: texts[this.reads++] }, response: {} });
    client.middlewareStack.add(answer as never, { step: 'initialize' });
    this.read = keptSecret('arn', understand, () => this.at, client);
  }
}

it('a secret is kept for five minutes as it was understood', async () => {
  const vault = new Vault(['old', 'new'], (text) => text.toUpperCase());
  expect(vault.reads).toBe(0);
  expect(await vault.read()).toBe('OLD');
  vault.at = 1_795_341_899_999;
  expect(await vault.read()).toBe('OLD');
  vault.at = 1_795_341_900_000;
  expect(await vault.read()).toBe('NEW');
  expect(vault.reads).toBe(2);
});

it('a secret that is not understood is not kept, and one without a text is empty', async () => {
  const vault = new Vault([undefined, 'mended'], (text) => {
    if (text === '') throw new RangeError('empty');
    return text;
  });
  await expect(vault.read()).rejects.toThrow('empty');
  expect(await vault.read()).toBe('mended');
});

it('a secret that is no longer understood does not live on', async () => {
  const vault = new Vault(['good', 'bad'], (text) => {
    if (text === 'bad') throw new RangeError('malformed');
    return text;
  });
  expect(await vault.read()).toBe('good');
  vault.at += 300_000;
  await expect(vault.read()).rejects.toThrow('malformed');
});
