import { request } from 'node:http';
import { decodeProtectedHeader } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Browser } from '../../local/identity-provider/browser.ts';
import { cliClientId, pagesClientId } from '../../local/identity-provider/configuration.ts';
import { changeGroups, issuedTokens } from '../../local/identity-provider/control-client.ts';
import { formWith, headingOf } from '../../local/identity-provider/page-form.ts';
import { type IdentityProvider, startIdentityProvider } from '../../local/identity-provider/provider.ts';
import type { LocalUser } from '../../local/identity-provider/users.ts';
import { walkDevice } from '../../local/identity-provider/walk.ts';

/** Nothing listens there: the browser is stopped before it returns. */
const frontDoorUrl = 'http://localhost:9';
const callback = `${frontDoorUrl}/sign-in/callback`;
const users: readonly LocalUser[] = [
  { id: 'ana', displayName: 'Ana <b>Duarte</b>', role: 'Approver', groups: ['incident-approvers'] },
  { id: 'mia', displayName: 'Mia Lind', role: 'Developer', groups: [] },
];
const insecure = { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] };
const scope = 'openid profile email';

let provider: IdentityProvider;
/** What reached the terminal, or went wrong inside the provider, since the last test ended. */
const said: string[] = [];

beforeAll(async () => {
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((...words: unknown[]) => void said.push(words.join(' ')));
  }
  const onError = (error: Error): void => void said.push(error.message);
  provider = await startIdentityProvider({ users, frontDoorUrl, onError });
});
afterAll(async () => {
  await provider.stop();
  vi.restoreAllMocks();
});
afterEach(async () => {
  for (const { id, groups } of users) await changeGroups(access(), id, groups);
  // The package warns once per process, at the first use of each part: whichever test that is in.
  expect(said.splice(0)).toEqual([]);
});

describe('signing in to the approval pages', () => {
  it('takes a code with PKCE and says who it is, signed with RS256; no consent, no second question', async () => {
    const { tokens } = await signIn(new Browser(), 'ana');
    expect(tokens.claims()).toMatchObject({
      iss: provider.issuer,
      aud: pagesClientId,
      sub: 'ana',
      name: 'Ana <b>Duarte</b>',
      groups: ['incident-approvers'],
      nonce: 'nonce-1',
    });
    expect(tokens.claims()?.auth_time).toBeTypeOf('number');
    expect(decodeProtectedHeader(tokens.id_token ?? '').alg).toBe('RS256');
    expect(tokens.refresh_token).toBeTypeOf('string');
  });

  it('asks again who it is at each sign-in of one browser, and earlier sign-ins live on', async () => {
    const browser = new Browser();
    const ana = await signIn(browser, 'ana');
    const mia = await signIn(browser, 'mia');
    expect(mia.tokens.claims()?.sub).toBe('mia');
    expect((await refresh(ana)).claims()?.sub).toBe('ana');
    expect((await refresh(mia)).claims()?.sub).toBe('mia');
  });

  it('reads the groups again at every refresh', async () => {
    const signedIn = await signIn(new Browser(), 'ana');
    await changeGroups(access(), 'ana', ['developers', 'leads']);
    expect((await refresh(signedIn)).claims()?.groups).toEqual(['developers', 'leads']);
    await changeGroups(access(), 'ana', []);
    expect((await refresh(signedIn)).claims()?.groups).toEqual([]);
  });

  it('sends a person who cancels back with access_denied', async () => {
    const { browser, page } = await pickPage(new Browser());
    const form = formWith(page.html, 'cancel', page.url);
    const location = await leave(browser, new URL(form.action, page.url), { cancel: 'yes' });
    expect(location.searchParams.get('error')).toBe('access_denied');
    expect(location.searchParams.get('code')).toBeNull();
  });

  it('sends nobody anywhere but to the callback of the approval pages', async () => {
    const config = await discover(pagesClientId);
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: 'http://localhost:9/elsewhere',
      scope,
      code_challenge: await oidc.calculatePKCECodeChallenge('v'.repeat(43)),
      code_challenge_method: 'S256',
    });
    const page = await new Browser().open(url);
    expect(page.status).toBe(400);
    expect(headingOf(page.html)).toBe('That sign-in did not work');
    expect(page.html).toContain('invalid_redirect_uri');
    expect(page.html).toContain('Local only, no proof asked.');
  });

  it('takes no request without PKCE', async () => {
    const config = await discover(pagesClientId);
    const url = oidc.buildAuthorizationUrl(config, { redirect_uri: callback, scope, state: 's' });
    const response = await new Browser().send('GET', url);
    expect(new URL(response.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
  });
});

