import { exportSPKI, generateKeyPair, type JWTVerifyGetKey, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OidcApiIdentity } from '../../functions/approvals/sign-in/api-identity.ts';
import { openApiIdentity } from '../../functions/approvals/sign-in/oidc-identity.client.ts';
import { oidcSettings } from '../../functions/approvals/sign-in/oidc-settings.ts';
import { now } from './fixtures.ts';
import { type HostileProvider, startHostileProvider } from './hostile-provider.ts';

const issuer = 'https://login.example';
const key = await generateKeyPair('RS256', { extractable: true });
const stranger = await generateKeyPair('RS256');
const seconds = now / 1_000;
const ana = {
  outcome: 'identified',
  identity: { id: 'ana', displayName: 'Ana Duarte', groups: ['approvers'], aliases: ['ana.d'] },
};
const invalid = { outcome: 'refused', because: 'invalid' };
const expired = { outcome: 'refused', because: 'expired' };

function api(
  at = now,
  keys: JWTVerifyGetKey = async () => key.publicKey,
  tokens: Partial<ConstructorParameters<typeof OidcApiIdentity>[0]> = {},
) {
  return new OidcApiIdentity({
    issuer,
    cliClientId: 'interlock-cli',
    idTokenAlgorithm: 'RS256',
    identityClaim: 'sub',
    groupsClaim: 'groups',
    keys,
    hasPublicSubjects: async () => true,
    clock: () => at,
    ...tokens,
  });
}

function sign(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  by: Parameters<SignJWT['sign']>[0] = key.privateKey,
): Promise<string> {
  const honest = {
    iss: issuer,
    aud: 'interlock-cli',
    sub: 'ana',
    name: 'Ana Duarte',
    groups: ['approvers'],
    preferred_username: 'ana.d',
  };
  return new SignJWT({ ...honest, iat: seconds, exp: seconds + 3_600, ...claims })
    .setProtectedHeader({ alg: 'RS256', ...header })
    .sign(by);
}

describe('an ID token of the command line', () => {
  it.each([
    ['as it is', {}, {}],
    ['that says what it is', {}, { typ: 'JWT' }],
    ['for one audience in a list', { aud: ['interlock-cli'] }, {}],
    ['that names the party it was issued to', { azp: 'interlock-cli' }, {}],
  ])('counts %s', async (_case, claims, header) => {
    expect(await api().identify(`Bearer ${await sign(claims, header)}`)).toStrictEqual(ana);
  });

  it.each([
    [299_999, ana],
    [300_000, ana],
    [300_001, expired],
  ])('counts for 5 minutes, however long it lives: after %s ms', async (laterMs, result) => {
    expect(await api(now + laterMs).identify(`Bearer ${await sign()}`)).toStrictEqual(result);
  });

  it.each([
    [69_999, ana],
    [70_000, expired],
    [70_001, expired],
  ])('counts no longer than it lives, and 10 s of skew: after %s ms', async (laterMs, result) => {
    const token = await sign({ exp: seconds + 60 });
    expect(await api(now + laterMs).identify(`Bearer ${token}`)).toStrictEqual(result);
  });

  it.each([
    [-9_999, ana],
    [-10_000, ana],
    [-10_001, invalid],
  ])('does not come from the future: issued %s ms ahead of us', async (laterMs, result) => {
    expect(await api(now + laterMs).identify(`Bearer ${await sign()}`)).toStrictEqual(result);
  });

  it.each<[string, () => Promise<string> | string]>([
    [
      'no signature (alg none)',
      () =>
        new UnsecuredJWT({
          iss: issuer,
          aud: 'interlock-cli',
          sub: 'ana',
          iat: seconds,
          exp: seconds + 60,
        }).encode(),
    ],
    ['the signature of another key', () => sign({}, {}, stranger.privateKey)],
    [
      'an HMAC with the public key as secret',
      async () => sign({}, { alg: 'HS256' }, new TextEncoder().encode(await exportSPKI(key.publicKey))),
    ],
    ['another issuer', () => sign({ iss: 'https://evil.example' })],
    ['the issuer with a slash', () => sign({ iss: `${issuer}/` })],
    ['the pages as audience', () => sign({ aud: 'interlock-pages' })],
    ['a second audience', () => sign({ aud: ['interlock-cli', 'another'] })],
    ['another authorised party', () => sign({ azp: 'interlock-pages' })],
    ['the type of an access token', () => sign({}, { typ: 'at+jwt' })],
    ['no audience', () => sign({ aud: undefined })],
    ['no subject', () => sign({ sub: undefined })],
    ['no expiry', () => sign({ exp: undefined })],
    ['no issue time', () => sign({ iat: undefined })],
    ['a start in the future', () => sign({ nbf: seconds + 60 })],
    ['an unknown critical header', () => sign({}, { crit: ['x'], x: 1 })],
    [
      'an altered claim',
      async () => {
        const [header, , signature] = (await sign()).split('.');
        const claims = Buffer.from(
          JSON.stringify({ iss: issuer, aud: 'interlock-cli', sub: 'kim', iat: seconds, exp: seconds + 60 }),
        );
        return `${header}.${claims.toString('base64url')}.${signature}`;
      },
    ],
  ])('does not count with %s', async (_case, make) => {
    const token = await Promise.resolve()
      .then(make)
      .catch(() => 'not.to.be-signed');
    expect(await api().identify(`Bearer ${token}`)).toStrictEqual(invalid);
  });

  it.each([
    [43_199, 'identified'],
    [43_200, 'identified'],
    [43_201, 'refused'],
  ])('of somebody who signed in %i seconds ago is %s', async (ago, outcome) => {
    const caller = await api().identify(`Bearer ${await sign({ auth_time: seconds - ago })}`);
    expect(caller.outcome).toBe(outcome);
  });

  it('is looked at only as a bearer token', async () => {
    const token = await sign();
    expect(await api().identify(undefined)).toStrictEqual({ outcome: 'refused', because: 'missing' });
    expect(await api().identify('')).toStrictEqual({ outcome: 'refused', because: 'missing' });
    for (const header of [
      token,
      `Basic ${token}`,
      `Bearer  ${token}`,
      `Bearer ${token} x`,
      `Bearer ${'a'.repeat(16_001)}`,
    ]) {
      expect(await api().identify(header)).toStrictEqual(invalid);
    }
  });

  it('is not judged while the keys cannot be read', async () => {
    const away: JWTVerifyGetKey = async () => {
      throw new TypeError('fetch failed');
    };
    expect(await api(now, away).identify(`Bearer ${await sign()}`)).toStrictEqual({ outcome: 'unavailable' });
  });
});

