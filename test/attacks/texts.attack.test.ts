import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slackPayload, slackRequest, slackTeamId } from '../approvals/slack-stand-in.ts';
import { askWith, corpus, deceptive, longest, mark } from './hostile-request.ts';
import { type Element, elementsOf, parseStrictHtml, withTexts } from './strict-html.ts';
import { World } from './world.ts';

/** 22 November 2026, 10:00:00 UTC. */
const now = 1_795_341_600_000;
let world: World;
beforeEach(async () => {
  world = await World.open();
  world.travelTo(now);
});
afterEach(() => world.close());

/** Rendered once for all cases: each text takes a world of its own. */
const rendered = new Map<string, Map<string, Element>>();
async function pagesOf(text: string): Promise<Map<string, Element>> {
  const before = rendered.get(text);
  if (before !== undefined) return before;
  await world.close();
  world = await World.open();
  world.travelTo(now);
  const pages = await render(text);
  rendered.set(text, pages);
  return pages;
}

/** Every page that shows something of a request, while it waits and once it is rejected with that text as comment. */
async function render(text: string): Promise<Map<string, Element>> {
  const asked = await askWith(world, text);
  const ana = await world.signedIn('ana');
  const anonymous = (page: Element): Element =>
    withTexts(page, (leaf) =>
      leaf
        .replaceAll(asked.approvalId, 'APPROVAL')
        .replaceAll(asked.incidentId, 'INCIDENT')
        .replaceAll(/[0-9a-f]{64}|\b[0-9a-f]{12}\b/g, 'DIGEST')
        .replaceAll(/^[\w-]{43}$/g, 'TOKEN'),
    );
  const pages = new Map<string, Element>();
  const keep = async (when: string): Promise<void> => {
    for (const path of ['/', '/?view=all', '/?view=decided', asked.path, `/incidents/${asked.incidentId}`]) {
      const { status, text: html } = await ana.ask('GET', path);
      expect([when, path, status]).toStrictEqual([when, path, 200]);
      const place = path.replace(asked.approvalId, 'ID').replace(asked.incidentId, 'ID');
      pages.set(`${when} ${place}`, anonymous(parseStrictHtml(html)));
    }
  };
  await keep('pending');
  const form = { ...(await ana.opened(asked)), verdict: 'reject', reason: 'wrong-target', comment: text };
  const malformed = await ana.post(asked.path, { ...form, reason: text });
  pages.set('refused', anonymous(parseStrictHtml(malformed.text)));
  expect(await ana.submit(asked.path, form)).toBe(303);
  await keep('rejected');
  return pages;
}

/** The same elements and attributes, and the same text wherever the other has none of the attacker's. */
function differences(plain: Element | string, hostile: Element | string, at = ''): string[] {
  if (typeof plain === 'string' || typeof hostile === 'string') {
    if (typeof plain !== typeof hostile) return [`${at}: text and element`];
    const isFree = typeof plain === 'string' && plain.includes(mark);
    return plain === hostile || isFree ? [] : [`${at}: ${JSON.stringify([plain, hostile])}`];
  }
  const here = `${at}/${plain.name}`;
  if (plain.name !== hostile.name) return [`${here} became ${hostile.name}`];
  if (plain.children.length !== hostile.children.length) return [`${here} holds more or less`];
  const attributes = JSON.stringify([plain.attributes, hostile.attributes]);
  const same = JSON.stringify(plain.attributes) === JSON.stringify(hostile.attributes);
  return [
    ...(same ? [] : [`${here} ${attributes}`]),
    ...plain.children.flatMap((child, index) => differences(child, hostile.children[index] ?? '', here)),
  ];
}

function textsIn(page: Element): string[] {
  return elementsOf(page)
    .filter(({ name }) => name !== 'style')
    .flatMap(({ children, attributes }) => [
      ...children.filter((child) => typeof child === 'string'),
      ...Object.values(attributes),
    ]);
}

