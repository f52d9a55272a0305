import { describe, expect, it } from 'vitest';
import { formToken } from '../../functions/approvals/pages/csrf.ts';
import { incidentId, now, pending, planOf } from './fixtures.ts';
import { setRecovered } from './moot-incident.ts';
import { approve, PagesWorld, path, reject, tokenFor } from './pages-world.ts';

describe('voting', () => {
  it('approves with one tap, and shows it', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const answer = await browser.post(path, { csrf: await tokenFor(browser), ...approve });
    expect([answer.status, answer.location]).toStrictEqual([303, path]);
    expect(await world.store.get('apr-1')).toMatchObject({
      status: 'approved',
      votes: [{ identityId: 'ana', via: 'page' }],
    });
    expect((await browser.get(path)).text).toContain('<h2>Approved</h2>');
  });

  it('rejects with a reason and a comment', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ben');
    const csrf = await tokenFor(browser);
    const fields = { ...reject, csrf, reason: 'never-again', comment: ' frozen\r\nuntil noon ' };
    expect((await browser.post(path, fields)).status).toBe(303);
    expect(await world.store.get('apr-1')).toMatchObject({
      status: 'rejected',
      votes: [{ identityId: 'ben', reason: 'never-again', comment: 'frozen\nuntil noon' }],
    });
    expect((await browser.get(path)).text).toContain('never do this');
  });

  it('records for whom a stand-in decided', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('dot');
    await browser.post(path, { csrf: await tokenFor(browser), ...approve });
    expect(await world.store.get('apr-1')).toMatchObject({
      votes: [{ identityId: 'dot', onBehalfOf: 'ana' }],
    });
  });

  it('shows the earlier result to a replay, and to somebody who is late', async () => {
    const world = new PagesWorld();
    await world.put();
    const [ana, ben] = [await world.signedIn('ana'), await world.signedIn('ben')];
    const [anaToken, benToken] = [await tokenFor(ana), await tokenFor(ben)];
    await ana.post(path, { csrf: anaToken, ...approve });
    const decided = await world.store.get('apr-1');
    expect(await ana.post(path, { csrf: anaToken, ...approve })).toMatchObject({
      status: 303,
      location: path,
    });
    const late = await ben.post(path, { csrf: benToken, ...reject });
    expect(late.status).toBe(409);
    expect(late.text).toContain('decided before it arrived');
    expect((await ana.post(path, { csrf: anaToken, ...reject })).status).toBe(409);
    expect(world.evidence).toStrictEqual(['apr-1 ben already-decided', 'apr-1 ana already-decided']);
    expect(await world.store.get('apr-1')).toStrictEqual(decided);
  });

  it.each([
    [599_999, 303],
    [600_000, 409],
    [600_001, 409],
  ])('at %s ms of 600,000 answers %s', async (later, status) => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    world.clock.now = now + later;
    expect((await browser.post(path, { csrf, ...approve })).status).toBe(status);
    expect(world.evidence).toStrictEqual(status === 303 ? [] : ['apr-1 ana expired']);
  });

  it('says that it was cancelled meanwhile', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    await setRecovered(world.store.database, world.store.operationsTable, incidentId);
    await world.store.cancel('apr-1', 'incident-recovered', 'incident-watch');
    const answer = await browser.post(path, { csrf, ...approve });
    expect(answer.status).toBe(409);
    expect(answer.text).toContain('cancelled before it arrived');
    expect(world.evidence).toStrictEqual(['apr-1 ana cancelled']);
  });

  it('waits for a second person where two are asked', async () => {
    const world = new PagesWorld();
    await world.put(pending({ quorum: 2 }));
    const [ana, again, ben] = [
      await world.signedIn('ana'),
      await world.signedIn('ana'),
      await world.signedIn('ben'),
    ];
    const [token, againToken] = [await tokenFor(ana), await tokenFor(again)];
    await ana.post(path, { csrf: token, ...approve });
    await again.post(path, { csrf: againToken, ...approve });
    expect(await world.store.get('apr-1')).toMatchObject({
      status: 'pending',
      votes: [{ identityId: 'ana' }],
    });
    await ben.post(path, { csrf: await tokenFor(ben), ...approve });
    expect(await world.store.get('apr-1')).toMatchObject({ status: 'approved' });
  });
});

