import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asked } from './asked.ts';
import type { Answer, Visitor } from './visitor.ts';
import { World } from './world.ts';

let world: World;
let asked: Asked;
beforeEach(async () => {
  world = await World.open();
  asked = await world.ask();
});
afterEach(() => world.close());

const json = { 'content-type': 'application/json' };

async function vote(
  visitor: Visitor,
  body: unknown,
  headers: Record<string, string>,
  of: Asked = asked,
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return visitor.ask('POST', `/api${of.path}/votes`, { body: text, headers });
}

function approving() {
  return { planDigest: asked.planDigest, verdict: 'approve' };
}

async function isUntouched(): Promise<void> {
  expect(await world.approval(asked)).toMatchObject({ status: 'pending', votes: [] });
}

describe('the API', () => {
  it('is used by another site with the cookies of an approver’s browser', async () => {
    const ana = await world.signedIn('ana');
    for (const headers of [
      json,
      { 'content-type': 'text/plain' },
      { ...json, origin: 'https://evil.example' },
    ]) {
      expect((await vote(ana, approving(), headers)).status).toBe(401);
    }
    for (const path of ['', '/figures', '/never-again', `/${asked.approvalId}`]) {
      expect((await ana.ask('GET', `/api/approvals${path}`)).status).toBe(401);
    }
    await isUntouched();
  });

  it('takes what is no bearer token', async () => {
    const token = await world.idToken('ana');
    const cookie = (await world.signedIn('ana')).cookies.get('__Host-interlock-session') ?? '';
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      token,
      `Basic ${Buffer.from('ana:x').toString('base64')}`,
      `Bearer ${cookie}`,
      `Bearer ${token} ${token}`,
      `Bearer ${token},${token}`,
      'Bearer undefined',
      `Bearer ${'a'.repeat(20_000)}`,
    ]) {
      expect((await vote(world.visitor(), approving(), { ...json, authorization })).status).toBe(401);
    }
    const inQuery = `/api${asked.path}/votes?access_token=${token}&id_token=${token}`;
    const answer = await world
      .visitor()
      .ask('POST', inQuery, { body: JSON.stringify(approving()), headers: json });
    expect(answer.status).toBe(401);
    await isUntouched();
  });

  it('decides a plan that was not the one shown', async () => {
    const authorization = `Bearer ${await world.idToken('ana')}`;
    const other = await world.ask();
    const digests = [other.planDigest, 'a'.repeat(64)];
    for (const planDigest of digests) {
      const answer = await vote(
        world.visitor(),
        { planDigest, verdict: 'approve' },
        { ...json, authorization },
      );
      expect(answer.status).toBe(409);
    }
    await isUntouched();
  });

  it('takes fields that nobody offered, of the wrong kind or of a prototype', async () => {
    const authorization = `Bearer ${await world.idToken('ana')}`;
    const digest = asked.planDigest;
    for (const body of [
      '',
      'null',
      '[]',
      '7',
      '{',
      { ...approving(), identityId: 'ben' },
      { ...approving(), via: 'page' },
      { ...approving(), quorum: 0 },
      { ...approving(), reason: 'other' },
      { ...approving(), verdict: ['approve'] },
      { ...approving(), planDigest: [digest] },
      { ...approving(), planDigest: digest.toUpperCase() },
      { ...approving(), comment: { toString: 'x' } },
      { ...approving(), comment: 'x'.repeat(1_001) },
      `{"planDigest":"${digest}","verdict":"approve","__proto__":{"may":"decide"}}`,
      `{"planDigest":"${digest}","verdict":"approve","constructor":{"prototype":{}}}`,
      { verdict: 'approve' },
      { planDigest: digest, verdict: 'reject' },
      { planDigest: digest, verdict: 'reject', reason: 'because' },
      new URLSearchParams(approving()).toString(),
    ]) {
      expect((await vote(world.visitor(), body, { ...json, authorization })).status).toBe(400);
    }
    await isUntouched();
    expect(({} as { may?: string }).may).toBeUndefined();
  });

  it('decides for whoever owns the agent, asked for it, or lost the group since', async () => {
    const own = await world.ask({ requestedBy: 'ana' });
    const authorization = `Bearer ${await world.idToken('ana')}`;
    const ownBody = { planDigest: own.planDigest, verdict: 'approve' };
    expect((await vote(world.visitor(), ownBody, { ...json, authorization }, own)).status).toBe(403);
    const owner = { ...json, authorization: `Bearer ${await world.idToken('olga')}` };
    expect((await vote(world.visitor(), approving(), owner)).status).toBe(403);
    world.provider.setGroups('ben', []);
    const former = { ...json, authorization: `Bearer ${await world.idToken('ben')}` };
    expect((await vote(world.visitor(), approving(), former)).status).toBe(404);
    await isUntouched();
    expect(await world.approval(own)).toMatchObject({ status: 'pending', votes: [] });
  });

  it('takes a second vote of a person who has voted on the page', async () => {
    const two = await world.ask({ quorum: 2 });
    await (await world.signedIn('ana')).approve(two);
    const authorization = `Bearer ${await world.idToken('ana')}`;
    await vote(
      world.visitor(),
      { planDigest: two.planDigest, verdict: 'approve' },
      { ...json, authorization },
      two,
    );
    const approval = await world.approval(two);
    expect(approval).toMatchObject({ status: 'pending' });
    expect(approval.votes).toHaveLength(1);
  });

  it('takes a token more than thirty times a minute, and counts each of them once', async () => {
    world.freeze();
    const authorization = `Bearer ${await world.idToken('ana')}`;
    const statuses: number[] = [];
    for (let press = 0; press < 32; press++) {
      statuses.push((await vote(world.visitor(), {}, { ...json, authorization })).status);
    }
    expect(statuses.slice(0, 30)).toStrictEqual(Array(30).fill(400));
    expect(statuses.slice(30)).toStrictEqual([429, 429]);
    expect(await (await world.signedIn('ana')).submit(asked.path, {})).toBe(429);
  });

  it('answers with something that a browser would show as a page', async () => {
    const hostile = await world.ask({ title: '<script>alert(1)</script>' });
    const authorization = `Bearer ${await world.idToken('ana')}`;
    for (const path of [
      `/api${hostile.path}`,
      '/api/approvals',
      '/api/<script>alert(1)</script>',
      '/api/configuration',
    ]) {
      const answer = await world.visitor().ask('GET', path, { headers: { authorization } });
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});
