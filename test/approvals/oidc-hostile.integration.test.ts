import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HostileProvider, startHostileProvider, type TokenDraft } from './hostile-provider.ts';
import { decide, SessionApp, settingsFor, whoIs } from './session-app.ts';

let provider: HostileProvider;
let stage: SessionApp;

beforeAll(async () => {
  provider = await startHostileProvider();
});
afterAll(() => provider.stop());
beforeEach(() => {
  Object.assign(provider, { metadata: {}, answer: {}, draft: (honest: TokenDraft) => honest });
  stage = new SessionApp(settingsFor(provider.issuer));
});

/** Goes through a sign-in and says who the pages take the browser for afterwards. */
async function signIn(
  overrides: Readonly<Record<string, string>> = {},
  browser = stage.browser(),
): Promise<{ who: string | undefined; status: number }> {
  const { location } = await browser.get('/sign-in/start');
  const { status } = await browser.get(provider.answerTo(location ?? '', overrides));
  return { who: await whoIs(browser), status };
}

const seconds = () => Math.floor(Date.now() / 1_000);

/** Each is the honest token with one thing wrong. */
const lies: [string, (honest: TokenDraft) => TokenDraft][] = [
  ['no signature (alg none)', (honest) => ({ ...honest, signedBy: 'none' })],
  ['the signature of another key', (honest) => ({ ...honest, signedBy: 'stranger' })],
  ['an HMAC with the public key as secret', (honest) => ({ ...honest, signedBy: 'public-key' })],
  ['the same key by RS512', (honest) => by('RS512', honest)],
  ['the same key by PS256', (honest) => by('PS256', honest)],
  ['a key that is not published', (honest) => ({ ...honest, header: { ...honest.header, kid: 'k2' } })],
  ['another issuer', (honest) => saying(honest, { iss: 'https://evil.example' })],
  ['the issuer with a slash', (honest) => saying(honest, { iss: `${provider.issuer}/` })],
  ['another audience', (honest) => saying(honest, { aud: 'interlock-cli' })],
  [
    'several audiences and another party',
    (honest) => saying(honest, { aud: ['interlock-pages', 'x'], azp: 'x' }),
  ],
  ['another nonce', (honest) => saying(honest, { nonce: 'A'.repeat(43) })],
  ['no nonce', (honest) => saying(honest, { nonce: undefined })],
  ['an expiry in the past', (honest) => saying(honest, { exp: seconds() - 60, iat: seconds() - 120 })],
  ['no expiry', (honest) => saying(honest, { exp: undefined })],
  ['an expiry that is no number', (honest) => saying(honest, { exp: '9999999999' as unknown as number })],
  ['no issue time', (honest) => saying(honest, { iat: undefined })],
  ['a start in the future', (honest) => saying(honest, { nbf: seconds() + 600 })],
  ['no subject', (honest) => saying(honest, { sub: undefined })],
  ['an empty subject', (honest) => saying(honest, { sub: '' })],
];

function by(alg: string, honest: TokenDraft): TokenDraft {
  return { ...honest, header: { ...honest.header, alg } };
}

function saying(honest: TokenDraft, claims: Readonly<Record<string, unknown>>): TokenDraft {
  return { ...honest, claims: { ...honest.claims, ...claims } };
}

describe('an ID token at sign-in', () => {
  it('counts when it is honest', async () => {
    expect(await signIn()).toStrictEqual({ who: 'ana', status: 303 });
    expect(provider.tokenRequests.at(-1)?.get('code_verifier')).toMatch(/^[\w-]{43}$/);
  });

  it.each(lies)('does not count with %s', async (_case, lie) => {
    provider.draft = lie;
    expect(await signIn()).toStrictEqual({ who: undefined, status: 403 });
    expect(stage.sessions.all.size).toBe(0);
    expect(stage.troubles).toHaveLength(1);
  });

  it('must be there', async () => {
    provider.answer = { id_token: undefined };
    expect(await signIn()).toStrictEqual({ who: undefined, status: 403 });
  });

  it('is not taken from another sign-in of the same browser', async () => {
    const browser = stage.browser();
    const first = (await browser.get('/sign-in/start')).location ?? '';
    provider.answerTo(first);
    const stolen = await provider.sign('interlock-pages');
    provider.answer = { id_token: stolen };
    expect(await signIn({}, browser)).toStrictEqual({ who: undefined, status: 403 });
  });

  it.each([
    ['RS256', 303],
    ['PS256', 403],
    ['RS512', 403],
  ])(
    'counts by the one algorithm that is pinned, whatever the provider announces: %s',
    async (alg, status) => {
      provider.metadata = {
        id_token_signing_alg_values_supported: ['RS256', 'PS256', 'RS512', 'HS256', 'none'],
      };
      provider.draft = (honest) => by(alg, honest);
      expect((await signIn()).status).toBe(status);
      provider.draft = (honest) => ({ ...honest, signedBy: 'public-key' });
      expect((await signIn()).status).toBe(403);
    },
  );

  it.each([
    ['RS256', 403],
    ['PS256', 303],
  ])('counts by another algorithm where that one is configured: %s', async (alg, status) => {
    stage = new SessionApp(settingsFor(provider.issuer, { idTokenAlgorithm: 'PS256' }));
    provider.draft = (honest) => by(alg, honest);
    expect((await signIn()).status).toBe(status);
  });
});