describe('the page that asks who it is', () => {
  it('says that it is local and asks no proof, escapes names, and runs no script', async () => {
    const { browser, page } = await pickPage(new Browser());
    expect(page.html).toContain('Local only, no proof asked.');
    expect(page.html).toContain('Ana &lt;b&gt;Duarte&lt;/b&gt;');
    expect(page.html).not.toContain('<script');
    const response = await browser.send('GET', page.url);
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action 'self' http:\/\/localhost:9; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('does not know a person who is not seeded', async () => {
    const { browser, page } = await pickPage(new Browser());
    for (const identity of ['eve', '__proto__', '']) {
      const again = await browser.submit(page.url, { identity });
      expect(again.status).toBe(400);
      expect(again.html).toContain('There is no such person here.');
    }
  });

  it('belongs to the browser that began', async () => {
    const { page } = await pickPage(new Browser());
    const stranger = await new Browser().submit(page.url, { identity: 'ana' });
    expect(stranger.status).toBe(400);
    expect(stranger.html).toContain('this sign-in is over');
  });

  it('takes no form from another site', async () => {
    const { browser, page } = await pickPage(new Browser());
    const { status } = await fetch(page.url, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ identity: 'ana' }),
    });
    expect(status).toBe(403);
    expect((await browser.open(page.url)).status).toBe(200);
  });
});

