import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import type { Asked } from './asked.ts';
import { World } from './world.ts';

const cookieName = '__Host-interlock-session';
let world: World;
let asked: Asked;
beforeEach(async () => {
  world = await World.open();
  asked = await world.ask({ lifeSeconds: 7_200 });
});
afterEach(() => world.close());

describe('sessions', () => {
  it('a session that was planted before sign-in does not become the victim’s', async () => {
    const attacker = await world.signedIn('dan');
    for (const planted of [attacker.cookies.get(cookieName) ?? '', randomBytes(32).toString('base64url')]) {
      const victim = world.visitor();
      victim.cookies.set(cookieName, planted);
      await world.signIn(victim, 'ana');
      expect(victim.cookies.get(cookieName)).not.toBe(planted);
      const holder = world.visitor();
      holder.cookies.set(cookieName, planted);
      expect((await holder.ask('GET', asked.path)).text).not.toContain('checkout');
    }
  });

  it('each sign-in is another session, and the one before it in that browser opens nothing any more', async () => {
    const ana = await world.signedIn('ana');
    const first = ana.cookies.get(cookieName) ?? '';
    await world.signIn(ana, 'ana');
    expect(ana.cookies.get(cookieName)).not.toBe(first);
    const thief = world.visitor();
    thief.cookies.set(cookieName, first);
    expect((await thief.ask('GET', asked.path)).status).toBe(303);
    expect((await ana.ask('GET', asked.path)).status).toBe(200);
  });

  it('a copy of the cookie opens nothing after signing out', async () => {
    const ana = await world.signedIn('ana');
    const thief = world.visitor();
    thief.cookies.set(cookieName, ana.cookies.get(cookieName) ?? '');
    expect((await thief.ask('GET', asked.path)).status).toBe(200);
    const fields = await thief.opened(asked);
    await ana.submit('/sign-out', await ana.fieldsOf('/', '/sign-out', 'csrf'));
    expect((await thief.ask('GET', asked.path)).status).toBe(303);
    expect(await thief.submit(asked.path, fields)).toBe(303);
    expect(await world.approval(asked)).toMatchObject({ status: 'pending', votes: [] });
  });

  it('a session is used at the instant it ends', async () => {
    const startedAt = world.freeze();
    const ana = await world.signedIn('ana');
    world.travelTo(startedAt + 3_599_999);
    expect((await ana.ask('GET', asked.path)).status).toBe(200);
    world.travelTo(startedAt + 3_600_000);
    expect((await ana.ask('GET', asked.path)).status).toBe(303);
  });

  it('a session lives on because it is used', async () => {
    const startedAt = world.freeze();
    const ana = await world.signedIn('ana');
    for (let minutes = 10; minutes < 60; minutes += 10) {
      world.travelTo(startedAt + minutes * 60_000);
      const other = await world.ask();
      expect(await ana.approve(other)).toBe(303);
    }
    world.travelTo(startedAt + 3_600_000);
    expect((await ana.ask('GET', asked.path)).status).toBe(303);
  });

  it('a cookie is made up, altered or of another shape', async () => {
    const ana = await world.signedIn('ana');
    const real = ana.cookies.get(cookieName) ?? '';
    const key = itemKeys.session('x').pk;
    const forged = [
      '',
      randomBytes(32).toString('base64url'),
      real.slice(0, -1) + (real.endsWith('A') ? 'B' : 'A'),
      `${real}A`,
      real.toLowerCase(),
      key,
      'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmEifQ.',
      '__proto__',
      'A'.repeat(4_000),
    ].filter((cookie) => cookie !== real);
    for (const cookie of forged) {
      const thief = world.visitor();
      thief.cookies.set(cookieName, cookie);
      expect((await thief.ask('GET', asked.path)).status).toBe(303);
    }
    expect((await ana.ask('GET', asked.path)).status).toBe(200);
  });

  it('a cookie of the same name without its prefix, or beside the real one, takes over', async () => {
    const attacker = await world.signedIn('dan');
    const planted = attacker.cookies.get(cookieName) ?? '';
    const visitor = world.visitor();
    const headers = { cookie: `interlock-session=${planted}; __Secure-interlock-session=${planted}` };
    expect((await visitor.ask('GET', '/', { headers })).status).toBe(303);
  });

  it('whoever reads the tables finds no cookie and no token in them', async () => {
    const issued: string[] = [];
    const { fetch } = globalThis;
    vi.stubGlobal('fetch', async (...call: Parameters<typeof fetch>) => {
      const response = await fetch(...call);
      if (new Request(...call).url.endsWith('/token')) {
        const tokens = (await response.clone().json()) as Record<string, string>;
        issued.push(...['refresh_token', 'access_token', 'id_token'].map((name) => tokens[name] ?? ''));
      }
      return response;
    });
    const ana = await world.signedIn('ana');
    await ana.approve(asked);
    vi.unstubAllGlobals();
    const stored = await world.everything();
    expect(stored).toContain('SESSION#');
    expect(issued.length).toBeGreaterThanOrEqual(6);
    for (const secret of [ana.cookies.get(cookieName) ?? '', ...issued]) {
      expect(secret.length).toBeGreaterThan(20);
      expect(stored).not.toContain(secret);
    }
  });

  it('whoever reads the tables makes a cookie of what names a session there', async () => {
    await world.signedIn('ana');
    const ids = [...(await world.everything()).matchAll(/SESSION#([\w-]+)/g)].map(([, id]) => id ?? '');
    expect(ids.length).toBeGreaterThan(0);
    for (const id of ids.flatMap((hex) => [hex, Buffer.from(hex, 'hex').toString('base64url')])) {
      const thief = world.visitor();
      thief.cookies.set(cookieName, id);
      expect((await thief.ask('GET', asked.path)).status).toBe(303);
    }
  });

  it('a script or another site reads the cookie', async () => {
    const { headers } = await world.signIn(world.visitor(), 'ana');
    const line = headers.getSetCookie().find((cookie) => cookie.startsWith(`${cookieName}=`)) ?? '';
    const attributes = line.split('; ').slice(1);
    expect(new Set(attributes)).toStrictEqual(
      new Set(['Max-Age=3600', 'Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax']),
    );
  });

  it('a shared browser shows the pages again after signing out', async () => {
    const ana = await world.signedIn('ana');
    for (const path of ['/', asked.path, `/incidents/${asked.incidentId}`, '/nope']) {
      expect((await ana.ask('GET', path)).headers.get('cache-control')).toContain('no-store');
    }
  });
});
