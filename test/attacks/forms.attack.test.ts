import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asked } from './asked.ts';
import type { Visitor } from './visitor.ts';
import { World } from './world.ts';

let world: World;
let asked: Asked;
let ana: Visitor;
beforeEach(async () => {
  world = await World.open();
  asked = await world.ask();
  ana = await world.signedIn('ana');
});
afterEach(() => world.close());

/** Nobody has decided, and what was tried stands in the ledger under the name of whoever was made to try it. */
async function isUntouched(because?: string): Promise<void> {
  expect(await world.approval(asked)).toMatchObject({ status: 'pending', votes: [] });
  if (because === undefined) return;
  const refusals = (await world.ledger(asked)).filter(({ type }) => type === 'approval.vote-refused');
  expect(refusals.map(({ detail }) => detail['because'])).toContain(because);
}

describe('forged forms', () => {
  it('another site sends the form without a token', async () => {
    const { csrf: _token, ...fields } = await ana.opened(asked);
    expect(await ana.submit(asked.path, fields)).toBe(403);
    expect(await ana.submit(asked.path, { ...fields, csrf: '' })).toBe(403);
    await isUntouched('form-token-missing');
  });

  it('with a token that was made up', async () => {
    const fields = await ana.opened(asked);
    const real = fields['csrf'] ?? '';
    const made = [
      randomBytes(32).toString('base64url'),
      real.toLowerCase() === real ? real.toUpperCase() : real.toLowerCase(),
      `${real}A`,
      real.slice(0, -1),
      ` ${real}`,
      'undefined',
      '[object Object]',
      real.replaceAll(/./g, 'A'),
    ];
    for (const csrf of made) expect(await ana.submit(asked.path, { ...fields, csrf })).toBe(403);
    await isUntouched('form-token-wrong');
  });

  it('with the token of another approval', async () => {
    const other = await world.ask();
    const { csrf = '' } = await ana.opened(other);
    expect(await ana.submit(asked.path, { ...(await ana.opened(asked)), csrf })).toBe(403);
    await isUntouched('form-token-wrong');
  });

  it('with the token of another form on the same page', async () => {
    const fields = await ana.opened(asked);
    const { csrf = '' } = await ana.fieldsOf(asked.path, '/sign-out', 'csrf');
    expect(await ana.submit(asked.path, { ...fields, csrf })).toBe(403);
    await isUntouched('form-token-wrong');
  });

  it('with the attacker’s own token for the same approval', async () => {
    const attacker = await world.signedIn('ben');
    const { csrf = '' } = await attacker.opened(asked);
    expect(await ana.submit(asked.path, { ...(await ana.opened(asked)), csrf })).toBe(403);
    await isUntouched('form-token-wrong');
  });

  it('with the same person’s token of another session', async () => {
    const elsewhere = await world.signedIn('ana');
    const { csrf = '' } = await elsewhere.opened(asked);
    expect(await ana.submit(asked.path, { ...(await ana.opened(asked)), csrf })).toBe(403);
    await isUntouched('form-token-wrong');
  });

  it('with the token of a session that has expired', async () => {
    asked = await world.ask({ lifeSeconds: 7_200 });
    const fields = await ana.opened(asked);
    world.travelTo(world.freeze() + 3_600_000);
    expect(await ana.submit(asked.path, fields)).toBe(303);
    await isUntouched();
    await world.signIn(ana, 'ana');
    expect(await ana.submit(asked.path, fields)).toBe(403);
    await isUntouched('form-token-wrong');
  });

  it('with the token of a session that was ended', async () => {
    const fields = await ana.opened(asked);
    await ana.submit('/sign-out', await ana.fieldsOf(asked.path, '/sign-out', 'csrf'));
    expect(await ana.submit(asked.path, fields)).toBe(303);
    await isUntouched();
    await world.signIn(ana, 'ana');
    expect(await ana.submit(asked.path, fields)).toBe(403);
    await isUntouched('form-token-wrong');
  });

  it('from another site in an approver’s browser, with a token that leaked', async () => {
    const fields = await ana.opened(asked);
    for (const site of ['cross-site', 'same-site', 'CROSS-SITE', 'unknown']) {
      expect(await ana.submit(asked.path, fields, { 'sec-fetch-site': site })).toBe(403);
    }
    await isUntouched('cross-site-form');
  });

  it('sent again after it counted, it counts once', async () => {
    asked = await world.ask({ quorum: 2 });
    const fields = await ana.opened(asked);
    for (let time = 0; time < 3; time++) expect(await ana.submit(asked.path, fields)).toBe(303);
    const approval = await world.approval(asked);
    expect(approval).toMatchObject({ status: 'pending' });
    expect(approval.votes).toHaveLength(1);
    const voted = (await world.ledger(asked)).filter(({ type }) => type === 'approval.voted');
    expect(voted).toHaveLength(1);
  });

  it('as JSON, as plain text or as a file, as another site could send them', async () => {
    const fields = await ana.opened(asked);
    const file = new FormData();
    for (const [name, value] of Object.entries(fields)) file.set(name, new File([value], name));
    const bodies: [RequestInit['body'], string | undefined][] = [
      [JSON.stringify(fields), 'application/json'],
      [JSON.stringify(fields), 'text/plain'],
      [new URLSearchParams(fields).toString(), 'text/plain'],
      [file, undefined],
    ];
    for (const [body, type] of bodies) {
      const headers = type === undefined ? {} : { 'content-type': type };
      expect((await ana.ask('POST', asked.path, { body: body ?? '', headers })).status).toBe(400);
    }
    await isUntouched('malformed-form');
  });

  it('with fields twice, so that one check reads the first and another the last', async () => {
    const fields = await ana.opened(asked);
    for (const name of Object.keys(fields)) {
      const body = new URLSearchParams(fields);
      body.append(name, name === 'verdict' ? 'reject' : 'x');
      expect((await ana.ask('POST', asked.path, { body })).status).toBe(400);
    }
    await isUntouched('malformed-form');
  });

  it('with fields that nobody offered', async () => {
    const fields = await ana.opened(asked);
    const extras = [
      { quorum: '0' },
      { identityId: 'ben' },
      { via: 'api' },
      { onBehalfOf: 'ben' },
      { __proto__x: '1' },
    ];
    for (const extra of [...extras, { constructor: 'x' }]) {
      expect(await ana.submit(asked.path, { ...fields, ...(extra as Record<string, string>) })).toBe(400);
    }
    await isUntouched('malformed-form');
  });

  it('signs an approver out from another site', async () => {
    const { csrf = '' } = await ana.opened(asked);
    for (const fields of [{}, { csrf }, { csrf: 'x' }]) {
      expect(await ana.submit('/sign-out', fields as Record<string, string>)).toBe(403);
    }
    expect((await ana.ask('GET', '/')).status).toBe(200);
  });

  it('stops everything from another site', async () => {
    const { csrf = '' } = await ana.opened(asked);
    for (const token of ['', 'x', csrf]) {
      expect(await ana.submit('/stop', { csrf: token, reason: 'forged' })).toBe(403);
    }
    expect(await world.killSwitch()).toBe('released');
  });

  it('decides a batch from another site', async () => {
    const { key, item } = await world.askBatch();
    const { csrf = '' } = await ana.opened(asked);
    for (const token of ['', 'x', csrf]) {
      expect(await ana.submit(`/batches/${key}`, { csrf: token, item, verdict: 'approve' })).toBe(403);
    }
    expect(await world.pendingCount()).toBe(3);
  });
});