describe('hostile texts', () => {
  it('of an alarm, a plan, a model, a vote or the ledger become more than text on a page', async () => {
    const plain = await pagesOf(mark.repeat(longest));
    const shown = [...plain].filter(([, page]) => textsIn(page).some((text) => text.includes(mark)));
    // All but the lists that it is not in: decided while it waits, waiting once it is decided.
    expect(shown.length).toBe(plain.size - 3);
    for (const text of corpus) {
      const hostile = await pagesOf(text.padEnd(longest, '.'));
      expect([...hostile.keys()]).toStrictEqual([...plain.keys()]);
      for (const [place, page] of plain) {
        const other = hostile.get(place);
        if (other === undefined) throw new Error(place);
        expect([place, differences(page, other)]).toStrictEqual([place, []]);
        for (const leaf of textsIn(other)) expect(deceptive.test(leaf) ? [place, leaf] : '').toBe('');
      }
    }
  });

  it('become an address of a link, a form or a style', async () => {
    for (const text of corpus) {
      for (const [place, page] of await pagesOf(text.padEnd(longest, '.'))) {
        for (const { name, attributes } of elementsOf(page)) {
          for (const to of [
            attributes['href'],
            attributes['action'],
            attributes['src'],
            attributes['formaction'],
          ]) {
            if (to !== undefined) expect(`${place} ${name} ${to}`).toMatch(/ (\/(?!\/)|#main$|data:,$|\?|$)/);
          }
          expect([
            place,
            name,
            Object.keys(attributes).filter((key) => /^(on|style$|srcdoc$)/.test(key)),
          ]).toStrictEqual([place, name, []]);
        }
      }
    }
  });

  it('of a path or a query come back as markup', async () => {
    const ana = await world.signedIn('ana');
    for (const text of corpus) {
      const inPath = encodeURIComponent(text);
      for (const path of [
        `/${inPath}`,
        `/approvals/${inPath}`,
        `/incidents/${inPath}`,
        `/batches/${inPath}`,
        `/?view=${inPath}`,
        `/sign-in?returnTo=${encodeURIComponent(`/${text.slice(0, 400)}`)}`,
        `/sign-in?signed-out=${inPath}`,
      ]) {
        const { text: html, headers } = await ana.ask('GET', path);
        expect(headers.get('content-type')).toContain('text/html');
        for (const leaf of textsIn(parseStrictHtml(html))) expect(leaf).not.toContain('alert(1)');
      }
    }
  });

  it('of a reason for stopping everything become more than text', async () => {
    const ana = await world.signedIn('ana');
    for (const text of corpus.flatMap((each) => each.match(/[^]{1,200}/g) ?? [])) {
      const csrf = await world.tokenFor(ana, 'stop');
      const { text: html } = await ana.post('/stop', { csrf, reason: text });
      for (const leaf of textsIn(parseStrictHtml(html))) expect(leaf).not.toMatch(deceptive);
    }
    expect(await world.killSwitch()).toBe('engaged');
  });

  it('of a comment stand in the ledger for ever', async () => {
    const asked = await world.ask();
    const comment = 'my neighbour Maria Rossi broke it';
    const ben = await world.signedIn('ben');
    const form = { ...(await ben.opened(asked)), verdict: 'reject', reason: 'wrong-timing', comment };
    expect(await ben.submit(asked.path, form)).toBe(303);
    expect((await world.approval(asked)).votes).toMatchObject([{ comment }]);
    const entries = JSON.stringify(await world.ledger(asked));
    expect(entries).toContain('approval.rejected');
    expect(entries).not.toContain('Maria Rossi');
  });

  it('in what Slack says of a user, a channel and a team come onto a page', async () => {
    await world.close();
    world = await World.open({ slack: true });
    const asked = await world.ask({ quorum: 2 });
    await world.signedIn('ben');
    const [text = ''] = corpus;
    const action = {
      action_id: 'approve',
      type: 'button',
      text: { type: 'plain_text', text },
      value: `approve:${asked.planDigest}:${asked.approvalId}`,
    };
    const payload = {
      ...slackPayload(action, { id: 'UBEN', team_id: slackTeamId, name: text, username: text } as never, {
        text,
      }),
      team: { id: slackTeamId, domain: text },
    };
    const ana = await world.signedIn('ana');
    await ana.ask('POST', '/slack/interactions', slackRequest(payload, Date.now()));
    expect((await world.approval(asked)).votes).toMatchObject([{ displayName: 'Ben', via: 'slack' }]);
    for (const leaf of textsIn(await ana.page(asked.path))) expect(leaf).not.toContain('alert(1)');
    const stored = await world.everything();
    expect(stored).not.toContain('alert(1)');
  });
});
