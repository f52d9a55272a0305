import { describe, expect, it } from 'vitest';
import { formToken, isFormToken } from '../../functions/approvals/pages/csrf.ts';
import {
  newState,
  openAttempt,
  returnPathOf,
  sealAttempt,
  stateDigestOf,
} from '../../functions/approvals/sign-in/oidc-attempt.ts';
import { seal, unseal } from '../../functions/approvals/sign-in/oidc-seal.ts';
import { safeReturnPath } from '../../functions/approvals/sign-in/return-path.ts';
import {
  canBeSessionSecret,
  isFresh,
  isOpen,
  refreshTokenKey,
  type Session,
  sessionIdOf,
  sessionKeys,
} from '../../functions/approvals/sign-in/session.ts';
import { now } from './fixtures.ts';
import { sessionOf } from './session-contract.ts';

const keys = sessionKeys('0123456789abcdef0123456789abcdef');
const otherKeys = sessionKeys('another secret of more than 32 characters');
const cookie = 'kY1bW7w0pS3n5u8xQ2e4r6t8y0u1i3o5p7a9s1d3f5g';
const issuer = 'https://login.example';

describe('session cookie', () => {
  it.each<[string, string | undefined, boolean]>([
    ['43 characters of base64url', cookie, true],
    ['one fewer', cookie.slice(1), false],
    ['one more', `${cookie}A`, false],
    ['another alphabet', cookie.replace('k', '+'), false],
    ['a line break at the end', `${cookie}\n`, false],
    ['a huge one', 'A'.repeat(100_000), false],
    ['an empty one', '', false],
    ['none', undefined, false],
  ])('%s: %s', (_case, given, expected) => {
    expect(canBeSessionSecret(given)).toBe(expected);
  });

  it('is not what the table knows the session by', () => {
    expect(sessionIdOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('a session', () => {
  it.each<[string, Partial<Session>, number, boolean]>([
    ['a millisecond before its end', {}, now + 3_599_999, true],
    ['at its end', {}, now + 3_600_000, false],
    ['a millisecond after its end', {}, now + 3_600_001, false],
    ['ended by its owner', { endedAtEpochMs: now + 1 }, now + 2, false],
    ['of a provider that is configured no more', { issuer: 'https://old.example' }, now, false],
  ])('%s', (_case, overrides, at, open) => {
    expect(isOpen(sessionOf(overrides), issuer, at)).toBe(open);
  });

  it.each([
    [now + 299_999, true],
    [now + 300_000, true],
    [now + 300_001, false],
  ])('is fresh at %s: %s', (at, fresh) => {
    expect(isFresh(sessionOf(), at)).toBe(fresh);
  });
});

describe('a stored refresh token', () => {
  const key = refreshTokenKey(keys, cookie);

  it('opens with its secret and its cookie together', async () => {
    expect(await unseal(key, 'refresh-token', await seal(key, 'refresh-token', 'r1'))).toBe('r1');
  });

  it.each<[string, Uint8Array]>([
    ['the secret alone', keys.session],
    ['the key of another cookie', refreshTokenKey(keys, cookie.replace('k', 'K'))],
    ['the cookie under another secret', refreshTokenKey(otherKeys, cookie)],
    ['the key of forms', keys.form],
    ['the key of sign-ins', keys.signIn],
  ])('does not open with %s', async (_case, other) => {
    expect(await unseal(other, 'refresh-token', await seal(key, 'refresh-token', 'r1'))).toBeUndefined();
  });

  it('does not open as anything else, nor altered', async () => {
    const sealed = await seal(key, 'refresh-token', 'r1');
    expect(await unseal(key, 'sign-in-attempt', sealed)).toBeUndefined();
    for (let index = 0; index < sealed.length; index++) {
      // The last character of each part holds bits that mean nothing.
      if (sealed[index] !== '.' && '.'.includes(sealed[index + 1] ?? '.')) continue;
      const other = sealed[index] === 'A' ? 'B' : 'A';
      const altered = sealed.slice(0, index) + other + sealed.slice(index + 1);
      expect(await unseal(key, 'refresh-token', altered)).toBeUndefined();
    }
  });

  it.each([undefined, '', 'x', 'a.b.c', 'a..b.c.d', 'A'.repeat(100_000)])('is not %j', async (sealed) => {
    expect(await unseal(key, 'refresh-token', sealed)).toBeUndefined();
  });
});

describe('a sign-in under way', () => {
  const attempt = async (state: string) => ({
    stateDigest: stateDigestOf(state),
    nonce: 'n',
    codeVerifier: 'v',
    startedAtEpochMs: now,
  });

  it.each([
    [now + 599_999, true],
    [now + 600_000, false],
    [now + 600_001, false],
  ])('counts at %s: %s', async (at, counts) => {
    const begun = await attempt('s1');
    const opened = await openAttempt(keys, await sealAttempt(keys, begun), 's1', at);
    expect(opened).toStrictEqual(counts ? begun : undefined);
  });

  it.each<[string, () => Promise<string | undefined>, string | undefined]>([
    ['another state', async () => sealAttempt(keys, await attempt('s1')), 's2'],
    ['no state', async () => sealAttempt(keys, await attempt('s1')), undefined],
    ['another secret', async () => sealAttempt(otherKeys, await attempt('s1')), 's1'],
    ['no cookie', async () => undefined, 's1'],
    ['the state in place of the cookie', async () => newState(keys, '/'), 's1'],
  ])('does not count with %s', async (_case, sealed, state) => {
    expect(await openAttempt(keys, await sealed(), state, now)).toBeUndefined();
  });

  it('has a state that nobody can guess, and that leads back', async () => {
    const states = await Promise.all([newState(keys, '/approvals/a1'), newState(keys, '/approvals/a1')]);
    expect(states[0]).not.toBe(states[1]);
    expect(await returnPathOf(keys, states[0])).toBe('/approvals/a1');
  });

  it.each<[string, () => Promise<string | undefined>]>([
    ['a state of another secret', () => newState(otherKeys, '/approvals/a1')],
    ['a made-up state', async () => 'A'.repeat(43)],
    ['no state', async () => undefined],
    ['a cookie', async () => sealAttempt(keys, await attempt('s1'))],
    ['a path elsewhere', () => newState(keys, '//evil.example')],
  ])('leads to the inbox with %s', async (_case, state) => {
    expect(await returnPathOf(keys, await state())).toBe('/');
  });
});

describe('where to go after signing in', () => {
  it.each<[unknown, string]>([
    ['/approvals/a1', '/approvals/a1'],
    ['/approvals/a1?from=mail&x=%2F', '/approvals/a1?from=mail&x=%2F'],
    ['/a/../b', '/b'],
    ['https://evil.example/', '/'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/%5cevil.example', '/%5cevil.example'],
    ['/..//evil.example', '/'],
    ['/.//evil.example', '/'],
    ['/\tx', '/'],
    ['/\n/evil.example', '/'],
    [' /approvals', '/'],
    ['javascript:alert(1)', '/'],
    ['data:text/html,x', '/'],
    ['/ä', '/'],
    ['', '/'],
    [`/${'a'.repeat(511)}`, `/${'a'.repeat(511)}`],
    [`/${'a'.repeat(512)}`, '/'],
    [undefined, '/'],
    [['/a', '/b'], '/'],
  ])('%j leads to %j', (asked, path) => {
    expect(safeReturnPath(asked)).toBe(path);
  });
});

describe('form token', () => {
  const token = formToken(keys, 'session-1', 'approval/a1');

  it('fits its session and purpose', () => {
    expect(isFormToken(keys, 'session-1', 'approval/a1', token)).toBe(true);
  });

  it.each([
    ['another session', 'session-2', 'approval/a1', token],
    ['another approval', 'session-1', 'approval/a2', token],
    ['another form', 'session-1', 'sign-out', token],
    ['a shifted boundary', 'session-1","approval', '/a1', token],
    ['nothing', 'session-1', 'approval/a1', undefined],
    ['an empty one', 'session-1', 'approval/a1', ''],
    ['several', 'session-1', 'approval/a1', [token, token]],
    ['a longer one', 'session-1', 'approval/a1', `${token}A`],
    ['a shorter one', 'session-1', 'approval/a1', token.slice(1)],
    ['one of another secret', 'session-1', 'approval/a1', formToken(otherKeys, 'session-1', 'approval/a1')],
  ])('refuses %s', (_case, sessionId, purpose, given) => {
    expect(isFormToken(keys, sessionId, purpose, given)).toBe(false);
  });
});
