import { describe, expect, it } from 'vitest';
import { tokenIn } from './browser.ts';
import { incidentId, pending } from './fixtures.ts';
import { incidentFile, PagesWorld, path, tokenFor } from './pages-world.ts';

describe('reading', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])(
    '%s, ten times, by a scanner or an approver, changes nothing',
    async (method) => {
      const world = new PagesWorld();
      await world.put();
      const before = await world.store.get('apr-1');
      const approver = await world.signedIn('ana');
      const csrf = await tokenFor(approver);
      const vote = `verdict=approve&csrf=${csrf}&planDigest=${pending().planDigest}`;
      const addresses = [
        path,
        `${path}?verdict=approve`,
        `${path}?${vote}`,
        `${path}/status`,
        `/stop?csrf=${csrf}`,
      ];
      for (const visitor of [world.visitor(), approver]) {
        for (let visit = 0; visit < 10; visit++) {
          for (const address of addresses) await visitor.send(address, { method });
        }
      }
      expect(await world.store.get('apr-1')).toStrictEqual(before);
      expect(world.votes).toBe(0);
      expect(world.people.confirmations).toBe(0);
      expect(world.refusedVotes).toStrictEqual([]);
      expect(world.stops).toStrictEqual([]);
    },
  );

  it('stays under 30 kB on every page, with no inline script and nothing from elsewhere', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    for (const page of ['/', '/?view=all', path, `/incidents/${incidentId}`, '/sign-in', '/approvals/nope']) {
      const { text } = await browser.get(page);
      expect(Buffer.byteLength(text)).toBeLessThan(30_000);
      expect(text.match(/<script[^>]*>[^<]*/g) ?? []).toStrictEqual(
        page === '/sign-in' ? [] : ['<script src="/countdown.js" defer="">'],
      );
      expect(text).not.toMatch(/\sstyle="|\son\w+="|<link(?! rel="icon" href="data:,")/i);
      expect(text).not.toMatch(/(href|src|action)="(https?:|\/\/)/i);
    }
  });

  it('sends headers that forbid inline scripts, frames, caching and foreign forms', async () => {
    const { headers } = await new PagesWorld().visitor().send('/sign-in');
    const policy = headers.get('content-security-policy') ?? '';
    for (const directive of [
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "form-action 'self'",
      "base-uri 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]) {
      expect(policy.split('; ')).toContain(directive);
    }
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toContain('max-age=');
  });

  it('is healthy without asking anything', async () => {
    const { status, text } = await new PagesWorld().visitor().get('/healthz');
    expect([status, text]).toStrictEqual([200, 'ok']);
  });

  it.each([
    [[], 'Kill switch is off'],
    [['global'], 'Kill switch engaged.'],
    ['unreadable', 'which counts as engaged'],
  ] as const)('shows how the kill switches stand on every page: %j', async (engaged, words) => {
    const world = new PagesWorld();
    world.engaged = engaged;
    await world.put();
    const browser = await world.signedIn('ana');
    for (const page of ['/', path, `/incidents/${incidentId}`, '/nope', '/batches/nope']) {
      expect((await browser.get(page)).text).toContain(words);
    }
  });

  it('shows the incident as its ledger tells it, and says when the chain is broken', async () => {
    const world = new PagesWorld();
    const intact = await (await world.signedIn('ana')).get(`/incidents/${incidentId}`);
    expect(intact.text).toContain('Incident opened');
    expect(intact.text).toContain('chain intact');
    expect(intact.text).toContain('&lt;b&gt;bold');
    const { incident, entries } = incidentFile();
    const altered = entries.map((entry) => ({ ...entry, detail: { severity: 'low' } }));
    const desk = { ...world.ports().desk, incident: async () => ({ incident, entries: altered }) };
    const broken = await (await world.signedIn('ana', { desk })).get(`/incidents/${incidentId}`);
    expect(broken.text).toContain('chain broken');
  });

  it('fails without saying anything about the failure', async () => {
    const world = new PagesWorld();
    const away = async () => {
      throw new Error('the table is away: secret-of-the-error');
    };
    const browser = await world.signedIn('ana', { desk: { ...world.ports().desk, dossier: away } });
    const { status, text } = await browser.get(path);
    expect(status).toBe(500);
    expect(text).not.toContain('secret-of-the-error');
    expect(world.errors.map(({ message }) => message)).toStrictEqual([
      'the table is away: secret-of-the-error',
    ]);
  });
});

