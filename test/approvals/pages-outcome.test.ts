import { describe, expect, it } from 'vitest';
import { emptyChain, type LedgerEvent, sealEntries } from '../../functions/audit/ledger-entry.ts';
import { dossierOf, incidentId, now, pending, planOf, vote } from './fixtures.ts';
import { incidentFile, PagesWorld, path } from './pages-world.ts';

const decided = { status: 'approved', decidedAtEpochMs: now, usableUntilEpochMs: now + 900_000 } as const;

async function read(world: PagesWorld, page = path): Promise<string> {
  return (await (await world.signedIn('ben')).get(page)).text;
}

describe('the page of what was decided', () => {
  it('says what became of it, and leads to the timeline', async () => {
    const world = new PagesWorld();
    await world.put(pending(decided));
    const waiting = await read(world);
    expect(waiting).toContain('The change may start until 22 Nov 2026, 10:15 UTC.');
    expect(waiting).toContain('It has not started yet.');
    const { planDigest } = pending();
    const change = { changeId: 'chg-1', incidentId, planDigest, status: 'executed' };
    world.alter('apr-1', { change });
    expect(await read(world)).toContain('It started, and is being checked.');
    world.alter('apr-1', {
      change: { ...change, status: 'rolled-back', statusReason: 'the alarm <i>stayed</i>' },
    });
    const text = await read(world);
    expect(text).toContain('It was rolled back: the alarm &lt;i&gt;stayed&lt;/i&gt;.');
    expect(text).not.toContain('may start until');
    const card = text.slice(text.indexOf('class="outcome"'), text.indexOf('class="said"'));
    expect(card).toContain(`<a href="/incidents/${incidentId}">Timeline of this incident</a>`);
  });

  it('says that the execution waited no more, and how the incident ended', async () => {
    const world = new PagesWorld();
    await world.put(pending({ ...decided, callbackTooLate: 'execution-no-longer-waits' }));
    const { incident } = incidentFile();
    world.alter('apr-1', {
      incident: { ...incident, status: 'closed', result: 'needs-person', resultReason: 'it timed out' },
    });
    expect(await read(world)).toContain(
      'It did not start. The execution no longer waited for this answer. The incident is closed as “needs person”: it timed out.',
    );
  });

  it('does not call rolled back what could not be rolled back', async () => {
    const world = new PagesWorld();
    const verdictOn = { changeId: 'chg-1', reason: 'unknown' };
    await world.put(pending({ status: 'rejected', decidedAtEpochMs: now, verdictOn }));
    const { planDigest } = pending();
    const change = { changeId: 'chg-1', incidentId, planDigest, status: 'rollback-failed' };
    world.alter('apr-1', { change: { ...change, verdictApprovalId: 'apr-1' } });
    const text = await read(world);
    expect(text).toContain('<h2>To be rolled back</h2>');
    expect(text).toContain('It could not be rolled back, so somebody has to.');
  });

  it('names whoever voted by the name that counts, where they chose another one', async () => {
    const world = new PagesWorld();
    const votes = [
      { ...vote('mallory', 'approve', now), displayName: 'Ana Duarte' },
      { ...vote('ana', 'reject', now), displayName: 'Ana' },
    ];
    await world.put(pending({ status: 'rejected', decidedAtEpochMs: now, quorum: 2, votes }));
    const text = await read(world);
    expect(text).toContain('<strong>Ana Duarte (mallory)</strong> approved');
    expect(text).toContain('<strong>Ana</strong> rejected');
    expect(text).toContain('10:00 UTC, by Ana. The change');
  });
});

