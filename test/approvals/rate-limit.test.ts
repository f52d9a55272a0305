import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import { approvalPages } from '../../functions/approvals/pages/pages.tsx';
import type { PagesPorts } from '../../functions/approvals/pages/pages-ports.ts';
import {
  addressKey,
  addressOf,
  limitRequests,
  secondsToNextWindow,
  windowStart,
} from '../../functions/approvals/pages/rate-limit.ts';
import { now } from './fixtures.ts';
import { path as approvalPath, approve, PagesWorld } from './pages-world.ts';
import { MemoryRateLimit, rateLimitContract } from './rate-limit-contract.ts';

rateLimitContract('in memory', (clock) => new MemoryRateLimit(clock));

describe('a window', () => {
  it.each([
    [1_795_341_599_999, 1_795_341_540_000, 1],
    [1_795_341_600_000, 1_795_341_600_000, 60],
    [1_795_341_600_001, 1_795_341_600_000, 60],
    [1_795_341_601_000, 1_795_341_600_000, 59],
    [1_795_341_659_999, 1_795_341_600_000, 1],
  ])('at %s began at %s and has %s seconds left', (at, start, seconds) => {
    expect(windowStart(at)).toBe(start);
    expect(secondsToNextWindow(at)).toBe(seconds);
  });
});

describe('one caller', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['::ffff:203.0.113.7', '0:0:0:0:0:ffff:cb00:7107'],
    ['', 'unknown'],
    ['203.0.113.7, 198.51.100.1', 'unknown'],
    ['evil.example', 'unknown'],
    ['::1]/x', 'unknown'],
    ['A'.repeat(10_000), 'unknown'],
  ])('%s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it.each([
    [{ event: { requestContext: { http: { sourceIp: '203.0.113.7' } } } }, '203.0.113.7'],
    [{ event: { requestContext: { http: { sourceIp: 7 } } } }, 'unknown'],
    [{ event: {} }, 'unknown'],
    [{}, 'unknown'],
    [undefined, 'unknown'],
  ])('is never what a header says: %j', async (env, address) => {
    const app = new Hono();
    app.get('/', (context) => context.text(addressOf(context)));
    const headers = { 'x-forwarded-for': '198.51.100.9', forwarded: 'for=198.51.100.9' };
    expect(await (await app.request('/', { headers }, env)).text()).toBe(address);
  });
});

