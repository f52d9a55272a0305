import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tokenIn } from './browser.ts';
import { answerOf, attemptsIn, signInThrough, startProvider, type TestProvider } from './oidc-provider.ts';
import { SessionApp, settingsFor, whoIs } from './session-app.ts';

let provider: TestProvider;
let stage: SessionApp;

beforeAll(async () => {
  provider = await startProvider({
    users: [
      { id: 'ana', displayName: 'Ana Duarte', groups: ['approvers'] },
      { id: 'ben', groups: ['approvers'] },
      { id: 'eve', claims: { handle: 'eve\u200b' } },
    ],
  });
});
afterAll(() => provider.stop());
beforeEach(() => {
  provider.fail('not');
  stage = new SessionApp(settingsFor(provider.issuer));
});

const sessionCookie = '__Host-interlock-session';
const path = '/approvals/apr-1?from=mail';

describe('signing in', () => {
  it('leads to the provider and back to where the person was going', async () => {
    const browser = stage.browser();
    const page = await browser.get(`/sign-in?returnTo=${encodeURIComponent(path)}`);
    expect(page.text).toContain(`href="/sign-in/start?returnTo=${encodeURIComponent(path)}"`);
    expect(await signInThrough(browser, provider.issuer, 'ana', path)).toBe(path);
    expect(await whoIs(browser)).toBe('ana');
    expect([...browser.cookies.keys()]).toStrictEqual([sessionCookie]);
  });

  it('asks with PKCE, state, nonce and the one redirect address', async () => {
    const { location } = await stage.browser().get('/sign-in/start?returnTo=/');
    const asked = Object.fromEntries(new URL(location ?? '').searchParams);
    expect(asked).toMatchObject({
      response_type: 'code',
      client_id: 'interlock-pages',
      redirect_uri: 'https://approvals.example/sign-in/callback',
      scope: 'openid profile email',
      code_challenge_method: 'S256',
    });
    expect(asked['code_challenge']).toMatch(/^[\w-]{43}$/);
    expect(asked['nonce']).toMatch(/^[\w-]{43}$/);
    expect(asked['state']?.length).toBeGreaterThan(60);
  });

  it('sets cookies that no script reads and no other host or site sends', async () => {
    const browser = stage.browser();
    const start = await browser.send('/sign-in/start');
    expect(start.headers.get('set-cookie')).toMatch(
      /^__Host-interlock-sign-in-[0-9a-f]{16}=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const done = await browser.send(await answerOf(browser, provider.issuer, 'ana'));
    const [gone, session] = done.headers.getSetCookie();
    expect(gone).toMatch(
      /^__Host-interlock-sign-in-[0-9a-f]{16}=; Max-Age=0; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(session).toMatch(
      /^__Host-interlock-session=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('goes nowhere but this site', async () => {
    const browser = stage.browser();
    for (const returnTo of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:1']) {
      expect(await signInThrough(browser, provider.issuer, 'ana', returnTo)).toBe('/');
    }
  });

  it('keeps neither cookie nor refresh token readable', async () => {
    const browser = stage.browser();
    await signInThrough(browser, provider.issuer, 'ana');
    const [[id, session] = ['', undefined]] = [...stage.sessions.all];
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(session)).not.toContain(browser.cookies.get(sessionCookie));
    expect(session?.refreshToken).toMatch(/^eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('remembers what the provider said of the person', async () => {
    await signInThrough(stage.browser(), provider.issuer, 'ana');
    expect((await stage.people.find('ana'))?.identity).toStrictEqual({
      id: 'ana',
      displayName: 'Ana Duarte',
      groups: ['approvers'],
      aliases: ['ana@example.com'],
    });
  });

  it('says no to a name that looks like another', async () => {
    const names = { identityClaim: 'handle' };
    stage = new SessionApp(settingsFor(provider.issuer, names));
    const browser = stage.browser();
    const page = await browser.get(await answerOf(browser, provider.issuer, 'eve', path));
    expect(page).toMatchObject({ status: 403, location: null });
    expect(page.text).toContain('Your account cannot be used here');
    expect(await whoIs(browser)).toBeUndefined();
  });
});

describe('a new session', () => {
  it('is another one each time, and ends the one before it in this browser', async () => {
    const browser = stage.browser();
    await signInThrough(browser, provider.issuer, 'ana');
    const copy = stage.browser();
    copy.cookies.set(sessionCookie, browser.cookies.get(sessionCookie) ?? '');
    await signInThrough(browser, provider.issuer, 'ana');
    expect(browser.cookies.get(sessionCookie)).not.toBe(copy.cookies.get(sessionCookie));
    expect(await whoIs(copy)).toBeUndefined();
    expect(await whoIs(browser)).toBe('ana');
  });

  it('is not the one that was planted', async () => {
    const planted = 'A'.repeat(43);
    const browser = stage.browser();
    browser.cookies.set(sessionCookie, planted);
    await signInThrough(browser, provider.issuer, 'ana');
    const attacker = stage.browser();
    attacker.cookies.set(sessionCookie, planted);
    expect(await whoIs(attacker)).toBeUndefined();
  });

  it('lasts an hour to the millisecond, whatever is done with it', async () => {
    stage.stillAtEpochMs = Date.now();
    const begun = stage.stillAtEpochMs;
    const browser = stage.browser();
    await signInThrough(browser, provider.issuer, 'ana');
    for (const [laterMs, who] of [
      [3_599_999, 'ana'],
      [3_600_000, undefined],
      [3_600_001, undefined],
    ] as const) {
      stage.stillAtEpochMs = begun + laterMs;
      expect(await whoIs(browser)).toBe(who);
    }
  });

  it('does not outlive a change of the provider', async () => {
    const browser = stage.browser();
    await signInThrough(browser, provider.issuer, 'ana');
    const [[id, session] = ['', undefined]] = [...stage.sessions.all];
    if (session !== undefined) stage.sessions.all.set(id, { ...session, issuer: 'https://other.example' });
    expect(await whoIs(browser)).toBeUndefined();
  });
});

describe('signing out', () => {
  it('ends every copy of the session, and says so', async () => {
    const browser = stage.browser();
    await signInThrough(browser, provider.issuer, 'ana');
    const copy = stage.browser();
    copy.cookies.set(sessionCookie, browser.cookies.get(sessionCookie) ?? '');
    const csrf = tokenIn((await browser.get('/who')).text, '/sign-out');
    const revoked = provider.requests.get('/token/revocation') ?? 0;
    const { location } = await browser.post('/sign-out', { csrf });
    expect(location).toBe('/sign-in?signed-out');
    expect(browser.cookies.size).toBe(0);
    expect(await whoIs(copy)).toBeUndefined();
    expect(provider.requests.get('/token/revocation')).toBe(revoked + 1);
    const page = (await browser.get('/sign-in?signed-out')).text;
    expect(page).toContain('You are signed out');
    const query = 'client_id=interlock-pages&amp;logout_uri=https%3A%2F%2Fapprovals.example%2F';
    expect(page).toContain(`href="${provider.issuer}/session/end?${query}"`);
  });

  it('works while the provider is away', async () => {
    const browser = stage.browser();
    await signInThrough(browser, provider.issuer, 'ana');
    const csrf = tokenIn((await browser.get('/who')).text, '/sign-out');
    const copy = stage.browser();
    copy.cookies.set(sessionCookie, browser.cookies.get(sessionCookie) ?? '');
    provider.fail('refusing');
    expect((await browser.post('/sign-out', { csrf })).status).toBe(303);
    expect(await whoIs(copy)).toBeUndefined();
  });

  it.each([
    ['no form token', () => ({})],
    ['a made-up form token', () => ({ csrf: 'A'.repeat(43) })],
  ])('takes more than %s', async (_case, fields) => {
    const browser = stage.browser();
    await signInThrough(browser, provider.issuer, 'ana');
    expect((await browser.post('/sign-out', fields())).status).toBe(403);
    expect(await whoIs(browser)).toBe('ana');
  });
});

describe('signing in in several tabs', () => {
  const tabs = async (browser: ReturnType<SessionApp['browser']>, count: number) => {
    const answers: string[] = [];
    for (let tab = 1; tab <= count; tab++) {
      answers.push(await answerOf(browser, provider.issuer, 'ana', `/approvals/apr-${tab}`));
    }
    return answers;
  };

  it.each([
    ['the first, then the second', [0, 1]],
    ['the second, then the first', [1, 0]],
  ])('is finished in %s', async (_case, order) => {
    const browser = stage.browser();
    const answers = await tabs(browser, 2);
    for (const tab of order) {
      expect((await browser.get(answers[tab] ?? '')).location).toBe(`/approvals/apr-${tab + 1}`);
      expect(await whoIs(browser)).toBe('ana');
    }
    expect([...browser.cookies.keys()]).toStrictEqual([sessionCookie]);
    const open = [...stage.sessions.all.values()].filter(
      ({ endedAtEpochMs }) => endedAtEpochMs === undefined,
    );
    expect(open).toHaveLength(1);
  });

  it.each([
    [2, 2],
    [3, 3],
    [4, 3],
    [9, 3],
  ])('%s of them, keeps the latest %s', async (count, kept) => {
    const browser = stage.browser();
    const answers = await tabs(browser, count);
    expect(attemptsIn(browser)).toHaveLength(kept);
    const given = await Promise.all(
      answers.map(async (answer) => {
        const copy = stage.browser();
        for (const [name, value] of attemptsIn(browser)) copy.cookies.set(name, value);
        return (await copy.get(answer)).status;
      }),
    );
    expect(given).toStrictEqual([...Array(count - kept).fill(400), ...Array(kept).fill(303)]);
  });

  it('is not finished in one tab with what was begun in another', async () => {
    const browser = stage.browser();
    const [first = '', second = ''] = await tabs(browser, 2);
    const [[one], [other]] = attemptsIn(browser) as [[string, string], [string, string]];
    const swapped = stage.browser();
    swapped.cookies.set(one, browser.cookies.get(other) ?? '');
    swapped.cookies.set(other, browser.cookies.get(one) ?? '');
    expect((await swapped.get(first)).status).toBe(400);
    expect((await swapped.get(second)).status).toBe(400);
    expect(await whoIs(swapped)).toBeUndefined();
  });

  it('takes cookies with names that are not ours as they are', async () => {
    const browser = stage.browser();
    for (const name of ['__Host-interlock-sign-in', '__Host-interlock-sign-in-(x)', 'interlock-sign-in-1']) {
      browser.cookies.set(name, 'x');
    }
    expect(await signInThrough(browser, provider.issuer, 'ana')).toBe('/');
    expect(browser.cookies.size).toBe(4);
  });
});

describe('a request that no person steers', () => {
  const prefetches: [string, RequestInit][] = [
    ['HEAD', { method: 'HEAD' }],
    ['OPTIONS', { method: 'OPTIONS' }],
    ['a prefetch', { headers: { 'sec-purpose': 'prefetch;prerender' } }],
    ['an old prefetch', { headers: { purpose: 'prefetch' } }],
    ['a preview', { headers: { 'x-moz': 'prefetch' } }],
  ];

  it.each(prefetches)('%s of the start gets no cookie', async (_case, init) => {
    const response = await stage.browser().send('/sign-in/start', init);
    expect(response.headers.getSetCookie()).toStrictEqual([]);
    expect(response.headers.get('location')).toBeNull();
    expect(response.status).toBeGreaterThan(399);
  });

  it.each(prefetches)('%s of the callback uses nothing up', async (_case, init) => {
    const browser = stage.browser();
    const answer = await answerOf(browser, provider.issuer, 'ana', path);
    const asked = provider.requests.get('/token') ?? 0;
    const response = await browser.send(answer, init);
    expect(response.headers.getSetCookie()).toStrictEqual([]);
    expect(provider.requests.get('/token') ?? 0).toBe(asked);
    expect(stage.sessions.all.size).toBe(0);
    expect((await browser.get(answer)).location).toBe(path);
    expect(await whoIs(browser)).toBe('ana');
  });
});

describe('an answer that does not count', () => {
  /** It says what happened, offers to sign in again, and the way leads on to where the person was going. */
  async function offersAgain(browser: ReturnType<SessionApp['browser']>, answer: string, status: number) {
    const page = await browser.get(answer);
    expect(page).toMatchObject({ status, location: null });
    const again = /href="\/sign-in\/start\?returnTo=([^"]+)"/.exec(page.text)?.[1] ?? '';
    expect(decodeURIComponent(again)).toBe(path);
    expect(await whoIs(browser)).toBeUndefined();
    return page.text;
  }

  it('because the person did not sign in', async () => {
    const browser = stage.browser();
    const answer = await answerOf(browser, provider.issuer, undefined, path);
    expect(answer).toContain('error=access_denied');
    expect(await offersAgain(browser, answer, 403)).toContain('did not sign you in');
    expect(await signInThrough(browser, provider.issuer, 'ana', path)).toBe(path);
  });

  it('because this browser did not ask', async () => {
    const answer = await answerOf(stage.browser(), provider.issuer, 'ana', path);
    await offersAgain(stage.browser(), answer, 400);
  });

  it('because this browser asked for something else', async () => {
    const victim = stage.browser();
    await victim.get('/sign-in/start?returnTo=/');
    const attempts = attemptsIn(victim);
    expect(attempts).toHaveLength(1);
    const answer = await answerOf(stage.browser(), provider.issuer, 'ben', path);
    await offersAgain(victim, answer, 400);
    expect(attemptsIn(victim)).toStrictEqual(attempts);
  });

  it('because the cookie was altered', async () => {
    const browser = stage.browser();
    const answer = await answerOf(browser, provider.issuer, 'ana', path);
    const [[name, cookie] = ['', '']] = attemptsIn(browser);
    const at = cookie.lastIndexOf('.') + 1;
    browser.cookies.set(name, cookie.slice(0, at) + (cookie[at] === 'A' ? 'B' : 'A') + cookie.slice(at + 1));
    await offersAgain(browser, answer, 400);
  });

  it.each([
    [599_999, 303],
    [600_000, 400],
    [600_001, 400],
  ])('after %s ms: status %s', async (laterMs, status) => {
    stage.stillAtEpochMs = Date.now();
    const browser = stage.browser();
    const answer = await answerOf(browser, provider.issuer, 'ana', path);
    stage.stillAtEpochMs += laterMs;
    expect((await browser.get(answer)).status).toBe(status);
  });

  it('because it was used in another copy of this browser', async () => {
    const browser = stage.browser();
    const answer = await answerOf(browser, provider.issuer, 'ana', path);
    const copy = stage.browser();
    for (const [name, value] of attemptsIn(browser)) copy.cookies.set(name, value);
    const asked = provider.requests.get('/token') ?? 0;
    await browser.get(answer);
    await offersAgain(copy, answer, 400);
    expect(provider.requests.get('/token')).toBe(asked + 1);
  });

  it('because it was used before: whoever is signed in goes on, and after signing out it opens nothing', async () => {
    const browser = stage.browser();
    const answer = await answerOf(browser, provider.issuer, 'ana', path);
    await browser.get(answer);
    expect((await browser.get(answer)).location).toBe(path);
    const csrf = tokenIn((await browser.get('/who')).text, '/sign-out');
    await browser.post('/sign-out', { csrf });
    await offersAgain(browser, answer, 400);
  });

  it.each([
    ['another code', (answer: URL) => answer.searchParams.set('code', 'A'.repeat(43)), 403],
    ['no code', (answer: URL) => answer.searchParams.delete('code'), 403],
    ['two codes', (answer: URL) => answer.searchParams.append('code', 'x'), 403],
    ['another issuer', (answer: URL) => answer.searchParams.set('iss', 'https://evil.example'), 403],
    ['no issuer', (answer: URL) => answer.searchParams.delete('iss'), 403],
    [
      'an error of another issuer',
      (answer: URL) => {
        answer.searchParams.delete('code');
        answer.searchParams.set('error', 'access_denied');
        answer.searchParams.set('iss', 'https://evil.example');
      },
      403,
    ],
  ])('because it carries %s', async (_case, alter, status) => {
    const browser = stage.browser();
    const answer = new URL(
      await answerOf(browser, provider.issuer, 'ana', path),
      'https://approvals.example',
    );
    alter(answer);
    await offersAgain(browser, answer.pathname + answer.search, status);
    expect(stage.troubles).toHaveLength(1);
  });

  it.each([
    ['no state', (answer: URL) => answer.searchParams.delete('state')],
    ['two states', (answer: URL) => answer.searchParams.append('state', 'x')],
    ['a made-up state', (answer: URL) => answer.searchParams.set('state', 'A'.repeat(43))],
    ['nothing', (answer: URL) => void (answer.search = '')],
  ])('because it carries %s', async (_case, alter) => {
    const browser = stage.browser();
    const answer = new URL(
      await answerOf(browser, provider.issuer, 'ana', path),
      'https://approvals.example',
    );
    alter(answer);
    const page = await browser.get(answer.pathname + answer.search);
    expect(page.status).toBe(400);
    expect(page.text).toContain('href="/sign-in/start?returnTo=%2F"');
    expect(await whoIs(browser)).toBeUndefined();
  });
});

describe('a provider that is away', () => {
  it.each(['refusing', 'hanging'] as const)('%s at the start', async (how) => {
    stage = new SessionApp(settingsFor(provider.issuer), undefined, 0.5);
    provider.fail(how);
    const browser = stage.browser();
    const page = await browser.get(`/sign-in/start?returnTo=${encodeURIComponent(path)}`);
    expect(page.status).toBe(503);
    expect(page.text).toContain(`href="/sign-in/start?returnTo=${encodeURIComponent(path)}"`);
    expect(browser.cookies.size).toBe(0);
    provider.fail('not');
    expect(await signInThrough(browser, provider.issuer, 'ana', path)).toBe(path);
  });

  it.each(['refusing', 'hanging'] as const)('%s at the end', async (how) => {
    stage = new SessionApp(settingsFor(provider.issuer), undefined, 0.5);
    const browser = stage.browser();
    const answer = await answerOf(browser, provider.issuer, 'ana', path);
    provider.fail(how);
    const page = await browser.get(answer);
    expect(page.status).toBe(503);
    expect(page.text).toContain('does not answer');
    expect(await whoIs(browser)).toBeUndefined();
    expect(stage.troubles[0]).toMatch(/^sign-in OAUTH_/);
  });

  it('is asked for its description once', async () => {
    const asked = provider.requests.get('/.well-known/openid-configuration') ?? 0;
    await signInThrough(stage.browser(), provider.issuer, 'ana');
    await signInThrough(stage.browser(), provider.issuer, 'ben');
    expect(provider.requests.get('/.well-known/openid-configuration')).toBe(asked + 1);
  });
});
