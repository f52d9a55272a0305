import { describe, expect, it } from 'vitest';
import { now, pending, planOf, vote } from './fixtures.ts';
import { PagesWorld } from './pages-world.ts';

/** A parameter to set in an environment of one's own choice. */
const parameter = (name: string, incident: string) =>
  planOf('ssm.put-parameter', { name, fromValue: 'on', toValue: 'off' }, incident);

/** The links to approvals and batches on a view of `identity`'s inbox, in order. */
async function links(world: PagesWorld, identity: string, view = ''): Promise<string[]> {
  const { text } = await (await world.signedIn(identity)).get(`/${view}`);
  return [...text.matchAll(/href="\/(?:approvals|batches)\/([^"]+)"/g)].map(([, id = '']) => id);
}

async function filled(): Promise<PagesWorld> {
  const world = new PagesWorld();
  const voted = { quorum: 2, votes: [vote('ana', 'approve', now)] };
  await world.put(pending({ approvalId: 'later', expiresAtEpochMs: now + 700_000 }));
  await world.put(pending({ approvalId: 'soon', expiresAtEpochMs: now + 61_000 }));
  await world.put(pending({ approvalId: 'voted', ...voted }));
  await world.put(pending({ approvalId: 'over', expiresAtEpochMs: now + 60_000 }));
  await world.put(pending({ approvalId: 'done', status: 'approved', decidedAtEpochMs: now }));
  await world.put(pending({ approvalId: 'gone', status: 'cancelled', decidedAtEpochMs: now }));
  return world;
}

describe('the inbox', () => {
  it.each([
    ['', ['soon', 'later']],
    ['?view=mine', ['soon', 'later']],
    ['?view=all', ['soon', 'voted', 'later']],
    ['?view=decided', ['over', 'done', 'gone']],
    ['?view=__proto__', ['soon', 'later']],
    ['?view=mine&view=all', ['soon', 'later']],
  ])('shows at /%s of Ana %o', async (view, shown) => {
    expect(await links(await filled(), 'ana', view)).toStrictEqual(shown);
  });

  it('counts every view, names the current one, and needs no script for it', async () => {
    const { text } = await (await (await filled()).signedIn('ana')).get('/?view=all');
    for (const tab of [
      '<a href="/?view=mine">For me <span class="count">2</span></a>',
      '<a href="/?view=all" aria-current="page">All <span class="count">3</span></a>',
      '<a href="/?view=decided">Decided <span class="count">3</span></a>',
    ]) {
      expect(text).toContain(tab);
    }
    expect(text).toContain('1 of 2 approved');
    expect(text.match(/For you/g)).toHaveLength(2);
  });

  it('is about everything that somebody else asks of one', async () => {
    const world = await filled();
    expect(await links(world, 'ben')).toStrictEqual(['soon', 'voted', 'later']);
    expect(await links(world, 'dot')).toStrictEqual(['soon', 'voted', 'later']);
  });

  it('holds what one may only read under all, and says where it is', async () => {
    const world = await filled();
    for (const identity of ['olga', 'kim']) {
      expect(await links(world, identity)).toStrictEqual([]);
      expect(await links(world, identity, '?view=all')).toStrictEqual(['soon', 'voted', 'later']);
    }
    const { text } = await (await world.signedIn('kim')).get('/');
    expect(text).toContain('Nothing waits for you.');
    expect(text).toContain('3 waiting for others or for more approvals');
  });

  it('is asked of the escalation group once it is escalated', async () => {
    const world = new PagesWorld();
    await world.put();
    world.clock.now = now + 399_999;
    expect(await links(world, 'kim')).toStrictEqual([]);
    world.clock.now = now + 400_000;
    expect(await links(world, 'kim')).toStrictEqual(['apr-1']);
  });

  it('tells somebody without any authority so', async () => {
    const world = await filled();
    expect((await (await world.signedIn('mia')).get('/')).text).toContain('give you no authority');
    expect((await (await world.signedIn('dot')).get('/')).text).not.toContain('give you no authority');
  });

  it('shows identical low-risk requests as one, for whoever may decide them', async () => {
    const world = new PagesWorld();
    for (const name of ['one', 'two']) {
      const plan = parameter(`/${name}/beta`, `inc-${name}`);
      await world.put(pending({ approvalId: name }, plan), plan, (made) => ({
        ...made,
        decision: { ...made.decision, tier: 'low' },
      }));
    }
    await world.put();
    const [batch = '', ...others] = await links(world, 'ana');
    expect(batch).toMatch(/^[0-9a-f]{32}$/);
    expect(others).toStrictEqual(['apr-1']);
    const { text } = await (await world.signedIn('ana')).get('/');
    expect(text).toContain('2 identical requests: from on to off');
    expect(text).toContain('/one/beta, /two/beta');
    expect(await links(world, 'ana', '?view=all')).toStrictEqual(['one', 'two', 'apr-1']);
  });
});
