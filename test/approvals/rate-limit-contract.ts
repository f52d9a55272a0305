import { describe, expect, it } from 'vitest';
import type { RateLimit } from '../../functions/approvals/pages/pages-ports.ts';
import { requestsPerWindow, windowStart } from '../../functions/approvals/pages/rate-limit.ts';
import type { Clock } from '../../functions/platform/clock.ts';
import { now } from './fixtures.ts';

/** {@link RateLimit} in memory; passes the same contract as the one in DynamoDB. */
export class MemoryRateLimit implements RateLimit {
  readonly #counts = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async take(kind: 'address' | 'identity', caller: string): Promise<'allowed' | 'limited'> {
    const key = `${kind} ${caller} ${windowStart(this.#clock())}`;
    const count = this.#counts.get(key) ?? 0;
    if (count >= requestsPerWindow[kind]) return 'limited';
    this.#counts.set(key, count + 1);
    return 'allowed';
  }
}

/** What every place that counts requests does. */
export function rateLimitContract(where: string, open: (clock: Clock) => RateLimit): void {
  describe(`a rate limit ${where}`, () => {
    let callers = 0;
    const take = async (rate: RateLimit, kind: 'address' | 'identity', caller: string, times: number) => {
      const outcomes: string[] = [];
      for (let each = 0; each < times; each++) outcomes.push(await rate.take(kind, caller));
      return outcomes.filter((outcome) => outcome === 'allowed').length;
    };

    it('lets an identity send 30 requests in a minute, and then again', async () => {
      let at = now + 59_998;
      const rate = open(() => at);
      const caller = `ana-${where}-${++callers}`;
      expect(await take(rate, 'identity', caller, 29)).toBe(29);
      expect(await rate.take('identity', caller)).toBe('allowed');
      expect(await rate.take('identity', caller)).toBe('limited');
      at = now + 59_999;
      expect(await rate.take('identity', caller)).toBe('limited');
      at = now + 60_000;
      expect(await take(rate, 'identity', caller, 31)).toBe(30);
    });

    it('lets an address send 300 requests in a minute', async () => {
      const rate = open(() => now);
      expect(await take(rate, 'address', `203.0.113.${++callers}`, 301)).toBe(300);
    });

    it('counts callers and kinds apart', async () => {
      const rate = open(() => now);
      const caller = `ben-${where}-${++callers}`;
      await take(rate, 'identity', caller, 31);
      expect(await rate.take('identity', `${caller}x`)).toBe('allowed');
      expect(await rate.take('address', caller)).toBe('allowed');
    });

    it('never lets more through, however many come at once', async () => {
      const rate = open(() => now);
      const caller = `kim-${where}-${++callers}`;
      const all = await Promise.all(Array.from({ length: 60 }, () => rate.take('identity', caller)));
      const allowed = all.filter((outcome) => outcome === 'allowed').length;
      expect(allowed).toBeGreaterThan(0);
      expect(allowed).toBeLessThanOrEqual(30);
      expect(all.filter((outcome) => outcome === 'limited')).toHaveLength(60 - allowed);
    });
  });
}
