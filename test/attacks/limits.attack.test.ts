import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asked } from './asked.ts';
import { World } from './world.ts';

const megabyte = 1_048_576;
let world: World;
let asked: Asked;
beforeEach(async () => {
  world = await World.open();
  asked = await world.ask();
});
afterEach(() => world.close());

async function isUntouched(): Promise<void> {
  expect(await world.approval(asked)).toMatchObject({ status: 'pending', votes: [] });
}

describe('limits', () => {
  it('a comment of a megabyte', async () => {
    const ana = await world.signedIn('ana');
    const fields = { ...(await ana.opened(asked)), verdict: 'reject', reason: 'wrong-timing' };
    const answer = await ana.post(asked.path, { ...fields, comment: 'x'.repeat(megabyte) });
    expect(answer.status).toBe(413);
    expect(answer.text.length).toBeLessThan(30_000);
    await isUntouched();
  });

  it('a megabyte whose length is not said', async () => {
    const ana = await world.signedIn('ana');
    const fields = {
      ...(await ana.opened(asked)),
      verdict: 'reject',
      reason: 'other',
      comment: 'x'.repeat(megabyte),
    };
    const bytes = new TextEncoder().encode(new URLSearchParams(fields).toString());
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const init = { body, headers, duplex: 'half' } as RequestInit;
    expect((await ana.ask('POST', asked.path, init)).status).toBe(413);
    await isUntouched();
  });

  it('a comment of one character too many', async () => {
    const ana = await world.signedIn('ana');
    const fields = { ...(await ana.opened(asked)), verdict: 'reject', reason: 'wrong-timing' };
    expect(await ana.submit(asked.path, { ...fields, comment: 'x'.repeat(1_001) })).toBe(400);
    await isUntouched();
    expect(await ana.submit(asked.path, { ...fields, comment: 'x'.repeat(1_000) })).toBe(303);
  });

  it('a megabyte through the API', async () => {
    const authorization = `Bearer ${await world.idToken('ana')}`;
    const body = JSON.stringify({
      planDigest: asked.planDigest,
      verdict: 'approve',
      comment: 'x'.repeat(megabyte),
    });
    const headers = { authorization, 'content-type': 'application/json' };
    const visitor = world.visitor();
    const api = await visitor.ask('POST', `/api${asked.path}/votes`, { body, headers });
    expect(api.status).toBe(413);
    await isUntouched();
  });

  it('one person presses more than thirty times a minute, from many addresses and sessions', async () => {
    world.freeze();
    const sessions = await Promise.all(
      ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => world.signedIn('ana', address)),
    );
    const answers: number[] = [];
    for (let press = 0; press < 33; press++) {
      answers.push((await sessions[press % 3]?.submit(asked.path, { verdict: 'approve' })) ?? 0);
    }
    expect(answers.slice(0, 30)).not.toContain(429);
    expect(answers.slice(30)).toStrictEqual([429, 429, 429]);
    const limited = await sessions[0]?.ask('POST', asked.path, { body: new URLSearchParams() });
    expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await sessions[0]?.ask('GET', asked.path))?.status).toBe(200);
    expect(await (await world.signedIn('ben')).approve(asked)).toBe(303);
  });

  it('one address sends more than three hundred a minute, whatever it says of itself', async () => {
    world.freeze();
    const visitor = world.visitor('192.0.2.9');
    const press = (index: number) =>
      visitor.submit(
        asked.path,
        {},
        {
          'x-forwarded-for': `198.51.100.${index % 250}`,
          'x-real-ip': `198.51.100.${index % 250}`,
          forwarded: `for=198.51.100.${index % 250}`,
          'cf-connecting-ip': `198.51.100.${index % 250}`,
        },
      );
    const answers: number[] = [];
    for (let index = 0; index < 300; index += 10) {
      const ten = Array.from({ length: 10 }, (_, offset) => press(index + offset));
      answers.push(...(await Promise.all(ten)));
    }
    expect(await press(301)).toBe(429);
    expect(answers.filter((status) => status === 303).length).toBeGreaterThan(250);
    expect((await visitor.ask('GET', '/sign-in/callback?code=x&state=x')).status).toBe(429);
    expect((await visitor.ask('GET', '/healthz')).status).toBe(200);
    expect(await world.visitor('192.0.2.10').submit(asked.path, {})).toBe(303);
  });

  it('one network sends from a new IPv6 address each time', async () => {
    world.freeze();
    const press = (index: number, network = '2001:db8:1:2') =>
      world.visitor(`${network}:${index.toString(16)}:1:2:3`).submit(asked.path, {});
    for (let index = 0; index < 300; index += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, offset) => press(index + offset)));
    }
    expect(await press(400)).toBe(429);
    expect(await press(1, '2001:db8:1:3')).toBe(303);
  });

  it('a thousand refused votes fill the ledger', async () => {
    const ana = await world.signedIn('ana');
    for (let press = 0; press < 12; press++) await ana.submit(asked.path, { verdict: 'approve' });
    const refused = (await world.ledger(asked)).filter(({ type }) => type === 'approval.vote-refused');
    expect(refused.length).toBeLessThanOrEqual(2);
    expect(refused.length).toBeGreaterThan(0);
  });
});
