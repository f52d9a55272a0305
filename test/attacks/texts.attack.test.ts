import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noticeCard } from '../../functions/approvals/notices/notice-card.ts';
import { newsOf } from '../../functions/approvals/notices/notice-news.ts';
import { noticeText } from '../../functions/approvals/notices/notice-text.ts';
import { slackMessage } from '../../functions/approvals/slack/slack-message.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { planOf } from '../approvals/fixtures.ts';
import { slackPayload, slackRequest, slackTeamId } from '../approvals/slack-stand-in.ts';
import type { Asked } from './asked.ts';
import { hostileMessages, hostileTexts } from './payloads.ts';
import { type Element, elementsOf, parseStrictHtml, withTexts } from './strict-html.ts';
import { approvers, origin, World } from './world.ts';

/** 22 November 2026, 10:00:00 UTC. */
const now = 1_795_341_600_000;
let world: World;
beforeEach(async () => {
  world = await World.open();
  world.travelTo(now);
});
afterEach(() => world.close());

/** A letter that stands nowhere else: where it is shown, an attacker's text would be. */
const mark = 'ж';
/** Longer than any limit below which a text changes how a page is laid out. */
const longest = 900;
const deceptive = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\n\t]]/v;

/** All hostile texts, as many in one as fit: what one does, it does there too. */
const corpus = [...hostileTexts, ...hostileMessages].reduce<string[]>(
  (groups, text) => {
    const last = groups.at(-1) ?? '';
    if (last.length + text.length < longest - 4) groups[groups.length - 1] = `${last} ${text}`;
    else groups.push(text);
    return groups;
  },
  [''],
);

/** A request whose every text is the given one, voted on with that text as name and comment, with a ledger entry of it. */
async function askWith(text: string): Promise<Asked> {
  const asked = await world.ask({
    quorum: 3,
    title: text,
    plan: (incidentId) => ({
      ...planOf('ssm.put-parameter', { name: '/a/b', fromValue: text, toValue: `${text}2` }, incidentId),
      evidence: [{ kind: 'alarm', id: text }],
      citations: [text, `https://evil.example/${text}`],
      agentRole: 'responder',
    }),
    decision: { reason: text },
    triage: { diagnosis: text, gaps: [text], model: { runtime: text, modelId: text }, reasons: [text] },
    signal: { alarmName: text, resource: { type: text, id: text } },
  });
  await world.put({
    ...itemKeys.recommendation(asked.incidentId, asked.planDigest),
    checks: [{ name: text, result: 'fail', reason: text }],
    ownerStack: text,
  });
  const given = {
    identityId: 'eve',
    displayName: text,
    verdict: 'approve',
    comment: text,
    via: 'page',
  } as const;
  await world.approvals.vote(
    asked.approvalId,
    asked.planDigest,
    given,
    { may: 'decide', onBehalfOf: text },
    900,
  );
  const event = {
    type: 'incident.noted',
    atEpochMs: Date.now(),
    actor: { kind: 'agent', id: text },
    detail: { text },
  } as const;
  await world.tables.ledger.commit(incidentChain(asked.incidentId), [event], []);
  return asked;
}

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
  const asked = await askWith(text);
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
  const form = { ...(await ana.opened(asked)), verdict: 'reject', reason: 'other', comment: text };
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
    return plain === hostile || isFree ? [] : [`${at}: ${String(plain)} became ${String(hostile)}`];
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
    const form = { ...(await ben.opened(asked)), verdict: 'reject', reason: 'other', comment };
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

/** Every text of a message with the type that says how it is read. */
function textObjects(message: unknown): { type: unknown; text: string }[] {
  if (typeof message !== 'object' || message === null) return [];
  const { type, text } = message as { type?: unknown; text?: unknown };
  const own = typeof text === 'string' && type !== undefined ? [{ type, text }] : [];
  return [...own, ...Object.values(message).flatMap(textObjects)];
}

describe('hostile texts in messages', () => {
  async function newsWith(text: string) {
    const asked = await askWith(text);
    const dossier = await world.dossier(asked);
    return newsOf({ approvers, publicBaseUrl: origin }, 'requested', dossier);
  }

  it('become a link, a mention or a button in Slack', async () => {
    const plain = slackMessage(await newsWith(mark.repeat(longest)));
    const shape = (message: unknown) =>
      JSON.stringify(message, (key, value) => (key === 'text' && typeof value === 'string' ? '' : value))
        .replaceAll(/[0-9a-f]{64}/g, 'DIGEST')
        .replaceAll(/[\w-]{27}/g, 'ID');
    for (const text of corpus) {
      const message = slackMessage(await newsWith(text.padEnd(longest, '.')));
      expect(JSON.parse(shape(message))).toStrictEqual(JSON.parse(shape(plain)));
      expect(message).toMatchObject({ parse: 'none', link_names: false, mrkdwn: false, unfurl_links: false });
      const texts = textObjects(message);
      expect(texts.length).toBeGreaterThan(6);
      for (const { type, text: shown } of texts) {
        expect(type).toBe('plain_text');
        expect(shown).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)|https?:\/\/|www\./);
        expect(shown).not.toMatch(deceptive);
      }
    }
  });

  it('become a line, a header or a link of a mail, or markup of a card', async () => {
    for (const text of [...corpus, ...hostileMessages]) {
      const news = await newsWith(text.padEnd(longest, '.'));
      const { title, lines } = noticeText(news);
      for (const line of [title, ...lines]) {
        expect(line).not.toMatch(/[\r\n]|:\/\/|www\./);
        expect(line).not.toMatch(deceptive);
      }
      expect(lines.length).toBeLessThan(8);
      const card = JSON.stringify(noticeCard(news));
      expect(card).not.toContain('"TextBlock"');
      expect(card.match(/"url":/g)).toHaveLength(1);
      expect(news.pageUrl).toMatch(new RegExp(`^${origin}/approvals/[\\w-]{27}$`));
    }
  });
});
