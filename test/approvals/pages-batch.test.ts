import { beforeEach, describe, expect, it } from 'vitest';
import type { Dossier } from '../../functions/approvals/dossier.ts';
import { batchItem, batchKeyOf } from '../../functions/approvals/pages/batch.ts';
import type { Browser } from './browser.ts';
import { now, pending, planOf } from './fixtures.ts';
import { PagesWorld, tokenFor } from './pages-world.ts';

const low = (made: Dossier): Dossier => ({ ...made, decision: { ...made.decision, tier: 'low' } });

let world: PagesWorld;
let key: string;
let batchPath: string;

async function put(name: string, toValue = 'off'): Promise<void> {
  const plan = planOf(
    'ssm.put-parameter',
    { name: `/${name}/beta`, fromValue: 'on', toValue },
    `inc-${name}`,
  );
  await world.put(pending({ approvalId: name }, plan), plan, low);
}

async function itemOf(name: string): Promise<string> {
  const approval = await world.store.get(name);
  if (approval === undefined) throw new Error(`no ${name}`);
  return batchItem(approval);
}

/** Sends the form with these boxes ticked. */
async function send(browser: Browser, names: readonly string[], fields: Record<string, string>) {
  const items = await Promise.all(
    names.map(async (name) => ['item', await itemOf(name)] as [string, string]),
  );
  const csrf = fields['csrf'] ?? (await tokenFor(browser, batchPath));
  return browser.post(batchPath, [...items, ...Object.entries({ ...fields, csrf })]);
}

const statuses = async (...names: string[]) =>
  Promise.all(names.map(async (name) => (await world.store.get(name))?.status));

beforeEach(async () => {
  world = new PagesWorld();
  for (const name of ['one', 'two', 'three']) await put(name);
  const dossier = world.dossiers.get('one');
  key = (dossier && batchKeyOf(dossier)) ?? '';
  batchPath = `/batches/${key}`;
});

describe('a batch', () => {
  it('shows each request with a box that is bound to its plan', async () => {
    await put('other', 'broken');
    const { status, text } = await (await world.signedIn('ana')).get(batchPath);
    expect(status).toBe(200);
    expect(text).toContain('Change these 3 from on to off?');
    for (const name of ['one', 'two', 'three']) {
      expect(text).toContain(`name="item" value="${await itemOf(name)}"`);
      expect(text).toContain(`href="/approvals/${name}"`);
    }
    expect(text).not.toContain('/other/beta');
    expect(Buffer.byteLength(text)).toBeLessThan(30_000);
  });

  it('decides what is ticked, one by one, and nothing else', async () => {
    const browser = await world.signedIn('ana');
    const { status, text } = await send(browser, ['one', 'three'], { verdict: 'approve' });
    expect(status).toBe(200);
    expect(text).toContain('2 of 2 requests decided');
    expect(await statuses('one', 'two', 'three')).toStrictEqual(['approved', 'pending', 'approved']);
    expect(await world.store.get('one')).toMatchObject({ votes: [{ identityId: 'ana', via: 'batch' }] });
    expect(world.people.confirmations).toBe(1);
    const again = await send(browser, ['one'], {
      verdict: 'approve',
      csrf: await tokenFor(browser, batchPath),
    });
    expect(again.text).toContain('1 of 1 request decided');
    expect(world.evidence).toStrictEqual([]);
  });

  it('rejects with one reason and comment for all', async () => {
    const fields = { verdict: 'reject', reason: 'wrong-timing', comment: ' not now ' };
    await send(await world.signedIn('ben'), ['one', 'two'], fields);
    for (const name of ['one', 'two']) {
      expect(await world.store.get(name)).toMatchObject({
        status: 'rejected',
        votes: [{ reason: 'wrong-timing', comment: 'not now' }],
      });
    }
  });

  it('says of each what became of it, and goes on past one that did not count', async () => {
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser, batchPath);
    await send(await world.signedIn('ben'), ['two'], { verdict: 'reject', reason: 'wrong-target' });
    const { text } = await send(browser, ['one', 'two', 'three'], { verdict: 'approve', csrf });
    expect(text).toContain('2 of 3 requests decided');
    expect(text).toContain('decided before it arrived');
    expect(await statuses('one', 'two', 'three')).toStrictEqual(['approved', 'rejected', 'approved']);
    expect(world.evidence).toStrictEqual(['two ana already-decided']);
  });

  it('takes no box whose plan is not the one that was shown', async () => {
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser, batchPath);
    const [item, other] = [await itemOf('one'), await itemOf('two')];
    const swapped = `${other.slice(0, 64)}${item.slice(64)}`;
    const { text } = await browser.post(batchPath, [
      ['item', swapped],
      ['verdict', 'approve'],
      ['csrf', csrf],
    ]);
    expect(text).toContain('0 of 1 request decided');
    expect(world.votes).toBe(0);
    expect(world.evidence).toStrictEqual(['one ana plan-altered']);
  });

  it.each<[string, { tier?: string; quorum?: number; toValue?: string }]>([
    ['a medium tier', { tier: 'medium' }],
    ['two approvers', { quorum: 2 }],
    ['another effect', { toValue: 'broken' }],
  ])('does not decide a request with %s, whatever the form says', async (_case, shape) => {
    const { tier = 'low', quorum = 1, toValue = 'off' } = shape;
    const plan = planOf('ssm.put-parameter', { name: '/alien/beta', fromValue: 'on', toValue }, 'inc-alien');
    await world.put(pending({ approvalId: 'alien', quorum }, plan), plan, (made) => ({
      ...made,
      decision: { ...made.decision, tier },
    }));
    const { text } = await send(await world.signedIn('ana'), ['alien'], { verdict: 'approve' });
    expect(text).toContain('0 of 1 request decided');
    expect(await statuses('alien')).toStrictEqual(['pending']);
    expect(world.evidence).toStrictEqual(['alien ana malformed-form']);
  });

  it('answers alike for a batch that is unknown, decided or not one’s own', async () => {
    const unknown = await (await world.signedIn('ana')).get('/batches/0123456789abcdef0123456789abcdef');
    expect(unknown.status).toBe(404);
    const own = unknown.text.replaceAll(/value="[^"]+"/g, '');
    await send(await world.signedIn('ben'), ['one', 'two', 'three'], { verdict: 'approve' });
    const decided = await (await world.signedIn('ana')).get(batchPath);
    expect([decided.status, decided.text.replaceAll(/value="[^"]+"/g, '')]).toStrictEqual([404, own]);
    expect((await (await world.signedIn('olga')).get(batchPath)).status).toBe(404);
  });

  it('leaves out what is past its time', async () => {
    world.clock.now = now + 600_000;
    expect((await (await world.signedIn('ana')).get(batchPath)).status).toBe(404);
  });
});

