import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { formToken, isFormToken } from '../../functions/approvals/csrf.ts';
import { openSession, sealSession, sessionKeys } from '../../functions/approvals/session.ts';
import { now } from './fixtures.ts';

const keys = sessionKeys('0123456789abcdef0123456789abcdef');
const otherKeys = sessionKeys('another secret of more than 32 characters');
const session = { identityId: 'ana', sessionId: 'session-1' };

/** Signs claims as we do, so that a test can get exactly one of them wrong. */
function forge(
  claims: Record<string, unknown>,
  alg = 'HS256',
  key: Uint8Array = keys.session,
): Promise<string> {
  const seconds = Math.floor(now / 1_000);
  return new SignJWT({
    sub: 'ana',
    sid: 'session-1',
    iss: 'interlock',
    aud: 'interlock-approval-pages',
    iat: seconds,
    exp: seconds + 3_600,
    ...claims,
  })
    .setProtectedHeader({ alg })
    .sign(key);
}

describe('session cookie', () => {
  it('comes back as it was sealed', async () => {
    expect(await openSession(await sealSession(session, keys, now), keys, now)).toStrictEqual(session);
    expect(await openSession(await forge({}), keys, now)).toStrictEqual(session);
  });

  it.each([
    [3_599_999, true],
    [3_600_000, false],
    [3_600_001, false],
  ])('is open after %s ms: %s', async (later, open) => {
    const token = await sealSession(session, keys, now);
    expect((await openSession(token, keys, now + later)) !== undefined).toBe(open);
  });

  it('refuses every altered character', async () => {
    const token = await sealSession(session, keys, now);
    for (let index = 0; index < token.length - 1; index++) {
      const other = token[index] === 'A' ? 'B' : 'A';
      const altered = token.slice(0, index) + other + token.slice(index + 1);
      expect(await openSession(altered, keys, now)).toBeUndefined();
    }
  });

  it.each<[string, () => Promise<string> | string | undefined]>([
    ['nothing', () => undefined],
    ['an empty cookie', () => ''],
    ['no token at all', () => 'ana'],
    ['another secret', () => sealSession(session, otherKeys, now)],
    ['the form key', () => forge({}, 'HS256', keys.form)],
    ['another algorithm', () => forge({}, 'HS512', Buffer.concat([keys.session, keys.session]))],
    ['another issuer', () => forge({ iss: 'elsewhere' })],
    ['another audience', () => forge({ aud: 'another-app' })],
    ['no subject', () => forge({ sub: undefined })],
    ['an empty subject', () => forge({ sub: '' })],
    ['no session id', () => forge({ sid: undefined })],
    ['a session id that is no text', () => forge({ sid: 1 })],
    ['no expiry', () => forge({ exp: undefined })],
    [
      'a life longer than ours',
      () => forge({ iat: Math.floor(now / 1_000) - 3_700, exp: Math.floor(now / 1_000) + 9_000 }),
    ],
    [
      'no signature (alg none)',
      async () => {
        const [, claims] = (await forge({})).split('.');
        return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
      },
    ],
  ])('refuses %s', async (_case, make) => {
    expect(await openSession(await make(), keys, now)).toBeUndefined();
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