describe('an ID token at a decision', () => {
  const renewable = lies.filter(([name]) => !name.includes('nonce'));

  it.each(renewable)('does not count with %s, and ends the session', async (_case, lie) => {
    const browser = stage.browser();
    await signIn({}, browser);
    provider.draft = lie;
    expect(await decide(browser)).toBe('sign-in-again');
    expect(await whoIs(browser)).toBeUndefined();
    expect((await stage.people.find('ana'))?.confirmedAtEpochMs).toBe(0);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['somebody else', { sub: 'ben' }],
    ['the same person in other letters', { sub: 'Ana' }],
  ])('does not count for %s', async (_case, claims) => {
    const browser = stage.browser();
    await signIn({}, browser);
    provider.draft = (honest) => saying(honest, claims);
    expect(await decide(browser)).toBe('sign-in-again');
    expect(stage.troubles).toStrictEqual(['confirm another-person']);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['another address of the same subject', { email: 'ben@example.com' }],
    ['the same address of another subject', { sub: 'ben' }],
  ])('does not count for %s', async (_case, claims) => {
    stage = new SessionApp(settingsFor(provider.issuer, { identityClaim: 'email' }));
    const mail = { email: 'ana@example.com', email_verified: true };
    provider.draft = (honest) => saying(honest, mail);
    const browser = stage.browser();
    expect((await signIn({}, browser)).who).toBe('ana@example.com');
    expect(await decide(browser)).toStrictEqual(['approvers']);
    provider.draft = (honest) => saying(honest, { ...mail, ...claims });
    expect(await decide(browser)).toBe('sign-in-again');
    expect(stage.troubles).toStrictEqual(['confirm another-person']);
  });

  it('does not count when it was issued long ago', async () => {
    const browser = stage.browser();
    await signIn({}, browser);
    provider.draft = (honest) => saying(honest, { iat: seconds() - 302, exp: seconds() + 300 });
    expect(await decide(browser)).toBe('sign-in-again');
    expect(stage.troubles).toStrictEqual(['confirm old-id-token']);
  });

  it('may be left out only while the claims are fresh', async () => {
    const browser = stage.browser();
    stage.stillAtEpochMs = Date.now();
    await signIn({}, browser);
    provider.answer = { id_token: undefined, refresh_token: 'another' };
    const begun = stage.stillAtEpochMs;
    stage.stillAtEpochMs = begun + 300_000;
    expect(await decide(browser)).toStrictEqual(['approvers']);
    expect(await decide(browser)).toStrictEqual(['approvers']);
    expect(provider.tokenRequests.at(-1)?.get('refresh_token')).toBe('another');
    stage.stillAtEpochMs = begun + 300_001;
    expect(await decide(browser)).toBe('sign-in-again');
  });
});

describe('the answer of a browser', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['an issuer that is not the configured one (mix-up)', { iss: 'https://evil.example' }],
    ['the issuer with a slash', { iss: 'http://127.0.0.1/' }],
    ['an empty issuer', { iss: '' }],
  ])('does not count with %s', async (_case, overrides) => {
    const asked = provider.tokenRequests.length;
    expect(await signIn(overrides)).toStrictEqual({ who: undefined, status: 403 });
    expect(provider.tokenRequests).toHaveLength(asked);
  });
});

describe('a description of the provider', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['another issuer', { issuer: 'https://evil.example' }],
    ['the issuer with a slash', { issuer: 'SLASH' }],
    ['a template for an issuer', { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }],
    ['no issuer', { issuer: undefined }],
  ])('is not taken with %s', async (_case, metadata) => {
    provider.metadata = metadata['issuer'] === 'SLASH' ? { issuer: `${provider.issuer}/` } : metadata;
    const { status, location } = await stage.browser().get('/sign-in/start');
    expect({ status, location }).toStrictEqual({ status: 503, location: null });
    expect(stage.troubles[0]).toMatch(/^sign-in discovery /);
    provider.metadata = {};
    expect((await stage.browser().get('/sign-in/start')).status).toBe(303);
  });

  it('is not asked for in plain http outside of a local stage', async () => {
    stage = new SessionApp(settingsFor(provider.issuer, { insecure: false }));
    expect((await stage.browser().get('/sign-in/start')).status).toBe(503);
  });

  it('may name no place to sign out, or one that no browser should go to', async () => {
    for (const endpoint of [undefined, 'javascript:alert(1)', 'nonsense']) {
      stage = new SessionApp(settingsFor(provider.issuer));
      provider.metadata = { end_session_endpoint: endpoint };
      const { text } = await stage.browser().get('/sign-in?signed-out');
      expect(text).toContain('You are signed out');
      expect(text).not.toContain('too</a>');
    }
  });
});
