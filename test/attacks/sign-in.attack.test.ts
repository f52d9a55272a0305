import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asked } from './asked.ts';
import { origin, sessionCookie } from './attacked-people.ts';
import { hostileReturns, hostileTexts } from './payloads.ts';
import { elementsOf, parseStrictHtml } from './strict-html.ts';
import type { Visitor } from './visitor.ts';
import { World } from './world.ts';

let world: World;
let asked: Asked;
beforeEach(async () => {
  world = await World.open();
  asked = await world.ask();
});
afterEach(() => world.close());

/** The cookie of the sign-in that this browser began last: its name and what it holds. */
function attemptOf(visitor: Visitor): readonly [name: string, value: string] | undefined {
  return [...visitor.cookies].findLast(([name]) => name.startsWith('__Host-interlock-sign-in'));
}

function isSignedIn(visitor: Visitor): boolean {
  return visitor.cookies.has(sessionCookie);
}

/** Where an address leads a browser that reads it on our pages. */
function leavesUs(location: string | null): boolean {
  return location !== null && new URL(location, origin).origin !== origin;
}

describe('sign-in', () => {
  it('sends somebody elsewhere afterwards', async () => {
    for (const returnTo of hostileReturns) {
      const visitor = world.visitor();
      const page = parseStrictHtml(
        (await visitor.ask('GET', `/sign-in?returnTo=${encodeURIComponent(returnTo)}`)).text,
      );
      for (const { attributes } of elementsOf(page)) {
        expect([
          returnTo,
          leavesUs(attributes['href']?.startsWith('data:,') ? null : (attributes['href'] ?? null)),
        ]).toStrictEqual([returnTo, false]);
      }
      const { headers, status } = await world.signIn(visitor, 'ana', returnTo);
      expect([returnTo, status, leavesUs(headers.get('location'))]).toStrictEqual([returnTo, 303, false]);
      expect(headers.get('location')).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/);
    }
  });

  it('leads where it was not begun for, by changing where it leads on the way', async () => {
    const ana = world.visitor();
    const answer = await world.answerFor(ana, 'ana', asked.path);
    for (const suffix of [
      '&returnTo=https://evil.example',
      '&returnTo=//evil.example',
      '&redirect_uri=//evil.example',
    ]) {
      const { headers } = await ana.ask('GET', `${answer}${suffix}`);
      expect([null, asked.path]).toContain(headers.get('location'));
    }
  });

  it('reads where it leads from the host, as proxies and attackers write it', async () => {
    const visitor = world.visitor();
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-original-url': 'https://evil.example/',
      forwarded: 'host=evil.example',
      origin: 'https://evil.example',
      referer: 'https://evil.example/',
    };
    for (const path of ['/sign-in/start', '/sign-in', asked.path, '/sign-in/callback?code=x&state=x']) {
      const answer = await visitor.ask('GET', path, { headers });
      expect(decodeURIComponent(answer.headers.get('location') ?? '')).not.toContain('evil.example');
      expect(answer.text).not.toContain('evil.example');
    }
    const start = await visitor.ask('GET', '/sign-in/start', { headers });
    const url = new URL(start.headers.get('location') ?? '');
    expect(url.searchParams.get('redirect_uri')).toBe(`${origin}/sign-in/callback`);
  });

  it('is finished in a browser that did not begin it: the victim is signed in as the attacker', async () => {
    const attacker = world.visitor();
    const answer = await world.answerFor(attacker, 'dan');
    const victim = world.visitor();
    expect((await victim.ask('GET', answer)).status).toBe(400);
    expect(isSignedIn(victim)).toBe(false);
  });

  it('is finished in a browser that began another one', async () => {
    const attacker = world.visitor();
    const answer = await world.answerFor(attacker, 'dan');
    const victim = world.visitor();
    await victim.ask('GET', '/sign-in/start');
    expect(attemptOf(victim)).toBeDefined();
    expect((await victim.ask('GET', answer)).status).toBe(400);
    expect(isSignedIn(victim)).toBe(false);
  });

  it('is finished with the attacker’s code under the victim’s state', async () => {
    const attacker = world.visitor();
    const stolen = new URLSearchParams((await world.answerFor(attacker, 'dan')).split('?')[1]);
    const victim = world.visitor();
    const own = new URLSearchParams((await world.answerFor(victim, 'ana')).split('?')[1]);
    own.set('code', stolen.get('code') ?? '');
    expect((await victim.ask('GET', `/sign-in/callback?${own.toString()}`)).status).toBe(403);
    expect(isSignedIn(victim)).toBe(false);
  });

  it('is finished with a state that is missing, made up, twice there or another’s', async () => {
    const other = new URLSearchParams((await world.answerFor(world.visitor(), 'ana')).split('?')[1]);
    const changes: ((query: URLSearchParams) => void)[] = [
      (query) => query.delete('state'),
      (query) => query.set('state', ''),
      (query) => query.set('state', 'x'.repeat(43)),
      (query) => query.set('state', `${query.get('state')}A`),
      (query) => query.append('state', 'x'),
      (query) => query.set('state', other.get('state') ?? ''),
    ];
    for (const change of changes) {
      const visitor = world.visitor();
      const query = new URLSearchParams((await world.answerFor(visitor, 'ana')).split('?')[1]);
      change(query);
      const { status } = await visitor.ask('GET', `/sign-in/callback?${query.toString()}`);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(isSignedIn(visitor)).toBe(false);
    }
  });

  it('is finished ten minutes later', async () => {
    const startedAt = world.freeze();
    const visitor = world.visitor();
    const answer = await world.answerFor(visitor, 'ana');
    // The provider's code lives for a minute: this is about our own limit.
    world.travelTo(startedAt + 600_000);
    expect((await visitor.ask('GET', answer)).status).toBe(400);
    expect(world.provider.requests.get('/token') ?? 0).toBe(0);
    expect(isSignedIn(visitor)).toBe(false);
  });

  it('is begun, or its answer used up, by a scanner, a prefetch or a HEAD', async () => {
    const visitor = world.visitor();
    const answer = await world.answerFor(visitor, 'ana');
    const kept = [...visitor.cookies];
    for (const header of ['sec-purpose', 'purpose', 'x-moz']) {
      await visitor.ask('GET', answer, { headers: { [header]: 'prefetch' } });
      await visitor.ask('GET', '/sign-in/start', { headers: { [header]: 'prefetch' } });
    }
    await visitor.ask('HEAD', answer);
    await visitor.ask('HEAD', '/sign-in/start');
    expect([...visitor.cookies]).toStrictEqual(kept);
    expect(world.provider.requests.get('/token') ?? 0).toBe(0);
    expect((await visitor.ask('GET', answer)).status).toBe(303);
    expect(isSignedIn(visitor)).toBe(true);
  });

  it('has an attempt that was altered, or sealed as something else', async () => {
    const visitor = world.visitor();
    const answer = await world.answerFor(visitor, 'ana');
    const [name, real] = attemptOf(visitor) ?? ['', ''];
    const state = new URLSearchParams(answer.split('?')[1]).get('state') ?? '';
    const parts = real.split('.');
    const altered = parts.map((part, index) => (index === 3 ? `A${part.slice(1)}` : part)).join('.');
    const unsealed = Buffer.from(JSON.stringify({ state, nonce: 'x', codeVerifier: 'x' })).toString(
      'base64url',
    );
    for (const forged of ['', altered === real ? `${real}A` : altered, state, unsealed, `${parts[0]}....`]) {
      const thief = world.visitor();
      thief.cookies.set(name, forged);
      expect((await thief.ask('GET', answer)).status).toBe(400);
      expect(isSignedIn(thief)).toBe(false);
    }
  });

  it('goes without PKCE, state or nonce, or shows the verifier to anybody', async () => {
    const visitor = world.visitor();
    const { headers } = await visitor.ask('GET', '/sign-in/start');
    const { searchParams } = new URL(headers.get('location') ?? '');
    expect(searchParams.get('response_type')).toBe('code');
    expect(searchParams.get('code_challenge_method')).toBe('S256');
    expect(searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    for (const name of ['state', 'nonce'])
      expect((searchParams.get(name) ?? '').length).toBeGreaterThanOrEqual(22);
    const again = await world.visitor().ask('GET', '/sign-in/start');
    const other = new URL(again.headers.get('location') ?? '').searchParams;
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(other.get(name)).not.toBe(searchParams.get(name));
    }
    const cookie = headers.getSetCookie().find((line) => line.startsWith('__Host-interlock-sign-in')) ?? '';
    const readable = cookie
      .split(';')[0]
      ?.split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
      .join(' ');
    expect(readable).not.toMatch(/codeVerifier|nonce/);
    expect(cookie).toContain('HttpOnly');
  });

  it('shows markup that the provider’s answer carries', async () => {
    for (const text of hostileTexts.slice(0, 40)) {
      const visitor = world.visitor();
      await visitor.ask('GET', '/sign-in/start');
      const state =
        new URLSearchParams((await world.answerFor(visitor, undefined)).split('?')[1]).get('state') ?? '';
      const query = new URLSearchParams({
        state,
        error: text,
        error_description: text,
        error_uri: text,
        iss: text,
      });
      const answer = await visitor.ask('GET', `/sign-in/callback?${query.toString()}`);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toContain(text.slice(0, 12));
      parseStrictHtml(answer.text);
    }
  });
});
