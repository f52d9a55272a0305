import { describe, expect, it } from 'vitest';
import { pending } from './fixtures.ts';
import { approve, PagesWorld, path, reject, tokenFor } from './pages-world.ts';

describe('forged forms', () => {
  it.each<[string, (own: string, other: string, foreign: string) => { csrf?: string }]>([
    ['no token', () => ({})],
    ['an empty token', () => ({ csrf: '' })],
    ['a made-up token', () => ({ csrf: 'A'.repeat(43) })],
    ['half of its token', (own) => ({ csrf: own.slice(0, 20) })],
    ['the token of another approval', (_own, other) => ({ csrf: other })],
    ['the token of another session', (_own, _other, foreign) => ({ csrf: foreign })],
  ])('%s decides nothing', async (_case, fields) => {
    const world = new PagesWorld();
    await world.put();
    await world.put(pending({ approvalId: 'apr-2' }));
    const [ana, ben] = [await world.signedIn('ana'), await world.signedIn('ben')];
    const own = await tokenFor(ana);
    const other = await tokenFor(ana, '/approvals/apr-2');
    const foreign = await tokenFor(ben);
    expect(new Set([own, other, foreign]).size).toBe(3);
    const given = fields(own, other, foreign);
    expect((await ana.post(path, { ...given, ...approve })).status).toBe(403);
    expect(await world.store.get('apr-1')).toMatchObject({ status: 'pending', votes: [] });
    expect(world.votes).toBe(0);
    const because = given.csrf === undefined ? 'missing' : 'wrong';
    expect(world.evidence).toStrictEqual([`apr-1 ana form-token-${because}`]);
  });

  it('from another site count for nothing, even with their token', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    for (const site of ['cross-site', 'same-site']) {
      const answer = await browser.post(path, { csrf, ...approve }, { 'sec-fetch-site': site });
      expect(answer.status).toBe(403);
    }
    expect(world.votes).toBe(0);
    expect(new Set(world.evidence)).toStrictEqual(new Set(['apr-1 ana cross-site-form']));
    const own = await browser.post(path, { csrf, ...approve }, { 'sec-fetch-site': 'same-origin' });
    expect(own.status).toBe(303);
  });
});

describe('malformed forms', () => {
  const { planDigest } = pending();
  it.each<[string, Record<string, string>]>([
    ['no verdict', { planDigest }],
    ['an unknown verdict', { planDigest, verdict: 'maybe' }],
    ['a verdict in another case', { planDigest, verdict: 'Approve' }],
    ['a prototype name', { planDigest, verdict: '__proto__' }],
    ['a rejection without reason', { planDigest, verdict: 'reject' }],
    ['something else and no comment', { planDigest, verdict: 'reject', reason: 'other' }],
    [
      'something else and a blank comment',
      { planDigest, verdict: 'reject', reason: 'other', comment: ' \n ' },
    ],
    [
      'something else and a comment that nobody sees',
      { planDigest, verdict: 'reject', reason: 'other', comment: '\u200B\u2060\uFEFF' },
    ],
    ['an unknown reason', { planDigest, verdict: 'reject', reason: 'because' }],
    ['a reason on an approval', { planDigest, verdict: 'approve', reason: 'other' }],
    ['an unknown field', { planDigest, verdict: 'approve', quorum: '0' }],
    ['no digest', { verdict: 'approve' }],
    ['a digest in capitals', { planDigest: planDigest.toUpperCase(), verdict: 'approve' }],
    ['a digest that is too long', { planDigest: `${planDigest}0`, verdict: 'approve' }],
    ['a comment of 1,001 characters', { ...reject, comment: 'x'.repeat(1_001) }],
  ])('%s is refused', async (_case, fields) => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    expect((await browser.post(path, { csrf, ...fields })).status).toBe(400);
    expect(world.votes).toBe(0);
    expect(world.evidence).toStrictEqual(['apr-1 ana malformed-form']);
  });

  it.each(['x', '漢'])('a comment of 1,000 times %s is taken', async (character) => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    const answer = await browser.post(path, { ...reject, csrf, comment: character.repeat(1_000) });
    expect(answer.status).toBe(303);
  });

  it('are repeated fields, files, JSON and a megabyte, too', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    const csrf = await tokenFor(browser);
    const send = (body: NonNullable<RequestInit['body']>, headers?: Record<string, string>) =>
      browser.send(path, { method: 'POST', body, ...(headers === undefined ? {} : { headers }) });
    const fields = { csrf, ...reject };
    const twice = new URLSearchParams([...Object.entries(fields), ['verdict', 'approve']]);
    expect((await send(twice)).status).toBe(400);
    const file = new FormData();
    for (const [name, value] of Object.entries({ csrf, planDigest })) file.set(name, value);
    file.set('verdict', new File(['approve'], 'approve'));
    expect((await send(file)).status).toBe(400);
    const json = JSON.stringify({ csrf, ...approve });
    expect((await send(json, { 'content-type': 'application/json' })).status).toBe(400);
    const large = new URLSearchParams({ ...fields, comment: 'x'.repeat(1_048_576) });
    expect((await send(large)).status).toBe(413);
    expect(world.votes).toBe(0);
    expect(world.evidence).toStrictEqual([
      ...Array.from({ length: 3 }, () => 'apr-1 ana malformed-form'),
      'apr-1 ana form-too-large',
    ]);
  });
});

