import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PagesPorts } from '../../functions/approvals/pages/pages-ports.ts';
import {
  addressKey,
  addressOf,
  limitRequests,
  secondsToNextWindow,
  windowStart,
} from '../../functions/approvals/pages/rate-limit.ts';
import { now } from './fixtures.ts';
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
      killSwitch: async () => 'released',
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
    ['POST', '/approvals/a1', ['address unknown', 'identity ana']],
    ['PUT', '/approvals/a1', ['address unknown', 'identity ana']],
  ])('%s %s counts for %j', async (method, path, counts) => {
    expect((await app('ana').request(path, { method })).status).toBe(200);
    expect(taken).toStrictEqual(counts);
  });

  it('of nobody count for their address alone', async () => {
    await app().request('/stop', { method: 'POST' });
    expect(taken).toStrictEqual(['address unknown']);
  });

  it.each([
    ['Bearer good', ['address unknown', 'identity cli-ana']],
    ['Bearer bad', ['address unknown']],
  ])('of the command line count for whom the token names: %s', async (authorization, counts) => {
    const init = { method: 'POST', headers: { authorization } };
    await app('ana').request('/api/approvals/a1/votes', init);
    expect(taken).toStrictEqual(counts);
  });

  it.each(['address', 'identity'])('beyond the limit of the %s reach nothing', async (kind) => {
    limited = (each) => each === kind;
    const response = await app('ana').request('/approvals/a1', { method: 'POST' });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('59');
    expect(await response.text()).toContain('Nothing was decided. Try again in 59 seconds.');
    expect(reached).toBe(0);
  });

  it('beyond the limit of the address are not even asked who they are', async () => {
    limited = () => true;
    await app('ana').request('/approvals/a1', { method: 'POST' });
    expect(taken).toStrictEqual(['address unknown']);
  });

  it.each(['/api/approvals/a1/votes', '/slack/interactions'])('of programs get JSON: %s', async (path) => {
    limited = () => true;
    const response = await app().request(path, { method: 'POST' });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('59');
    expect(await response.json()).toStrictEqual({
      error: { code: 'too-many-requests', message: 'Nothing was decided. Try again in 59 seconds.' },
    });
  });
});