describe('requests', () => {
  let taken: string[];
  let limited: (kind: string) => boolean;
  let reached: number;
  beforeEach(() => {
    taken = [];
    limited = () => false;
    reached = 0;
  });

  function app(identity?: string): Hono {
    const ports = {
      environment: 'local',
      clock: () => now + 1_500,
      killSwitches: async () => [],
      people: {
        identify: async () =>
          identity === undefined
            ? undefined
            : { identity: { id: identity, displayName: identity, groups: [] } },
      },
      api: {
        identify: async (authorization: string) =>
          authorization === 'Bearer good'
            ? { outcome: 'identified', identity: { id: 'cli-ana', displayName: 'Ana', groups: [] } }
            : { outcome: 'refused', because: 'invalid' },
      },
      rate: {
        take: async (kind: string, caller: string) => {
          taken.push(`${kind} ${caller}`);
          return limited(kind) ? 'limited' : 'allowed';
        },
      },
    } as unknown as PagesPorts;
    const pages = new Hono();
    pages.use(limitRequests(ports));
    pages.all('*', (context) => {
      reached += 1;
      return context.text('ok');
    });
    return pages;
  }

  it.each<[string, string, string[]]>([
    ['GET', '/approvals/a1', []],
    ['HEAD', '/approvals/a1', []],
    ['OPTIONS', '/approvals/a1', []],
    ['GET', '/sign-in/start', []],
    ['GET', '/sign-in/callback', ['address unknown']],
    ['GET', '/sign-in/callback?code=x', ['address unknown']],
    ['POST', '/approvals/a1', ['identity ana']],
    ['PUT', '/approvals/a1', ['identity ana']],
    ['POST', '/slack/interactions', []],
  ])('%s %s counts for %j', async (method, path, counts) => {
    expect((await app('ana').request(path, { method })).status).toBe(200);
    expect(taken).toStrictEqual(counts);
  });

  it('of nobody count for their address alone', async () => {
    await app().request('/stop', { method: 'POST' });
    expect(taken).toStrictEqual(['address unknown']);
  });

  it.each([
    ['Bearer good', ['identity cli-ana']],
    ['Bearer bad', ['address unknown']],
  ])('of the command line count for whom the token names: %s', async (authorization, counts) => {
    const init = { method: 'POST', headers: { authorization } };
    await app('ana').request('/api/approvals/a1/votes', init);
    expect(taken).toStrictEqual(counts);
  });

  it.each([
    ['address', undefined],
    ['identity', 'ana'],
  ])('beyond the limit of the %s reach nothing', async (kind, who) => {
    limited = (each) => each === kind;
    const response = await app(who).request('/approvals/a1', { method: 'POST' });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('59');
    expect(await response.text()).toContain('Nothing was decided. Try again in 59 seconds.');
    expect(reached).toBe(0);
  });

  it('of a person get through whatever strangers send from the same address', async () => {
    limited = (kind) => kind === 'address';
    expect((await app('ana').request('/stop', { method: 'POST' })).status).toBe(200);
    expect((await app().request('/stop', { method: 'POST' })).status).toBe(429);
  });

  it('of programs get JSON', async () => {
    limited = () => true;
    const response = await app().request('/api/approvals/a1/votes', { method: 'POST' });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('59');
    expect(await response.json()).toStrictEqual({
      error: { code: 'too-many-requests', message: 'Nothing was decided. Try again in 59 seconds.' },
    });
  });
});

describe('a vote beyond the limit', () => {
  const api: PagesPorts['api'] = {
    identify: async () => ({
      outcome: 'identified',
      identity: { id: 'ana', displayName: 'Ana', groups: ['approvers'] },
    }),
  };
  const beyond = (which: string): Pick<PagesPorts, 'rate'> => ({
    rate: { take: async (kind) => (kind === which ? 'limited' : 'allowed') },
  });
  let world: PagesWorld;
  beforeEach(async () => {
    world = new PagesWorld();
    await world.put();
  });

  it('on the page leaves evidence under the name of whoever is signed in', async () => {
    const browser = await world.signedIn('ana', beyond('identity'));
    expect((await browser.post(approvalPath, approve)).status).toBe(429);
    expect(world.evidence).toStrictEqual(['apr-1 ana too-many-requests']);
    expect(world.votes).toBe(0);
  });

  it('by the API leaves evidence under the name in the token', async () => {
    const app = approvalPages(world.ports({ ...beyond('identity'), api }));
    const init = { method: 'POST', headers: { authorization: 'Bearer x' } };
    expect((await app.request('/api/approvals/apr-1/votes', init)).status).toBe(429);
    expect(world.evidence).toStrictEqual(['apr-1 ana too-many-requests']);
  });

  it('of a stranger leaves none', async () => {
    const app = approvalPages(world.ports(beyond('address')));
    expect((await app.request(approvalPath, { method: 'POST' })).status).toBe(429);
    expect(world.evidence).toStrictEqual([]);
  });

  it('that cannot be counted fails, as a page or as JSON', async () => {
    const rate = { take: () => Promise.reject(new Error('secret-of-the-error')) };
    const app = approvalPages(world.ports({ rate, api }));
    const program = await app.request('/api/approvals/apr-1/votes', { method: 'POST' });
    expect(program.status).toBe(500);
    expect(await program.json()).toMatchObject({ error: { code: 'failed' } });
    const page = await app.request(approvalPath, { method: 'POST' });
    expect(page.status).toBe(500);
    const html = await page.text();
    expect(html).toContain('Something went wrong');
    expect(html).not.toContain('secret-of-the-error');
    expect(world.errors).toHaveLength(2);
    expect(world.votes).toBe(0);
  });
});
