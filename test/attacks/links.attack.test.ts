import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newsOf } from '../../functions/approvals/notices/notice-news.ts';
import { randomId } from '../../functions/platform/ids.ts';
import type { Asked } from './asked.ts';
import { approvers, origin } from './attacked-people.ts';
import { elementsOf, parseStrictHtml } from './strict-html.ts';
import type { Visitor } from './visitor.ts';
import { World } from './world.ts';

let world: World;
let asked: Asked;
let before: string;
beforeEach(async () => {
  world = await World.open();
  asked = await world.ask();
  before = await world.records();
});
afterEach(() => world.close());

/** What mail gateways, chat previews and browsers say of themselves when nobody has clicked. */
const scanners: readonly Record<string, string>[] = [
  { 'user-agent': 'Mozilla/5.0 (Microsoft Outlook SafeLinks)' },
  { 'user-agent': 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)' },
  { 'user-agent': 'Mozilla/5.0 SkypeUriPreview Preview/0.5' },
  { 'user-agent': 'Barracuda Link Protection', 'x-requested-with': 'XMLHttpRequest' },
  { 'user-agent': 'Proofpoint URL Defense', range: 'bytes=0-0' },
  { 'user-agent': 'facebookexternalhit/1.1', accept: '*/*' },
  { 'sec-purpose': 'prefetch;prerender', purpose: 'prefetch', 'x-moz': 'prefetch' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  { referer: 'https://mail.example/', 'if-none-match': '*' },
  { accept: 'application/json', 'content-type': 'application/json' },
];

/** Everything that the pages this visitor can reach link to, and what their forms are sent to. */
async function addresses(visitor: Visitor, from: readonly string[]): Promise<Set<string>> {
  const found = new Set(from);
  for (const path of found) {
    const { status, text, headers } = await visitor.ask('GET', path);
    if (status !== 200 || !(headers.get('content-type') ?? '').includes('text/html')) continue;
    for (const { attributes } of elementsOf(parseStrictHtml(text))) {
      for (const to of [attributes['href'], attributes['action'], attributes['src']]) {
        if (to?.startsWith('/') === true) found.add(to);
      }
    }
  }
  return found;
}

describe('links', () => {
  it('ten scanners open every address of the message and the pages, with and without somebody’s cookies', async () => {
    const approver = await world.signedIn('ana');
    const { pageUrl } = newsOf({ approvers, publicBaseUrl: origin }, 'requested', await world.dossier(asked));
    expect(pageUrl).toBe(`${origin}${asked.path}`);
    const all = await addresses(approver, [asked.path, '/', '/?view=all']);
    expect(all).toContain(asked.path);
    expect(all.size).toBeGreaterThan(6);
    for (const scanner of scanners) {
      for (const path of all) {
        await world.visitor().ask('GET', path, { headers: scanner });
        await approver.ask('GET', path, { headers: scanner });
      }
    }
    expect(await world.records()).toBe(before);
    expect(await (await world.signedIn('ana')).approve(asked)).toBe(303);
    expect(await world.approval(asked)).toMatchObject({ status: 'approved' });
  });

  it.each(['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'])(
    '%s with an approver’s cookies and a whole form decides nothing',
    async (method) => {
      const approver = await world.signedIn('ana');
      const fields = new URLSearchParams(await approver.opened(asked));
      const targets = [
        asked.path,
        `${asked.path}?${fields.toString()}`,
        `/api${asked.path}/votes`,
        '/stop',
        '/sign-out',
      ];
      for (const path of targets) {
        const body = method === 'HEAD' ? {} : { body: fields };
        await approver.ask(method, path, body);
      }
      expect(await world.records()).toBe(before);
      expect((await approver.ask('GET', asked.path)).status).toBe(200);
    },
  );

  it('GET with the verdict and the token of the form in its query decides nothing', async () => {
    const approver = await world.signedIn('ana');
    const fields = new URLSearchParams(await approver.opened(asked));
    for (const suffix of ['', '/', '/approve', '/votes', '/status', ';approve']) {
      await approver.ask('GET', `${asked.path}${suffix}?${fields.toString()}`);
    }
    expect(await world.records()).toBe(before);
  });

  it('GET that asks to be taken for a POST decides nothing', async () => {
    const approver = await world.signedIn('ana');
    const fields = new URLSearchParams({
      ...(await approver.opened(asked)),
      _method: 'POST',
      method: 'POST',
    });
    const headers = {
      'x-http-method-override': 'POST',
      'x-method-override': 'POST',
      'x-http-method': 'POST',
    };
    await approver.ask('GET', `${asked.path}?${fields.toString()}`, { headers });
    expect(await world.records()).toBe(before);
  });

  it('the link alone shows a stranger nothing of the approval', async () => {
    const { status, headers, text } = await world.visitor().ask('GET', asked.path);
    expect(status).toBe(303);
    expect(headers.get('location')).toBe(`/sign-in?returnTo=${encodeURIComponent(asked.path)}`);
    for (const secret of ['checkout', asked.planDigest, asked.incidentId]) expect(text).not.toContain(secret);
  });

  it('an id of an approval is guessed from others', () => {
    const ids = Array.from({ length: 1_000 }, () => Buffer.from(randomId(), 'base64url'));
    const bits = Array.from({ length: (ids[0]?.length ?? 0) * 8 }, (_, bit) => {
      return ids.filter((id) => (((id[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1).length;
    });
    // Every bit is a coin of its own: 500 of 1,000, give or take six standard deviations.
    const fair = bits.filter((ones) => Math.abs(ones - 500) < 96);
    expect(fair.length).toBeGreaterThanOrEqual(128);
    expect(fair.length).toBe(bits.length);
  });
});
