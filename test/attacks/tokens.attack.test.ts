import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type HostileProvider,
  startHostileProvider,
  type TokenDraft,
} from '../approvals/hostile-provider.ts';
import type { Asked } from './asked.ts';
import { sessionCookie } from './attacked-people.ts';
import type { Visitor } from './visitor.ts';
import { World } from './world.ts';

let provider: HostileProvider;
let world: World;
let asked: Asked;
beforeEach(async () => {
  provider = await startHostileProvider();
  world = await World.open({ issuer: provider.issuer });
  asked = await world.ask();
});
afterEach(async () => {
  await world.close();
  await provider.stop();
});

/** Goes through a sign-in at the provider that lies. @returns the status of its end */
async function signIn(visitor: Visitor, overrides: Readonly<Record<string, string>> = {}): Promise<number> {
  const { headers, status } = await visitor.ask('GET', '/sign-in/start');
  const location = headers.get('location');
  if (location === null) return status;
  return (await visitor.ask('GET', provider.answerTo(location, overrides))).status;
}

async function isRefused(overrides: Readonly<Record<string, string>> = {}): Promise<void> {
  const visitor = world.visitor();
  expect(await signIn(visitor, overrides)).toBeGreaterThanOrEqual(400);
  expect(visitor.cookies.has(sessionCookie)).toBe(false);
}

const seconds = (): number => Math.floor(Date.now() / 1_000);

function saying(claims: Readonly<Record<string, unknown>>) {
  return (honest: TokenDraft): TokenDraft => ({ ...honest, claims: { ...honest.claims, ...claims } });
}

function by(alg: string) {
  return (honest: TokenDraft): TokenDraft => ({ ...honest, header: { ...honest.header, alg } });
}

type Lie = (honest: TokenDraft) => TokenDraft;

/** Each is the honest token of an approver with one thing wrong. */
const lies: readonly [string, Lie][] = [
  ['has no signature (alg none)', (honest) => ({ ...honest, signedBy: 'none' })],
  ['is signed by somebody else', (honest) => ({ ...honest, signedBy: 'stranger' })],
  ['is an HMAC with the published key (alg HS256)', (honest) => ({ ...honest, signedBy: 'public-key' })],
  ['is signed by an algorithm that is not the pinned one', by('RS512')],
  ['is from another issuer', saying({ iss: 'https://evil.example' })],
  ['is for another client', saying({ aud: 'attacked-cli' })],
  ['has expired', saying({ iat: seconds() - 120, exp: seconds() - 60 })],
  ['never expires', saying({ exp: undefined })],
  ['is not valid yet', saying({ nbf: seconds() + 3_600 })],
  ['names nobody', saying({ sub: undefined })],
];

describe('an ID token at sign-in', () => {
  it('that is honest counts, with the proof that the code was ours (PKCE)', async () => {
    const visitor = world.visitor();
    expect(await signIn(visitor)).toBe(303);
    expect(await visitor.approve(asked)).toBe(303);
    expect(provider.tokenRequests[0]?.get('code_verifier')).toMatch(/^[\w-]{43}$/);
    expect(provider.tokenRequests[0]?.get('redirect_uri')).toBe('https://approvals.example/sign-in/callback');
  });

  it.each(lies)('%s', async (_what, lie) => {
    provider.draft = lie;
    await isRefused();
  });

  it('answers another question (nonce)', async () => {
    for (const nonce of ['A'.repeat(43), '', undefined]) {
      provider.draft = saying({ nonce });
      await isRefused();
    }
  });

  it('was stolen from another sign-in of the same browser', async () => {
    const visitor = world.visitor();
    const first = (await visitor.ask('GET', '/sign-in/start')).headers.get('location') ?? '';
    provider.answerTo(first);
    provider.answer = { id_token: await provider.sign('interlock-pages') };
    expect(await signIn(visitor)).toBe(403);
    expect(visitor.cookies.has(sessionCookie)).toBe(false);
  });

  it('comes by an answer of another issuer (mix-up)', async () => {
    for (const iss of ['https://evil.example', `${provider.issuer}/`, '', provider.issuer.toUpperCase()]) {
      await isRefused({ iss });
    }
    expect(provider.tokenRequests).toHaveLength(0);
  });

  it('is asked for twice with one answer, where the provider takes a code as often as it comes', async () => {
    const visitor = world.visitor();
    const { headers } = await visitor.ask('GET', '/sign-in/start');
    const answer = provider.answerTo(headers.get('location') ?? '');
    const thief = world.visitor();
    for (const [name, value] of visitor.cookies) thief.cookies.set(name, value);
    expect((await visitor.ask('GET', answer)).status).toBe(303);
    expect((await thief.ask('GET', answer)).status).toBe(400);
    expect(thief.cookies.has(sessionCookie)).toBe(false);
  });

  it('is asked for twice at once with one answer', async () => {
    const visitor = world.visitor();
    const { headers } = await visitor.ask('GET', '/sign-in/start');
    const answer = provider.answerTo(headers.get('location') ?? '');
    const thief = world.visitor();
    for (const [name, value] of visitor.cookies) thief.cookies.set(name, value);
    await Promise.all([visitor.ask('GET', answer), thief.ask('GET', answer)]);
    expect([visitor, thief].filter(({ cookies }) => cookies.has(sessionCookie))).toHaveLength(1);
  });

  it('comes from a provider that describes itself as another one', async () => {
    for (const issuer of ['https://evil.example', `${provider.issuer}/`, undefined]) {
      provider.metadata = { issuer };
      expect((await world.visitor().ask('GET', '/sign-in/start')).status).toBe(503);
    }
  });

  it('names somebody by a name that nobody can tell from an approver’s', async () => {
    for (const sub of ['ana\u200B', ' ana', 'ana ', '\u202Eana', 'ana\n', 'an\u00ADa', 'ana\u0000']) {
      provider.draft = saying({ sub });
      await isRefused();
    }
  });

  it('claims groups in a shape that nobody expects', async () => {
    for (const groups of [
      { approvers: true },
      [['approvers']],
      'approvers,leads',
      7,
      null,
      { 0: 'approvers', length: 1 },
    ]) {
      provider.draft = saying({ groups });
      const visitor = world.visitor();
      await signIn(visitor);
      expect((await visitor.ask('GET', asked.path)).status).toBe(404);
    }
  });
});

