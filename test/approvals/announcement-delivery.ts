import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutgoingKey } from '../../functions/approvals/notice.ts';
import { deliverNotice } from '../../functions/approvals/notices/deliver-notices.ts';
import { sweepNotices } from '../../functions/approvals/notices/notice-batch.ts';
import { now } from './fixtures.ts';
import { type Ground, NoticeWorld } from './notices-world.ts';
import { controlsOf, SlackStandIn, textsOf } from './slack-stand-in.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** What everybody is told, by real stores over these tables and real HTTP to a stand-in for Slack and the webhook. */
export function announcementDelivery(name: string, open: (clock: () => number) => Promise<Ground>): void {
  describe(`${name}: an announcement`, () => {
    let world: NoticeWorld;
    let standIn: SlackStandIn;

    beforeEach(async () => {
      standIn = await SlackStandIn.start();
      const clock = { now };
      world = new NoticeWorld(await open(() => clock.now), standIn, clock);
    });
    afterEach(() => standIn.stop());

    it('goes to every channel once, with nothing to press', async () => {
      const key = await world.announce({ lines: ['Ana breaks it.', 'Reason: payments\nare down'] });
      expect(await deliverNotice(world.ports, key)).toBe('delivered');
      expect(await deliverNotice(world.ports, key)).toBe('claimed-elsewhere');
      expect(world.mails).toStrictEqual([
        {
          subject: 'Interlock: Glass broken for incident inc-1',
          text: 'Ana breaks it.\nReason: payments are down',
          attributes: { kind: 'announcement', about: 'break-glass-review' },
        },
      ]);
      expect(standIn.messages.map(textsOf)).toStrictEqual([
        [
          'Interlock: Glass broken for incident inc-1',
          'Glass broken for incident inc-1',
          'Ana breaks it.',
          'Reason: payments are down',
        ],
      ]);
      expect(standIn.messages.map((message) => [...controlsOf(message).keys()])).toStrictEqual([[]]);
      expect(standIn.cards).toHaveLength(1);
      expect(JSON.stringify(standIn.cards)).toContain('Reason: payments are down');
      expect(JSON.stringify(standIn.cards)).not.toContain('Action.OpenUrl');
      expect(await world.outgoing(key)).toMatchObject({
        status: 'done',
        deliveries: { email: { attempts: 1 }, slack: { attempts: 1 }, webhook: { attempts: 1 } },
      });
    });

    it('is no link, no mention and no markup, whatever it holds', async () => {
      const hostile = 'see https://evil.example <!channel> [x](https://evil.example) \u202Egpj.exe';
      const key = await world.announce({ lines: [hostile] });
      await deliverNotice(world.ports, key);
      const sent = JSON.stringify([world.mails, standIn.messages, standIn.cards]);
      expect(sent).not.toContain('://evil');
      expect(sent).not.toContain('\u202E');
      expect(JSON.stringify(standIn.messages)).not.toContain('<!channel>');
      expect(textsOf(standIn.messages[0]!)).toHaveLength(3);
    });

    it('is tried again on the channel that failed alone, with one entry', async () => {
      standIn.slack = { status: 503 };
      const key = await world.announce();
      expect(await deliverNotice(world.ports, key)).toBe('tried');
      world.after(minute);
      expect(await deliverNotice(world.ports, key)).toBe('tried');
      standIn.slack = 'works';
      world.after(3 * minute);
      expect(await deliverNotice(world.ports, key)).toBe('delivered');
      expect([world.mails.length, standIn.messages.length, standIn.cards.length]).toStrictEqual([1, 1, 1]);
      const entries = (await world.announcementEntries()).filter(
        ({ detail }) => detail['announcementId'] === key.announcementId,
      );
      expect(entries).toMatchObject([{ type: 'announcement.not-delivered', detail: { channel: 'slack' } }]);
    });

    it('is found by the sweep where the stream lost it', async () => {
      const key = await world.announce();
      const deliver = async (due: OutgoingKey) => {
        if ('announcementId' in due && due.announcementId === key.announcementId) {
          await deliverNotice(world.ports, due);
        }
      };
      const report = (): never => {
        throw new Error('nothing fails here');
      };
      await sweepNotices(world.notices, now, { deliver, report, hasTime: () => true });
      expect(world.mails).toHaveLength(1);
    });

    it('is given up after a day', async () => {
      const key = await world.announce();
      world.after(day);
      expect(await deliverNotice(world.ports, key)).toBe('given-up');
      expect(world.mails).toStrictEqual([]);
    });
  });
}