describe('where the provider calls one person by another sub in each client', () => {
  const perClient = { hasPublicSubjects: async () => false };

  it('nobody is identified by it', async () => {
    expect(await api(now, undefined, perClient).identify(`Bearer ${await sign()}`)).toStrictEqual({
      outcome: 'unavailable',
      because: 'subject-per-client',
    });
  });

  it('people are identified by another claim', async () => {
    const byObjectId = api(now, undefined, { ...perClient, identityClaim: 'oid' });
    expect(await byObjectId.identify(`Bearer ${await sign({ oid: '7f3c' })}`)).toMatchObject({
      outcome: 'identified',
      identity: { id: '7f3c' },
    });
  });

  it('a token that is no good is called that', async () => {
    const token = await sign({}, {}, stranger.privateKey);
    expect(await api(now, undefined, perClient).identify(`Bearer ${token}`)).toStrictEqual(invalid);
  });

  it('nobody is identified while it cannot be asked', async () => {
    const away = { hasPublicSubjects: () => Promise.reject(new TypeError('fetch failed')) };
    expect(await api(now, undefined, away).identify(`Bearer ${await sign()}`)).toStrictEqual({
      outcome: 'unavailable',
    });
  });
});

describe('with a provider', () => {
  let provider: HostileProvider;
  beforeAll(async () => {
    provider = await startHostileProvider();
  });
  afterAll(() => provider.stop());

  const opened = (overrides = {}) =>
    openApiIdentity(
      oidcSettings({
        OIDC_ISSUER: provider.issuer,
        OIDC_CLIENT_ID: 'interlock-pages',
        OIDC_CLI_CLIENT_ID: 'interlock-cli',
        PUBLIC_BASE_URL: 'https://approvals.example',
        ENVIRONMENT: 'local',
        ...overrides,
      }),
      () => Date.now(),
    );

  it('reads its keys where it publishes them', async () => {
    const token = await provider.sign('interlock-cli');
    expect(await opened()?.identify(`Bearer ${token}`)).toMatchObject({
      outcome: 'identified',
      identity: { id: 'ana' },
    });
    provider.draft = (honest) => ({ ...honest, signedBy: 'stranger' });
    expect(await opened()?.identify(`Bearer ${await provider.sign('interlock-cli')}`)).toStrictEqual(invalid);
    provider.draft = (honest) => honest;
  });

  it('says so while it is away, and goes on when it is back', async () => {
    const caller = opened();
    const token = `Bearer ${await provider.sign('interlock-cli')}`;
    provider.metadata = { issuer: 'https://evil.example' };
    expect(await caller?.identify(token)).toStrictEqual({ outcome: 'unavailable' });
    provider.metadata = { jwks_uri: `${provider.issuer}/nowhere` };
    expect(await opened()?.identify(token)).toStrictEqual({ outcome: 'unavailable' });
    provider.metadata = {};
    expect(await caller?.identify(token)).toMatchObject({ outcome: 'identified' });
  });

  it.each<[unknown, object]>([
    [['public'], { outcome: 'identified' }],
    [['pairwise', 'public'], { outcome: 'identified' }],
    [['pairwise'], { outcome: 'unavailable', because: 'subject-per-client' }],
    [[], { outcome: 'unavailable', because: 'subject-per-client' }],
    [undefined, { outcome: 'unavailable', because: 'subject-per-client' }],
  ])('that has the subject types %j', async (types, result) => {
    const token = `Bearer ${await provider.sign('interlock-cli', { oid: '7f3c' })}`;
    provider.metadata = { subject_types_supported: types };
    expect(await opened()?.identify(token)).toMatchObject(result);
    expect(await opened({ OIDC_IDENTITY_CLAIM: 'oid' })?.identify(token)).toMatchObject({
      outcome: 'identified',
      identity: { id: '7f3c' },
    });
    provider.metadata = {};
  });

  it('is absent without a client for the command line', () => {
    expect(opened({ OIDC_CLI_CLIENT_ID: '' })).toBeUndefined();
    expect(opened({ OIDC_ISSUER: undefined })).toBeUndefined();
  });
});
