import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OidcProviderClient } from '../../functions/approvals/sign-in/oidc-provider.client.ts';
import { clientSecret } from '../../functions/approvals/sign-in/oidc-secret.client.ts';
import { pagesClient, signInThrough, startProvider, type TestProvider } from './oidc-provider.ts';
import { decide, SessionApp, settingsFor, whoIs } from './session-app.ts';

let provider: TestProvider;

beforeAll(async () => {
  provider = await startProvider({
    users: [{ id: 'ana', groups: ['approvers'] }],
    clients: [
      {
        ...pagesClient,
        client_id: 'with-secret',
        client_secret: 'the-right-secret',
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
  });
});
afterAll(() => provider.stop());

/** A stage whose client secret is what `secret.value` holds when it is read. */
function stageWith(secret: { value: string | undefined; reads: number }): SessionApp {
  const settings = settingsFor(provider.issuer, { clientId: 'with-secret' });
  const read = async () => {
    secret.reads += 1;
    return secret.value;
  };
  return new SessionApp(settings, new OidcProviderClient(settings, read, () => Date.now()));
}

describe('a client with a secret', () => {
  it('signs in with it, and reads it once', async () => {
    const secret = { value: 'the-right-secret', reads: 0 };
    const stage = stageWith(secret);
    const browser = stage.browser();
    await signInThrough(browser, provider.issuer, 'ana');
    expect(await whoIs(browser)).toBe('ana');
    expect(await decide(browser)).toStrictEqual(['approvers']);
    expect(secret.reads).toBe(1);
  });

  it.each(['the-wrong-secret', undefined])(
    'signs nobody in with %j, and reads the next one',
    async (wrong) => {
      const secret: { value: string | undefined; reads: number } = { value: wrong, reads: 0 };
      const stage = stageWith(secret);
      const browser = stage.browser();
      await signInThrough(browser, provider.issuer, 'ana');
      expect(await whoIs(browser)).toBeUndefined();
      expect(stage.troubles).toStrictEqual(['sign-in invalid_client']);
      secret.value = 'the-right-secret';
      await signInThrough(browser, provider.issuer, 'ana');
      expect(await whoIs(browser)).toBe('ana');
    },
  );

  it('keeps sessions while its secret is wrong: that is not the person’s fault', async () => {
    const secret = { value: 'the-right-secret', reads: 0 };
    const stage = stageWith(secret);
    const browser = stage.browser();
    await signInThrough(browser, provider.issuer, 'ana');
    secret.value = 'the-wrong-secret';
    // As after a cold start.
    const later = stageWith(secret);
    for (const [id, session] of stage.sessions.all) later.sessions.all.set(id, session);
    const same = later.browser();
    for (const [name, value] of browser.cookies) same.cookies.set(name, value);
    expect(await decide(same)).toBe('unavailable');
    expect(await whoIs(same)).toBe('ana');
  });
});

describe('the stored client secret', () => {
  function holding(value: string | undefined): SecretsManagerClient {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new SecretsManagerClient({
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:9',
      credentials,
    });
    const answer = () => async () => ({ output: { SecretString: value }, response: {} });
    client.middlewareStack.add(answer as never, { step: 'initialize' });
    return client;
  }

  it('is read where it is stored', async () => {
    expect(await clientSecret('arn', holding('s'))()).toBe('s');
  });

  it('is none without a place', async () => {
    expect(await clientSecret(undefined)()).toBeUndefined();
  });

  it.each(['', undefined])('is never nothing where there should be one: %j', async (value) => {
    await expect(clientSecret('arn', holding(value))()).rejects.toThrow('is empty');
  });
});