describe('constant answers', () => {
  it('does not tell an approval one may not see from one that does not exist', async () => {
    const world = new PagesWorld();
    await world.put();
    for (const identity of ['mia', 'pia']) {
      const browser = await world.signedIn(identity);
      const [forbidden, unknown] = [await browser.get(path), await browser.get('/approvals/apr-9')];
      expect(forbidden.status).toBe(404);
      expect(forbidden).toStrictEqual(unknown);
      const fields = { csrf: 'x', verdict: 'approve' };
      const posted = await browser.post(path, fields);
      expect(posted).toStrictEqual(await browser.post('/approvals/apr-9', fields));
      expect(posted.status).toBe(404);
      const status = await browser.get(`${path}/status`);
      expect(status).toStrictEqual(await browser.get('/approvals/apr-9/status'));
      expect(status.status).toBe(404);
      const incident = await browser.get(`/incidents/${incidentId}`);
      expect(incident).toStrictEqual(await browser.get('/incidents/inc-9'));
      for (const view of ['mine', 'all', 'decided']) {
        expect((await browser.get(`/?view=${view}`)).text).not.toContain('checkout');
      }
    }
  });

  it.each(['apr-9', '__proto__', '%2e%2e%2f', 'a'.repeat(2_000), "'; DROP TABLE", '%00'])(
    'gives an approver the same page for the unknown id %s',
    async (id) => {
      const world = new PagesWorld();
      await world.put();
      expect((await (await world.signedIn('ana')).get(`/approvals/${id}`)).status).toBe(404);
    },
  );
});

describe('signing in', () => {
  it('comes first, and leads back to where one wanted to go', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = world.visitor();
    const first = await browser.get(path);
    expect([first.status, first.location]).toStrictEqual([303, '/sign-in?returnTo=%2Fapprovals%2Fapr-1']);
    expect(first.text).not.toContain('checkout');
    expect(await browser.signIn('ana', path)).toBe(path);
    expect((await browser.get(path)).status).toBe(200);
  });

  it('says on the way back that a form which came without a session decided nothing', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const fields = { csrf: await tokenFor(browser), verdict: 'approve', planDigest: pending().planDigest };
    world.people.endAll();
    const { location } = await browser.post(path, fields);
    const returnTo = new URL(location ?? '', 'https://approvals.example').searchParams.get('returnTo') ?? '';
    expect(location).toMatch(/^\/sign-in\?/);
    expect(await browser.signIn('ana', returnTo)).toBe(`${path}?undone`);
    expect((await browser.get(returnTo)).text).toContain('Nothing was decided yet');
    expect(world.votes).toBe(0);
  });

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
  ])('does not send anybody to %s', async (returnTo) => {
    const browser = new PagesWorld().visitor();
    expect((await browser.get(`/sign-in?returnTo=${encodeURIComponent(returnTo)}`)).text).not.toContain(
      'evil',
    );
    expect(await browser.signIn('ana', returnTo)).toBe('/');
  });

  it('ends with signing out, which takes the page’s own token', async () => {
    const world = new PagesWorld();
    const browser = await world.signedIn('ana');
    expect((await browser.post('/sign-out', { csrf: 'forged' })).status).toBe(403);
    expect((await browser.get('/')).status).toBe(200);
    const csrf = tokenIn((await browser.get('/')).text, '/sign-out');
    expect((await browser.post('/sign-out', { csrf })).location).toContain('/sign-in');
    expect((await browser.get('/')).location).toContain('/sign-in');
  });
});
