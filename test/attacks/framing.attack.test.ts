import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asked } from './asked.ts';
import type { Answer } from './visitor.ts';
import { World } from './world.ts';

let world: World;
let asked: Asked;
beforeEach(async () => {
  world = await World.open();
  asked = await world.ask();
});
afterEach(() => world.close());

/** One answer of every kind that there is: pages, refusals, errors, redirects, JSON, scripts. */
async function everyKind(): Promise<ReadonlyMap<string, Answer>> {
  const { key } = await world.askBatch();
  const ana = await world.signedIn('ana');
  const form = (fields: Record<string, string>) => ({ body: new URLSearchParams(fields) });
  const found = new Map<string, Answer>();
  for (const path of [
    '/',
    asked.path,
    `${asked.path}/status`,
    `/batches/${key}`,
    `/incidents/${asked.incidentId}`,
    '/sign-in',
    '/sign-in/start',
    '/sign-in/callback?state=x&code=y',
    '/nope',
    '/approvals/nope',
    '/healthz',
    '/countdown.js',
    '/api/approvals',
    '/api/configuration',
    '/api/nope',
  ]) {
    found.set(path, await ana.ask('GET', path));
  }
  found.set('sign-in first', await world.visitor().ask('GET', asked.path));
  found.set('malformed', await ana.ask('POST', asked.path, form({ verdict: 'maybe' })));
  found.set(
    'forged',
    await ana.ask('POST', asked.path, form({ verdict: 'approve', planDigest: asked.planDigest })),
  );
  const crossSite = { ...form({}), headers: { 'sec-fetch-site': 'cross-site' } };
  found.set('cross-site', await ana.ask('POST', asked.path, crossSite));
  found.set('too large', await ana.ask('POST', asked.path, form({ comment: 'x'.repeat(40_000) })));
  found.set('slack', await ana.ask('POST', '/slack/interactions', { body: 'payload=x' }));
  world.break();
  found.set('broken', await ana.ask('GET', asked.path));
  return found;
}

function directives(answer: Answer): Map<string, string> {
  const policy = answer.headers.get('content-security-policy') ?? '';
  return new Map(
    policy.split(';').map((directive) => {
      const [name = '', ...values] = directive.trim().split(/\s+/);
      return [name, values.join(' ')];
    }),
  );
}

describe('framing', () => {
  it('a page of the attacker’s shows ours in a frame under their own buttons', async () => {
    for (const [what, answer] of await everyKind()) {
      expect([what, directives(answer).get('frame-ancestors')]).toStrictEqual([what, "'none'"]);
      expect([what, answer.headers.get('x-frame-options')]).toStrictEqual([what, 'DENY']);
    }
  });

  it('a page of ours is made to load, run or send something from elsewhere', async () => {
    for (const [what, answer] of await everyKind()) {
      const policy = directives(answer);
      expect([what, policy.get('default-src')]).toStrictEqual([what, "'none'"]);
      expect([what, policy.get('base-uri')]).toStrictEqual([what, "'none'"]);
      expect([what, policy.get('form-action')]).toStrictEqual([what, "'self'"]);
      for (const [name, value] of policy) {
        expect(`${what} ${name} ${value}`).not.toMatch(/unsafe|\*|https?:|blob:|filesystem:/);
        if (name !== 'img-src') expect(`${what} ${name} ${value}`).not.toContain('data:');
      }
      expect(['', "'self'"]).toContain(policy.get('script-src') ?? '');
    }
  });

  it('an answer is taken for something else than it is, or handed to another origin', async () => {
    for (const [what, answer] of await everyKind()) {
      expect([what, answer.headers.get('x-content-type-options')]).toStrictEqual([what, 'nosniff']);
      expect([what, answer.headers.get('access-control-allow-origin')]).toStrictEqual([what, null]);
      expect([what, answer.headers.get('cross-origin-opener-policy')]).toStrictEqual([what, 'same-origin']);
      expect([what, answer.headers.get('cross-origin-resource-policy')]).toStrictEqual([what, 'same-origin']);
      expect([what, answer.headers.get('referrer-policy')]).toStrictEqual([what, 'same-origin']);
      expect([what, answer.headers.get('cache-control')]).toStrictEqual([what, 'no-store']);
    }
  });

  it('a browser comes by plain HTTP after it has been here once', async () => {
    for (const [what, answer] of await everyKind()) {
      const seconds = Number(
        /max-age=(\d+)/.exec(answer.headers.get('strict-transport-security') ?? '')?.[1],
      );
      expect([what, seconds >= 31_536_000]).toStrictEqual([what, true]);
    }
  });

  it('a preflight of another origin is answered with permission', async () => {
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
    };
    for (const path of [
      '/',
      asked.path,
      `/api${asked.path}/votes`,
      '/api/approvals',
      '/slack/interactions',
      '/stop',
    ]) {
      const answer = await world.visitor().ask('OPTIONS', path, { headers });
      for (const name of answer.headers.keys()) expect(name).not.toMatch(/^access-control-/);
    }
  });
});