describe('signing the command line in', () => {
  it('gives tokens once the code was confirmed in a browser, and new ones with changed groups', async () => {
    const config = await discover(cliClientId);
    const started = await oidc.initiateDeviceAuthorization(config, { scope });
    expect(started.verification_uri_complete).toContain(started.user_code);
    await walkDevice(started.verification_uri_complete ?? '', 'mia');
    const tokens = await oidc.pollDeviceAuthorizationGrant(config, { ...started, interval: 0.05 });
    expect(tokens.claims()).toMatchObject({ aud: cliClientId, sub: 'mia', groups: [] });
    await changeGroups(access(), 'mia', ['incident-approvers']);
    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(renewed.claims()).toMatchObject({ aud: cliClientId, groups: ['incident-approvers'] });
    await oidc.tokenRevocation(config, tokens.refresh_token ?? '');
    await expect(oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('takes a code that is typed in, and refuses one that is wrong or used', async () => {
    const config = await discover(cliClientId);
    const started = await oidc.initiateDeviceAuthorization(config, { scope });
    const browser = new Browser();
    const asked = await browser.open(started.verification_uri);
    const form = formWith(asked.html, 'user_code', '');
    const device = new URL('/device', provider.issuer);
    const wrong = await browser.submit(device, { ...form.hidden, user_code: 'WRONG-CODE' });
    expect(wrong.html).toContain('the code was not found');
    const next = formWith(wrong.html, 'user_code', '');
    const shown = await browser.submit(device, {
      ...next.hidden,
      user_code: started.user_code.toLowerCase(),
    });
    expect(headingOf(shown.html)).toBe('Is this the code in your terminal?');
    await walkDevice(started.verification_uri_complete ?? '', 'ana');
    await expect(walkDevice(started.verification_uri_complete ?? '', 'mia')).rejects.toThrow();
  });

  it('tells the command line that the person said no', async () => {
    const config = await discover(cliClientId);
    const started = await oidc.initiateDeviceAuthorization(config, { scope });
    const browser = new Browser();
    const page = await browser.open(started.verification_uri_complete ?? '');
    const { hidden } = formWith(page.html, 'abort', '');
    await browser.submit(new URL('/device', provider.issuer), { ...hidden, abort: 'yes' });
    await expect(
      oidc.pollDeviceAuthorizationGrant(config, { ...started, interval: 0.05 }),
    ).rejects.toMatchObject({
      error: 'access_denied',
    });
  });
});

describe('the control endpoint', () => {
  const put = (path: string, headers: Record<string, string>, body = '{"groups":["x"]}') =>
    fetch(`${provider.controlUrl}${path}`, { method: 'PUT', headers, body });
  const json = { 'content-type': 'application/json' };

  it('refuses whoever has not the token of this run, and changes nothing', async () => {
    expect((await put('/users/ana', json)).status).toBe(401);
    expect((await put('/users/ana', { ...json, authorization: 'Bearer ' })).status).toBe(401);
    expect(
      (await put('/users/ana', { ...json, authorization: `Bearer ${provider.controlToken}x` })).status,
    ).toBe(401);
    expect((await fetch(`${provider.controlUrl}/issued`)).status).toBe(401);
    const { tokens } = await signIn(new Browser(), 'ana');
    expect(tokens.claims()?.groups).toEqual(['incident-approvers']);
  });

  it('refuses what a page elsewhere could send without asking: another content type, and leave to send this one', async () => {
    const authorization = `Bearer ${provider.controlToken}`;
    expect((await put('/users/ana', { authorization, 'content-type': 'text/plain' })).status).toBe(415);
    expect((await put('/users/ana', { authorization, 'content-type': 'application/jsonx' })).status).toBe(
      415,
    );
    const preflight = await fetch(`${provider.controlUrl}/users/ana`, {
      method: 'OPTIONS',
      headers: { origin: 'http://evil.example', 'access-control-request-method': 'PUT' },
    });
    expect(preflight.ok).toBe(false);
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('refuses unknown people and malformed groups', async () => {
    const headers = { ...json, authorization: `Bearer ${provider.controlToken}` };
    expect((await put('/users/eve', headers)).status).toBe(404);
    expect((await put('/users/__proto__', headers)).status).toBe(404);
    for (const body of ['', '[]', '{"groups":"x"}', '{"groups":[""]}', '{"groups":[],"id":"mia"}']) {
      expect((await put('/users/ana', headers, body)).status).toBe(400);
    }
    await expect(changeGroups(access(), 'eve', [])).rejects.toThrow(/404/);
  });

  it('lists the tokens handed out, for tests that look for leaks', async () => {
    const signedIn = await signIn(new Browser(), 'ana');
    const renewed = await refresh(signedIn);
    expect(await issuedTokens(access())).toEqual(
      expect.arrayContaining([signedIn.tokens.refresh_token, signedIn.tokens.id_token, renewed.access_token]),
    );
  });
});

describe('the provider', () => {
  it('listens on 127.0.0.1 only, and serves its own name only', async () => {
    const { port } = new URL(provider.issuer);
    await expect(fetch(`http://[::1]:${port}/`)).rejects.toThrow();
    const status = await new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path: '/', headers: { host: `evil.example:${port}` } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .once('error', reject)
        .end();
    });
    expect(status).toBe(421);
    expect((await new Browser().open(provider.issuer)).html).toContain(`href="${frontDoorUrl}/"`);
  });

  it('keeps its keys for the whole run', async () => {
    const keys = async (): Promise<unknown> => (await fetch(`${provider.issuer}/jwks`)).json();
    expect(await keys()).toEqual(await keys());
  });
});

function access() {
  return { identityControlUrl: provider.controlUrl, identityControlToken: provider.controlToken };
}

function discover(clientId: string): Promise<oidc.Configuration> {
  return oidc.discovery(new URL(provider.issuer), clientId, undefined, oidc.None(), insecure);
}

/** The page on which a sign-in of this browser asks who it is. */
async function pickPage(browser: Browser) {
  const config = await discover(pagesClientId);
  const verifier = oidc.randomPKCECodeVerifier();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope,
    state: 'state-1',
    nonce: 'nonce-1',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  return { browser, config, verifier, page: await browser.open(url) };
}

/** Sends a form and follows it up to the address outside the provider. */
async function leave(browser: Browser, url: URL, fields: Record<string, string>): Promise<URL> {
  let response = await browser.send('POST', url, fields);
  let location = new URL(response.headers.get('location') ?? '', url);
  while (location.origin === provider.issuer) {
    response = await browser.send('GET', location);
    location = new URL(response.headers.get('location') ?? '', location);
  }
  expect(location.href).toMatch(/^http:\/\/localhost:9\/sign-in\/callback\?/);
  return location;
}

async function signIn(browser: Browser, user: string) {
  const { config, verifier, page } = await pickPage(browser);
  const { action, hidden } = formWith(page.html, 'identity', page.url);
  const location = await leave(browser, new URL(action, page.url), { ...hidden, identity: user });
  const tokens = await oidc.authorizationCodeGrant(config, location, {
    pkceCodeVerifier: verifier,
    expectedState: 'state-1',
    expectedNonce: 'nonce-1',
    idTokenExpected: true,
  });
  return { config, tokens };
}

function refresh({ config, tokens }: Awaited<ReturnType<typeof signIn>>) {
  return oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
}
