import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noticeCard } from '../../functions/approvals/notices/notice-card.ts';
import { newsOf } from '../../functions/approvals/notices/notice-news.ts';
import { noticeText } from '../../functions/approvals/notices/notice-text.ts';
import { slackMessage } from '../../functions/approvals/slack/slack-message.ts';
import { approvers, origin } from './attacked-people.ts';
import { askWith, corpus, deceptive, longest, mark } from './hostile-request.ts';
import { hostileMessages, hostileTexts } from './payloads.ts';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await World.open();
  world.freeze();
});
afterEach(() => world.close());

/** Every text of a message with the type that says how it is read. */
function textObjects(message: unknown): { type: unknown; text: string }[] {
  if (typeof message !== 'object' || message === null) return [];
  const { type, text } = message as { type?: unknown; text?: unknown };
  const own = typeof text === 'string' && type !== undefined ? [{ type, text }] : [];
  return [...own, ...Object.values(message).flatMap(textObjects)];
}

describe('hostile texts in messages', () => {
  async function newsWith(text: string) {
    const asked = await askWith(world, text);
    const dossier = await world.dossier(asked);
    return newsOf({ approvers, publicBaseUrl: origin }, 'requested', dossier);
  }

  it('become a link, a mention or a button in Slack', async () => {
    const plain = slackMessage(await newsWith(mark.repeat(longest)));
    const shape = (message: unknown) =>
      JSON.stringify(message, (key, value) => (key === 'text' && typeof value === 'string' ? '' : value))
        .replaceAll(/[0-9a-f]{64}/g, 'DIGEST')
        .replaceAll(/[\w-]{27}/g, 'ID');
    for (const text of [...corpus, ...hostileTexts.filter((each) => deceptive.test(each))]) {
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
