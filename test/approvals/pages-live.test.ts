import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { countdownScript } from '../../functions/approvals/pages/countdown.browser.ts';
import { now, pending } from './fixtures.ts';
import { approve, PagesWorld, path, tokenFor } from './pages-world.ts';

describe('the status of an approval', () => {
  it('is what an open copy compares itself with', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const { text } = await browser.get(path);
    expect(text).toContain(`data-status="${path}/status" data-is="pending" data-version="1"`);
    expect(text).toContain('<time datetime="2026-11-22T10:10:00.000Z">');
    expect(text).toContain(`<body data-now="${now + 60_000}">`);
    const before = await browser.send(`${path}/status`);
    expect(await before.json()).toStrictEqual({ status: 'pending', version: 1 });
    expect(before.headers.get('cache-control')).toBe('no-store');
    await browser.post(path, { csrf: await tokenFor(browser), ...approve });
    expect(await (await browser.send(`${path}/status`)).json()).toStrictEqual({
      status: 'approved',
      version: 2,
    });
  });

  it.each([
    [599_999, 'pending'],
    [600_000, 'expired'],
  ])('at %s ms of 600,000 is %s', async (later, status) => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    world.clock.now = now + later;
    expect(await (await browser.send(`${path}/status`)).json()).toStrictEqual({ status, version: 1 });
  });

  it('is nothing for whoever is not signed in', async () => {
    const world = new PagesWorld();
    await world.put(pending());
    const answer = await world.visitor().send(`${path}/status`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toStrictEqual({ error: 'not signed in' });
  });
});

/** A page as far as the script sees one, with clock, timers and network in the test's hands. */
class OpenPage {
  /** 25 s ahead of the server. */
  browserNow = now + 25_000;
  visibilityState = 'visible';
  /** An opened form with something in it. */
  openForm: object | null = null;
  answer: () => object = () => ({ status: 'pending', version: 3 });
  readonly asked: string[] = [];
  readonly shown: string[] = [];
  readonly changed = { hidden: true };
  readonly #clock: { readonly dateTime: string; textContent: string };
  readonly #timers: [() => void, number][] = [];
  readonly #onVisible: (() => void)[] = [];

  constructor(
    until: number,
    copy: object | null = { status: '/x/status', is: 'pending', version: '3' },
    isInbox = false,
  ) {
    this.#clock = { dateTime: new Date(until).toISOString(), textContent: 'as it was made' };
    const document = {
      body: { dataset: { now: String(now) } },
      querySelectorAll: () => [this.#clock],
      querySelector: (selector: string) => {
        if (selector === '[data-status]') return copy === null ? null : { dataset: copy };
        if (selector === '[data-anew]') return isInbox ? {} : null;
        return selector === '[data-changed]' ? this.changed : this.openForm;
      },
      addEventListener: (_name: string, listener: () => void) => {
        this.#onVisible.push(listener);
      },
    };
    Object.defineProperty(document, 'visibilityState', { get: () => this.visibilityState });
    vm.runInNewContext(countdownScript, {
      document,
      Date: { now: () => this.browserNow, parse: Date.parse },
      location: { pathname: '/x', search: '?view=all', replace: (to: string) => this.shown.push(to) },
      setInterval: (run: () => void, ms: number) => this.#timers.push([run, ms]),
      fetch: async (address: string) => {
        this.asked.push(address);
        return { ok: true, json: async () => this.answer() };
      },
    });
  }

  get text(): string {
    return this.#clock.textContent;
  }

  /** Lets the timers of this period run once, and what they began end. */
  async after(ms: number): Promise<void> {
    for (const [run, period] of this.#timers) if (period === ms) run();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async becomesVisible(): Promise<void> {
    for (const listener of this.#onVisible) listener();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the countdown', () => {
  it.each([
    [-1, 'no time left'],
    [0, 'no time left'],
    [1, '0 s left'],
    [59_999, '59 s left'],
    [60_000, '1 min 00 s left'],
    [3_599_999, '59 min 59 s left'],
    [3_600_000, '1 h 00 min left'],
    [93_780_000, '26 h 03 min left'],
  ])('shows %s ms as %s, by the server’s clock', (ms, text) => {
    expect(new OpenPage(now + ms).text).toBe(text);
  });

  it('counts every second', async () => {
    const page = new OpenPage(now + 61_000);
    page.browserNow += 2_000;
    await page.after(1_000);
    expect(page.text).toBe('59 s left');
  });

  it('asks every 15 s while it is visible, and when it becomes so', async () => {
    const page = new OpenPage(now + 61_000);
    await page.after(15_000);
    expect(page.asked).toStrictEqual(['/x/status']);
    page.visibilityState = 'hidden';
    await page.after(15_000);
    expect(page.asked).toHaveLength(1);
    page.visibilityState = 'visible';
    await page.becomesVisible();
    expect(page.asked).toHaveLength(2);
    expect(page.shown).toStrictEqual([]);
  });

  it.each([
    { status: 'approved', version: 4 },
    { status: 'pending', version: 4 },
    { status: 'expired', version: 3 },
  ])('shows the page anew once it is %o', async (answer) => {
    const page = new OpenPage(now + 61_000);
    page.answer = () => answer;
    await page.after(15_000);
    expect(page.shown).toStrictEqual(['/x']);
  });

  it('tells somebody who has a form open, instead of losing what they typed', async () => {
    const page = new OpenPage(now + 61_000);
    page.answer = () => ({ status: 'approved', version: 4 });
    page.openForm = {};
    await page.after(15_000);
    expect(page.shown).toStrictEqual([]);
    expect(page.changed.hidden).toBe(false);
  });

  it('goes on when the network is away, and asks nothing where nothing is open', async () => {
    const page = new OpenPage(now + 61_000);
    page.answer = () => {
      throw new TypeError('network');
    };
    await page.after(15_000);
    expect(page.shown).toStrictEqual([]);
    const inbox = new OpenPage(now + 61_000, null);
    await inbox.after(15_000);
    expect(inbox.asked).toStrictEqual([]);
  });

  it('shows an inbox anew when its reader comes back, unless a form is open there', async () => {
    const inbox = new OpenPage(now + 61_000, null, true);
    inbox.visibilityState = 'hidden';
    await inbox.becomesVisible();
    expect(inbox.shown).toStrictEqual([]);
    inbox.visibilityState = 'visible';
    inbox.openForm = {};
    await inbox.becomesVisible();
    expect(inbox.shown).toStrictEqual([]);
    inbox.openForm = null;
    await inbox.becomesVisible();
    expect(inbox.shown).toStrictEqual(['/x?view=all']);
  });

  it('is served as a script that names no other address', async () => {
    const answer = await new PagesWorld().visitor().send('/countdown.js');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    const text = await answer.text();
    expect(text).toBe(countdownScript);
    expect(text).not.toMatch(/https?:|innerHTML|eval|document\.write/);
  });
});