describe('an ID token at a decision', () => {
  async function isNotDecided(lie: Lie): Promise<void> {
    const visitor = world.visitor();
    expect(await signIn(visitor)).toBe(303);
    const fields = await visitor.opened(asked);
    provider.draft = lie;
    expect(await visitor.submit(asked.path, fields)).toBe(303);
    expect(await world.approval(asked)).toMatchObject({ status: 'pending', votes: [] });
    expect((await visitor.ask('GET', asked.path)).status).toBe(303);
  }

  it('has no signature (alg none)', () => isNotDecided((honest) => ({ ...honest, signedBy: 'none' })));
  it('is signed by somebody else', () => isNotDecided((honest) => ({ ...honest, signedBy: 'stranger' })));
  it('is about another person', () => isNotDecided(saying({ sub: 'ben' })));
  it('was issued long ago', () => isNotDecided(saying({ iat: seconds() - 600, exp: seconds() + 600 })));
});

describe('an ID token for the API', () => {
  async function status(token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ planDigest: asked.planDigest, verdict: 'approve' });
    return (await world.visitor().ask('POST', `/api${asked.path}/votes`, { headers, body })).status;
  }

  async function isNotDecided(token: string): Promise<void> {
    expect(await status(token)).toBe(401);
    expect(await world.approval(asked)).toMatchObject({ status: 'pending', votes: [] });
  }

  it.each(lies.filter(([what]) => !what.includes('another client')))('%s', async (_what, lie) => {
    provider.draft = lie;
    await isNotDecided(await provider.sign('attacked-cli'));
  });

  it('was issued to the pages, to another client or to several', async () => {
    await isNotDecided(await provider.sign('interlock-pages'));
    await isNotDecided(await provider.sign('someone-else'));
    await isNotDecided(await provider.sign('attacked-cli', { aud: ['attacked-cli', 'someone-else'] }));
    await isNotDecided(await provider.sign('attacked-cli', { azp: 'someone-else' }));
  });

  it('is an access token that looks like one', async () => {
    provider.draft = (honest) => ({ ...honest, header: { ...honest.header, typ: 'at+jwt' } });
    await isNotDecided(await provider.sign('attacked-cli'));
  });

  it('is used a moment after its five minutes', async () => {
    const now = world.freeze();
    const issued = Math.floor(now / 1_000);
    const token = await provider.sign('attacked-cli', { iat: issued, exp: issued + 3_600 });
    world.travelTo(issued * 1_000 + 300_001);
    await isNotDecided(token);
    world.travelTo(issued * 1_000 + 300_000);
    expect(await status(token)).toBe(200);
  });

  it('was issued in the future, so that it stays fresh', async () => {
    const later = seconds() + 3_600;
    await isNotDecided(await provider.sign('attacked-cli', { iat: later, exp: later + 300 }));
  });

  it('was altered after it was signed', async () => {
    const [header = '', payload = '', signature = ''] = (
      await provider.sign('attacked-cli', { sub: 'dan' })
    ).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const altered = Buffer.from(JSON.stringify({ ...claims, sub: 'ana' })).toString('base64url');
    await isNotDecided(`${header}.${altered}.${signature}`);
    await isNotDecided(`${header}.${altered}.`);
    await isNotDecided(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${altered}.`);
  });

  it('brings its own key', async () => {
    const stranger = { kty: 'RSA', n: 'x', e: 'AQAB' };
    for (const header of [
      { jwk: stranger },
      { jku: 'https://evil.example/jwks' },
      { x5u: 'https://evil.example' },
    ]) {
      provider.draft = (honest) => ({
        ...honest,
        header: { ...honest.header, ...header },
        signedBy: 'stranger',
      });
      await isNotDecided(await provider.sign('attacked-cli'));
    }
  });
});
