import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Confirmation } from '../../functions/approvals/sign-in/identity.ts';
import { type Browser, tokenIn } from './browser.ts';
import { PagesWorld, path, tokenFor } from './pages-world.ts';

afterEach(() => {
  vi.useRealTimers();
});

const tokenOf = async (browser: Browser) => tokenIn((await browser.get('/')).text, '/stop');

describe('stop everything', () => {
  it('is on every page, and engages the switch under one’s name with a reason', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    expect((await browser.get(path)).text).toContain('action="/stop"');
    const { status, text } = await browser.post('/stop', {
      csrf: await tokenOf(browser),
      reason: ' wrong\tfixes ',
    });
    expect(status).toBe(200);
    expect(world.stops).toStrictEqual(['ana: wrong fixes']);
    expect(text).toContain('Everything is stopped');
    expect(text).toContain('interlock kill-switch off --reason');
    expect(text).toContain('Kill switch engaged.');
    const after = (await browser.get(path)).text;
    expect(after).not.toContain('action="/stop"');
    expect(after).toContain('How to release it');
  });

  it.each(['ana', 'kim', 'olga'])(
    'is for anyone with authority in this environment: %s',
    async (identity) => {
      const world = new PagesWorld();
      const browser = await world.signedIn(identity);
      await browser.post('/stop', { csrf: await tokenOf(browser), reason: 'x' });
      expect(world.stops).toStrictEqual([`${identity}: x`]);
    },
  );

  it.each(['mia', 'pia'])('is not for %s', async (identity) => {
    const world = new PagesWorld();
    const browser = await world.signedIn(identity);
    expect((await browser.get('/')).text).not.toContain('action="/stop"');
    expect((await browser.post('/stop', { csrf: await tokenOf(browser), reason: 'x' })).status).toBe(403);
    expect(world.stops).toStrictEqual([]);
  });

  it('takes authority at the click', async () => {
    const world = new PagesWorld();
    const browser = await world.signedIn('ana');
    const csrf = await tokenOf(browser);
    world.people.setGroups('ana', []);
    expect((await browser.post('/stop', { csrf, reason: 'x' })).status).toBe(403);
    expect(world.stops).toStrictEqual([]);
  });

  it.each([
    ['no reason', 400, {}],
    ['a blank reason', 400, { reason: ' \n ' }],
    ['a reason of 201 characters', 400, { reason: 'x'.repeat(201) }],
    ['an unknown field', 400, { reason: 'x', scope: 'local' }],
    ['a forged token', 403, { reason: 'x', csrf: 'forged' }],
  ])('does nothing for %s', async (_case, status, fields) => {
    const world = new PagesWorld();
    const browser = await world.signedIn('ana');
    const answer = await browser.post('/stop', { csrf: await tokenOf(browser), ...fields } as Record<
      string,
      string
    >);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain('Nothing was stopped');
    expect(world.stops).toStrictEqual([]);
  });

  it('does nothing for the token of another form, another session or another site', async () => {
    const world = new PagesWorld();
    await world.put();
    const [ana, ben] = [await world.signedIn('ana'), await world.signedIn('ben')];
    for (const csrf of [
      await tokenFor(ana),
      await tokenOf(ben),
      tokenIn((await ana.get('/')).text, '/sign-out'),
    ]) {
      expect((await ana.post('/stop', { csrf, reason: 'x' })).status).toBe(403);
    }
    const csrf = await tokenOf(ana);
    const site = { 'sec-fetch-site': 'cross-site' };
    expect((await ana.post('/stop', { csrf, reason: 'x' }, site)).status).toBe(403);
    expect((await world.visitor().post('/stop', { csrf, reason: 'x' })).location).toContain('/sign-in');
    expect(world.stops).toStrictEqual([]);
  });

  it('keeps a reason of 200 characters, and what could deceive a terminal written out', async () => {
    const world = new PagesWorld();
    const browser = await world.signedIn('ana');
    await browser.post('/stop', { csrf: await tokenOf(browser), reason: 'x'.repeat(200) });
    world.engaged = [];
    await browser.post('/stop', { csrf: await tokenOf(browser), reason: 'red \u001B[31m\u202Ealert' });
    expect(world.stops).toStrictEqual([`ana: ${'x'.repeat(200)}`, 'ana: red ⟨U+001B⟩[31m⟨U+202E⟩alert']);
  });

  it('takes the word of the session while the provider does not answer, and no more once that was ended', async () => {
    const world = new PagesWorld();
    const browser = await world.signedIn('ana');
    const csrf = await tokenOf(browser);
    world.people.says = 'sign-in-again';
    expect((await browser.post('/stop', { csrf, reason: 'x' })).location).toContain('/sign-in');
    expect(world.stops).toStrictEqual([]);
    world.people.says = 'unavailable';
    const again = await world.signedIn('ana');
    expect((await again.post('/stop', { csrf: await tokenOf(again), reason: 'y' })).status).toBe(200);
    expect(world.stops).toStrictEqual(['ana: y']);
  });

  it('waits two seconds for the provider and then takes the word of the session', async () => {
    const world = new PagesWorld();
    const browser = await world.signedIn('ana');
    const csrf = await tokenOf(browser);
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Confirmation>();
    vi.spyOn(world.people, 'confirm').mockImplementation(() => {
      asked.resolve();
      return answer.promise;
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stopped = browser.post('/stop', { csrf, reason: 'x' });
    await asked.promise;
    await vi.advanceTimersByTimeAsync(1_999);
    expect(world.stops).toStrictEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect((await stopped).status).toBe(200);
    expect(world.stops).toStrictEqual(['ana: x']);
    // What comes of it later changes nothing and breaks nothing.
    answer.reject(new Error('too late'));
    expect(world.errors).toStrictEqual([]);
  });

  it('takes the word of the session where asking the provider fails', async () => {
    const world = new PagesWorld();
    const browser = await world.signedIn('ana');
    const csrf = await tokenOf(browser);
    const broken = new Error('no such key');
    vi.spyOn(world.people, 'confirm').mockRejectedValue(broken);
    expect((await browser.post('/stop', { csrf, reason: 'x' })).status).toBe(200);
    expect(world.stops).toStrictEqual(['ana: x']);
    expect(world.errors).toStrictEqual([broken]);
  });

  it.each([
    ['there is no answer yet', async () => 'under-way' as const, 'Stopping is under way', 0],
    [
      'the switch could not be engaged',
      () => Promise.reject(new Error('away')),
      'This may have stopped nothing',
      1,
    ],
  ])('does not say that everything is stopped when %s', async (_case, stopEverything, says, errors) => {
    const world = new PagesWorld();
    const browser = await world.signedIn('ana', { stopEverything });
    const answer = await browser.post('/stop', { csrf: await tokenOf(browser), reason: 'x' });
    expect(answer.status).toBe(503);
    expect(answer.text).toContain(says);
    expect(answer.text).toContain('interlock kill-switch on --reason');
    expect(answer.text).not.toContain('<h1>Everything is stopped');
    // The button is still there.
    expect(answer.text).toContain('action="/stop"');
    expect(world.errors).toHaveLength(errors);
  });

  it('says nothing was done to whoever had to sign in again', async () => {
    const browser = await new PagesWorld().signedIn('ana');
    expect((await browser.get('/?undone')).text).toContain('Nothing was done yet');
  });
});