describe('the form of a batch', () => {
  it.each<[string, number, (browser: Browser) => Promise<Record<string, string>>]>([
    ['no box', 400, async () => ({ verdict: 'approve' })],
    ['no reason', 400, async () => ({ item: await itemOf('one'), verdict: 'reject' })],
    [
      'something else and no comment',
      400,
      async () => ({ item: await itemOf('one'), verdict: 'reject', reason: 'other' }),
    ],
    [
      'a reason on an approval',
      400,
      async () => ({ item: await itemOf('one'), verdict: 'approve', reason: 'other' }),
    ],
    ['a box without digest', 400, async () => ({ item: 'one', verdict: 'approve' })],
    ['an unknown field', 400, async () => ({ item: await itemOf('one'), verdict: 'approve', all: 'yes' })],
    ['a wrong token', 403, async () => ({ item: await itemOf('one'), verdict: 'approve', csrf: 'forged' })],
    [
      'the token of an approval',
      403,
      async (browser) => ({
        item: await itemOf('one'),
        verdict: 'approve',
        csrf: await tokenFor(browser, '/approvals/one'),
      }),
    ],
  ])('with %s is answered %s and decides nothing', async (_case, status, fields) => {
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser, batchPath);
    expect((await browser.post(batchPath, { csrf, ...(await fields(browser)) })).status).toBe(status);
    expect(world.votes).toBe(0);
    expect(world.evidence).toStrictEqual(status === 403 ? ['one ana form-token-wrong'] : []);
  });

  it('takes 25 boxes, and not 26', async () => {
    for (let index = 0; index < 23; index++) await put(`n${index}`);
    const names = ['one', 'two', 'three', ...Array.from({ length: 23 }, (_, index) => `n${index}`)];
    const browser = await world.signedIn('ana');
    expect((await send(browser, names, { verdict: 'approve' })).status).toBe(400);
    expect(world.votes).toBe(0);
    expect((await send(browser, names.slice(0, 25), { verdict: 'approve' })).text).toContain('25 of 25');
  });

  it.each([
    ['sign-in-again', 303],
    ['unavailable', 503],
  ] as const)('decides nothing when the provider says %s', async (says, status) => {
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser, batchPath);
    world.people.says = says;
    const answer = await send(browser, ['one', 'two'], { verdict: 'approve', csrf });
    expect(answer.status).toBe(status);
    expect(world.votes).toBe(0);
    expect(world.evidence).toStrictEqual(['one ana identity-unconfirmed', 'two ana identity-unconfirmed']);
    if (says === 'sign-in-again')
      expect(answer.location).toContain(encodeURIComponent(`${batchPath}?undone`));
  });
});
