import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sessionIdOf } from '../../functions/approvals/sign-in/session.ts';
import type { Browser } from './browser.ts';
import { signInThrough, startProvider, type TestProvider } from './oidc-provider.ts';
import { decide, SessionApp, settingsFor, whoIs } from './session-app.ts';

const users = [
  { id: 'ana', displayName: 'Ana Duarte', groups: ['approvers'] },
  { id: 'ben', groups: ['approvers'] },
];

let provider: TestProvider;
/** It gives no refresh tokens. */
let poor: TestProvider;
let stage: SessionApp;
let browser: Browser;

beforeAll(async () => {
  [provider, poor] = await Promise.all([
    startProvider({ users }),
    startProvider({ users, refreshTokens: false }),
  ]);
});
afterAll(() => Promise.all([provider.stop(), poor.stop()]));
beforeEach(async () => {
  await at(provider);
});
afterEach(() => {
  provider.fail('not');
  provider.setGroups('ana', ['approvers']);
});

async function at(where: TestProvider, timeoutSeconds?: number): Promise<void> {
  stage = new SessionApp(settingsFor(where.issuer), undefined, timeoutSeconds);
  browser = stage.browser();
  await signInThrough(browser, where.issuer, 'ana');
}

function asked(): number {
  return provider.requests.get('/token') ?? 0;
}

describe('a decision asks the provider again', () => {
  it('each time, also where it gives a new refresh token each time', async () => {
    const before = asked();
    expect(await decide(browser)).toStrictEqual(['approvers']);
    expect(await decide(browser)).toStrictEqual(['approvers']);
    expect(asked()).toBe(before + 2);
  });

  it('and counts the groups of that moment', async () => {
    provider.setGroups('ana', []);
    expect(await decide(browser)).toStrictEqual([]);
    provider.setGroups('ana', ['leads', 'approvers']);
    expect(await decide(browser)).toStrictEqual(['leads', 'approvers']);
    expect((await stage.people.find('ana'))?.identity.groups).toStrictEqual(['leads', 'approvers']);
  });

  it('and what it said stays for reading', async () => {
    provider.setGroups('ana', ['leads']);
    for (const [id, session] of stage.sessions.all) stage.sessions.all.set(id, { ...session, aliases: [] });
    await decide(browser);
    const [session] = [...stage.sessions.all.values()];
    expect(session?.groups).toStrictEqual(['leads']);
    expect(session?.aliases).toStrictEqual(['ana@example.com']);
    expect((await stage.people.find('ana'))?.identity.aliases).toStrictEqual(['ana@example.com']);
    expect(session?.renewalUntilEpochMs).toBeUndefined();
  });

  it('while reading does not', async () => {
    const before = asked();
    await whoIs(browser);
    await whoIs(browser);
    expect(asked()).toBe(before);
  });

  it('once after the other, where two forms are sent at once', async () => {
    const both = await Promise.all([decide(browser), decide(browser), decide(browser)]);
    expect(both).toStrictEqual([['approvers'], ['approvers'], ['approvers']]);
    expect(await decide(browser)).toStrictEqual(['approvers']);
  });
});

describe('a decision is refused', () => {
  it('when the provider knows the person no more, and the session is over', async () => {
    const gone = await startProvider({ users });
    await at(gone);
    gone.remove('ana');
    expect(await decide(browser)).toBe('sign-in-again');
    expect(await whoIs(browser)).toBeUndefined();
    expect((await stage.people.find('ana'))?.confirmedAtEpochMs).toBe(0);
    expect((await stage.people.find('ana'))?.identity.groups).toStrictEqual([]);
    await gone.stop();
  });

  it.each(['refusing', 'hanging'] as const)(
    'while the provider is %s, and the session stays',
    async (how) => {
      await at(provider, 0.5);
      provider.fail(how);
      expect(await decide(browser)).toBe('unavailable');
      expect(await whoIs(browser)).toBe('ana');
      expect(stage.troubles).toHaveLength(1);
      provider.fail('not');
      expect(await decide(browser)).toStrictEqual(['approvers']);
    },
  );

  it('when the session ended while the provider was asked', async () => {
    const id = sessionIdOf(browser.cookies.get('__Host-interlock-session') ?? '');
    const { renew } = stage.sessions;
    stage.sessions.renew = async (...given) => {
      await stage.sessions.end(id, 1);
      return renew.apply(stage.sessions, given);
    };
    expect(await decide(browser)).toBe('sign-in-again');
  });

  it('when the session ended before the provider was asked', async () => {
    const id = sessionIdOf(browser.cookies.get('__Host-interlock-session') ?? '');
    const { claimRenewal } = stage.sessions;
    stage.sessions.claimRenewal = async (...given) => {
      const claimed = await claimRenewal.apply(stage.sessions, given);
      await stage.sessions.end(id, 1);
      return claimed;
    };
    expect(await decide(browser)).toBe('sign-in-again');
  });

  it('when the hour is over while the provider was asked', async () => {
    const begun = Date.now();
    stage.stillAtEpochMs = begun;
    await signInThrough(browser, provider.issuer, 'ana');
    const { renew } = stage.sessions;
    stage.sessions.renew = async (...given) => {
      stage.stillAtEpochMs = begun + 3_600_000;
      return renew.apply(stage.sessions, given);
    };
    expect(await decide(browser)).toBe('sign-in-again');
  });

  it('when it is asked for in the name of another session', async () => {
    const ben = stage.browser();
    await signInThrough(ben, provider.issuer, 'ben');
    const id = sessionIdOf(browser.cookies.get('__Host-interlock-session') ?? '');
    const askedBy = async (who: Browser) => JSON.parse((await who.post(`/decide-as/${id}`, {})).text);
    expect(await askedBy(ben)).toStrictEqual({ outcome: 'sign-in-again' });
    expect(await askedBy(browser)).toMatchObject({ outcome: 'confirmed' });
  });

  it('when another request holds the renewal and never gives it back', async () => {
    stage.stillAtEpochMs = Date.now();
    const id = sessionIdOf(browser.cookies.get('__Host-interlock-session') ?? '');
    await stage.sessions.claimRenewal(id, stage.stillAtEpochMs, stage.stillAtEpochMs + 20_000);
    const before = asked();
    expect(await decide(browser)).toBe('unavailable');
    expect(asked()).toBe(before);
    stage.stillAtEpochMs += 20_000;
    expect(await decide(browser)).toStrictEqual(['approvers']);
  });
});

describe('without a refresh token', () => {
  it.each([
    [299_999, ['approvers']],
    [300_000, ['approvers']],
    [300_001, 'sign-in-again'],
  ])('what the provider said counts for 5 minutes: after %s ms', async (laterMs, result) => {
    await at(poor);
    stage.stillAtEpochMs = Date.now();
    await signInThrough(browser, poor.issuer, 'ana');
    stage.stillAtEpochMs += laterMs;
    expect(await decide(browser)).toStrictEqual(result);
    expect(await whoIs(browser)).toBe('ana');
  });

  it('but one that no key opens any more ends the session: the secret was replaced', async () => {
    const [[id, session] = ['', undefined]] = [...stage.sessions.all];
    if (session === undefined) throw new Error('no session');
    stage.sessions.all.set(id, {
      ...session,
      refreshToken: session.refreshToken?.replace(/.{4}$/, 'AAAA') ?? '',
    });
    const before = asked();
    expect(await decide(browser)).toBe('sign-in-again');
    expect(await whoIs(browser)).toBeUndefined();
    expect(asked()).toBe(before);
  });
});