describe('a kill switch', () => {
  it.each([
    ['environment#local', 'environment local'],
    ['agent#responder', 'agent responder'],
    ['action#lambda.shift-alias', 'action lambda.shift-alias'],
    ['global', 'everything'],
  ] as const)('%s over a plan is named where it would be approved', async (scope, name) => {
    const world = new PagesWorld();
    await world.put();
    expect(await read(world)).toContain('Approved, it starts at once');
    world.engaged = [scope];
    const text = await read(world);
    expect(text).toContain(`The kill switch for ${name} is engaged.`);
    expect(text).toContain('does not start, and is not started later either');
    expect(text).not.toContain('it starts at once');
    expect(text).not.toContain('Kill switch is off');
  });

  it('over something else is named on every page, and stops nothing here', async () => {
    const world = new PagesWorld();
    await world.put();
    world.engaged = ['environment#prod', 'agent#other', 'action#ssm.put-parameter', 'action#x'];
    for (const page of ['/', path, `/incidents/${incidentId}`, '/nope']) {
      const text = await read(world, page);
      expect(text).toContain(
        'Kill switch engaged for environment prod, agent other, action ssm.put-parameter and 1 more.',
      );
      expect(text).toContain('action="/stop"');
    }
    expect(await read(world)).toContain('Approved, it starts at once');
  });

  it('that cannot be read counts as engaged over everything', async () => {
    const world = new PagesWorld();
    await world.put();
    world.engaged = 'unreadable';
    const text = await read(world);
    expect(text).toContain('The kill switch could not be read, which counts as engaged.');
    expect(text).not.toContain('it starts at once');
  });

  it('does not stop anybody from having a change rolled back', async () => {
    const world = new PagesWorld();
    const verdictOn = { changeId: 'chg-1', reason: 'unknown' };
    await world.put(pending({ verdictOn }));
    world.engaged = ['global'];
    expect(await read(world)).not.toContain('not started later');
  });

  it('is neither read for nor shown to strangers', async () => {
    const world = new PagesWorld();
    let reads = 0;
    const killSwitches = async () => {
      reads += 1;
      return ['global'] as const;
    };
    const stranger = world.visitor({ killSwitches });
    for (const page of ['/sign-in', '/', path, '/nope', '/healthz', '/sign-in/callback?code=nobody']) {
      expect((await stranger.get(page)).text).not.toMatch(/kill switch/i);
    }
    expect((await stranger.post(path, {}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(reads).toBe(0);
    await (await world.signedIn('ana', { killSwitches })).get('/');
    expect(reads).toBe(1);
  });
});

describe('a long timeline', () => {
  const event = (index: number): LedgerEvent => ({
    type: 'approval.vote-refused',
    atEpochMs: now + index,
    actor: { kind: 'person', id: `person-${index}` },
    detail: { approvalId: 'apr-1', identityId: `person-${index}`, because: '<expired>'.repeat(8) },
  });

  function longWorld(count: number) {
    const world = new PagesWorld();
    const { incident } = incidentFile();
    const events = Array.from({ length: count }, (_, index) => event(index + 1));
    const entries = sealEntries(`incident#${incidentId}`, emptyChain, 'artefact', events);
    const desk = { ...world.ports().desk, incident: async () => ({ incident, entries }) };
    return world.signedIn('ana', { desk });
  }

  const peopleOn = (text: string) =>
    [...text.matchAll(/person person-(\d+)/g)].map(([, index]) => Number(index));

  it('stays under 30 kB, newest first, and every entry is on one of its pages', async () => {
    const browser = await longWorld(200);
    const seen: number[] = [];
    let address: string | undefined = `/incidents/${incidentId}`;
    while (address !== undefined) {
      const { text } = await browser.get(address);
      expect(Buffer.byteLength(text)).toBeLessThan(30_000);
      expect(text).toContain('200 entries, chain intact');
      const shown = peopleOn(text);
      expect(shown.length).toBeGreaterThan(5);
      seen.unshift(...shown);
      address = /href="([^"]+\?before=\d+)"/.exec(text)?.[1];
      expect(text.includes('interlock incident show')).toBe(address !== undefined);
      expect(text.includes('>Newest entries<')).toBe(shown.at(-1) !== 200);
    }
    expect(seen).toStrictEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  it.each(['?before=0', '?before=1'])('has nothing before its first entry: %s', async (query) => {
    const { status, text } = await (await longWorld(3)).get(`/incidents/${incidentId}${query}`);
    expect(status).toBe(200);
    expect(peopleOn(text)).toStrictEqual([]);
  });

  it.each(['', '?before=-1', '?before=x', '?before=9999999999', '?before=%27', '?before=4'])(
    'shows everything that is short for %s, each entry with its approval',
    async (query) => {
      const { text } = await (await longWorld(3)).get(`/incidents/${incidentId}${query}`);
      expect(peopleOn(text)).toStrictEqual([1, 2, 3]);
      expect(text.match(/<a class="small" href="\/approvals\/apr-1">/g)).toHaveLength(3);
      expect(text).not.toContain('earlier entries');
    },
  );
});

describe('more than one page of requests', () => {
  async function filled(count: number): Promise<PagesWorld> {
    const world = new PagesWorld();
    for (let index = 1; index <= count; index++) {
      const plan = planOf(
        'ssm.put-parameter',
        { name: `/p${index}`, fromValue: 'a', toValue: 'b' },
        `inc-${index}`,
      );
      await world.put(
        pending({ approvalId: `apr-${index}`, expiresAtEpochMs: now + 900_000 - index * 1_000 }, plan),
        plan,
        (made) => ({ ...made, decision: { ...made.decision, tier: 'low' } }),
      );
    }
    return world;
  }

  it.each([
    [25, '25', false],
    [26, '26+', true],
    [40, '26+', true],
  ])('of %i are counted as %s, and what is not shown is said', async (count, counted, isCut) => {
    const world = await filled(count);
    for (const view of ['mine', 'all']) {
      const text = await read(world, `/?view=${view}`);
      expect(text).toContain(`For me <span class="count">${counted}</span>`);
      expect(text.includes('25 of 26 or more are shown:')).toBe(isCut);
      expect(text.includes('Decide them, and the next ones come')).toBe(isCut);
    }
    const batch = await read(world, /\/batches\/[^"]+/.exec(await read(world, '/'))?.[0]);
    expect(batch).toContain('Change these 25 from a to b?');
    expect(batch).toContain(`/p${count}</strong>`);
    expect(batch.includes('More is waiting for you')).toBe(isCut);
    expect(Buffer.byteLength(await read(world, '/?view=all'))).toBeLessThan(30_000);
  });

  it('weighs less than 30 kB with 25 of long names, as a list and as a batch', async () => {
    const world = new PagesWorld();
    for (let index = 1; index <= 25; index++) {
      const name = `/checkout/eu-west-1/production/feature-flags/new-pricing/${index}`;
      const plan = planOf(
        'ssm.put-parameter',
        { name, fromValue: 'enabled', toValue: 'disabled' },
        `inc-${index}`,
      );
      const approval = pending(
        { approvalId: `phEBuz4BX99MEbydDWv2HnrZD${String(index).padStart(2, '0')}` },
        plan,
      );
      await world.put(approval, plan, (made) => {
        const { incident } = dossierOf(
          approval,
          plan,
          `checkout-errors-${index}: ${'threshold crossed '.repeat(6)}`,
        );
        return {
          ...made,
          decision: { ...made.decision, tier: 'low' },
          ...(incident === undefined ? {} : { incident }),
        };
      });
    }
    const batch = /\/batches\/[^"]+/.exec(await read(world, '/'))?.[0];
    const pages = await Promise.all(['/', '/?view=all', batch].map((address) => read(world, address)));
    expect(pages.at(-1)).toContain('Change these 25 from enabled to disabled?');
    for (const page of pages) expect(Buffer.byteLength(page)).toBeLessThan(30_000);
  });

  it('tells on the page of a batch which kill switch stops it', async () => {
    const world = await filled(2);
    const address = /\/batches\/[^"]+/.exec(await read(world, '/'))?.[0];
    expect(await read(world, address)).not.toContain('is engaged');
    world.engaged = ['action#ssm.put-parameter'];
    expect(await read(world, address)).toContain('The kill switch for action ssm.put-parameter is engaged.');
  });

  it('does not say that nothing waits where not everything was looked through', async () => {
    const world = new PagesWorld();
    const desk = { ...world.ports().desk, pending: async () => ({ dossiers: [], isWhole: false }) };
    const { text } = await (await world.signedIn('ana', { desk })).get('/');
    expect(text).not.toContain('Nothing waits for you');
    expect(text).toContain('0 of 0 or more are shown');
  });
});

describe('the way back from signing in', () => {
  it.each([
    ['/?view=decided', '/?view=decided'],
    ['/incidents/inc-1?before=7', '/incidents/inc-1?before=7'],
    [`/?view=${'x'.repeat(600)}`, '/'],
    [`${path}?${'x'.repeat(600)}`, path],
    ['/?returnTo=https://evil.example', '/?returnTo=https://evil.example'],
  ])('from %s leads to %s', async (asked, back) => {
    const { location } = await new PagesWorld().visitor().get(asked);
    expect(location).toBe(`/sign-in?returnTo=${encodeURIComponent(back)}`);
  });
});