describe('authority at the click', () => {
  it('is what the provider says then: somebody removed from the group meanwhile decides nothing', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    world.people.setGroups('ana', []);
    expect((await browser.get(path)).status).toBe(200);
    expect((await browser.post(path, { csrf, ...approve })).status).toBe(404);
    expect(world.votes).toBe(0);
    expect(world.evidence).toStrictEqual(['apr-1 ana no-authority']);
  });

  it('decides nothing for a session that the provider no longer vouches for, and comes back', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    world.people.says = 'sign-in-again';
    const { status, location } = await browser.post(path, { csrf, ...approve });
    expect([status, location]).toStrictEqual([303, '/sign-in?returnTo=%2Fapprovals%2Fapr-1%3Fundone']);
    expect(world.evidence).toStrictEqual(['apr-1 ana identity-unconfirmed']);
    expect(world.votes).toBe(0);
    delete world.people.says;
    const returned = await browser.signIn('ana', `${path}?undone`);
    expect((await browser.get(returned ?? '')).text).toContain('Nothing was decided yet');
  });

  it('decides nothing while the provider does not answer', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    world.people.says = 'unavailable';
    const { status, text } = await browser.post(path, { csrf, ...approve });
    expect(status).toBe(503);
    expect(text).toContain('Nothing was decided');
    expect(world.evidence).toStrictEqual(['apr-1 ana identity-unconfirmed']);
    delete world.people.says;
    expect((await browser.post(path, { csrf, ...approve })).status).toBe(303);
  });

  it('does not ask the provider about a form that is not ours', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    await browser.post(path, { csrf: 'forged', ...approve });
    await browser.post(path, { verdict: 'maybe' });
    expect(world.people.confirmations).toBe(0);
  });

  it('lets the agent’s owner look but not decide', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('olga');
    const { status, text } = await browser.get(path);
    expect(status).toBe(200);
    expect(text).toContain('You answer for the agent that proposes this');
    expect(text).not.toContain('value="approve"');
    // Olga has no token; with one of her own making she is still refused.
    const sessionId = browser.cookies.get('__Host-interlock-session') ?? '';
    const csrf = formToken(await world.ports().keys(), sessionId, 'approval/apr-1');
    expect((await browser.post(path, { csrf, ...approve })).status).toBe(403);
    expect(world.evidence).toStrictEqual(['apr-1 olga no-authority']);
    expect(await world.store.get('apr-1')).toMatchObject({ status: 'pending', votes: [] });
  });

  it('tells whoever asked for it and whose change it is why they only look', async () => {
    const world = new PagesWorld();
    await world.put(pending(), planOf(), (made) => ({
      ...made,
      decision: {
        ...made.decision,
        inputs: { targetTags: { reading: 'read', tags: { 'interlock:changed-by': 'Ana' } } },
      },
    }));
    expect((await (await world.signedIn('ana')).get(path)).text).toContain('live there now is yours');
  });
});

describe('what was shown', () => {
  const swapped = planOf('lambda.shift-alias', {
    functionName: 'checkout',
    aliasName: 'live',
    fromVersion: '2',
    toVersion: '666',
  });

  it('decides nothing about a plan that is not the one asked about', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    world.alter('apr-1', { plan: swapped });
    const page = await browser.get(path);
    expect(page.text).toContain('not the one that was asked about');
    expect(page.text).not.toContain('value="approve"');
    expect((await browser.post(path, { csrf, ...approve })).status).toBe(409);
    expect(world.votes).toBe(0);
    expect(world.evidence).toStrictEqual(['apr-1 ana plan-altered']);
  });

  it('decides nothing for a form that shows another plan', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    const { planDigest } = pending({}, swapped);
    const answer = await browser.post(path, { csrf, ...approve, planDigest });
    expect(answer.status).toBe(409);
    expect(answer.text).toContain('not the one that you were shown');
    expect(world.votes).toBe(0);
    expect(world.evidence).toStrictEqual(['apr-1 ana plan-altered']);
  });
});