describe('the evidence of a refused vote', () => {
  it('is none for an unknown id, of any shape', async () => {
    const world = new PagesWorld();
    const browser = await world.signedIn('ana');
    for (const id of ['apr-9', '__proto__', '%2e%2e%2f', 'a'.repeat(2_000), '%00', '%F0%9F%92%A3']) {
      expect((await browser.post(`/approvals/${id}`, approve)).status).toBe(404);
    }
    expect(world.evidence).toStrictEqual([]);
    expect(world.refusedVotes.map(({ evidence }) => evidence)).toStrictEqual(Array(6).fill('unknown'));
  });

  it('names an approval whose address was disguised', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    expect((await browser.post('/approvals/%61pr-1', approve)).status).toBe(403);
    expect(world.evidence).toStrictEqual(['apr-1 ana form-token-missing']);
  });

  it('is kept for an approval whose plan is gone', async () => {
    const world = new PagesWorld();
    await world.put();
    const browser = await world.signedIn('ana');
    world.dossiers.clear();
    expect((await browser.post(path, approve)).status).toBe(404);
    expect(world.evidence).toStrictEqual(['apr-1 ana incomplete-record']);
  });

  it('names nobody where nobody is signed in, and writes nothing', async () => {
    const world = new PagesWorld();
    await world.put();
    expect((await world.visitor().post(path, approve)).location).toContain('/sign-in');
    expect(world.evidence).toStrictEqual([]);
    expect(world.refusedVotes).toStrictEqual([
      { approvalId: 'apr-1', because: 'no-authority', evidence: 'not-signed-in' },
    ]);
  });

  it.each<[string, Record<string, string>, Record<string, string>, number]>([
    ['malformed', { verdict: 'maybe' }, {}, 400],
    ['forged', { csrf: 'forged', ...approve }, {}, 403],
    ['cross-site', approve, { 'sec-fetch-site': 'cross-site' }, 403],
  ])(
    'does not change the answer to a %s form when it cannot be written',
    async (_case, fields, headers, status) => {
      const [healthy, ill] = [new PagesWorld(), new PagesWorld()];
      const away = async () => {
        throw new Error('the ledger is away');
      };
      await healthy.put();
      await ill.put();
      const expected = await (await healthy.signedIn('ana')).post(path, fields, headers);
      const answer = await (await ill.signedIn('ana', { refusals: { record: away } })).post(
        path,
        fields,
        headers,
      );
      expect(answer.status).toBe(status);
      expect(answer).toStrictEqual(expected);
      expect(ill.errors.map(({ message }) => message)).toStrictEqual(['the ledger is away']);
      expect(ill.refusedVotes.map(({ evidence }) => evidence)).toStrictEqual(['lost']);
    },
  );
});
