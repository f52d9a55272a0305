import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repairMissed } from '../../functions/approvals/callback-batch.ts';
import type { NoticeKind, OutgoingKey } from '../../functions/approvals/notice.ts';
import { deliverAll, sweepNotices } from '../../functions/approvals/notices/notice-batch.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { incidentChain } from '../../functions/platform/item-keys.ts';
import { now } from './fixtures.ts';
import { type Ground, NoticeWorld } from './notices-world.ts';
import { controlsOf, SlackStandIn, textsOf } from './slack-stand-in.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** What people are told, by real stores over these tables and real HTTP to a stand-in for Slack and the webhook. */
export function noticeDelivery(name: string, open: (clock: () => number) => Promise<Ground>): void {
  describe(`${name}: telling people`, () => {
    let world: NoticeWorld;
    let standIn: SlackStandIn;

    beforeEach(async () => {
      standIn = await SlackStandIn.start();
      const clock = { now };
      world = new NoticeWorld(await open(() => clock.now), standIn, clock);
    });
    afterEach(() => standIn.stop());

    const buttons = () => standIn.messages.map((message) => [...controlsOf(message).keys()].join(' '));

    it('tells of a request on every channel, once', async () => {
      const { approvalId } = await world.ask();
      expect(await world.deliver(approvalId, 'requested')).toBe('delivered');
      expect(await world.deliver(approvalId, 'requested')).toBe('claimed-elsewhere');
      const link = `https://interlock.example/approvals/${approvalId}`;
      expect(world.mails).toStrictEqual([
        {
          subject: 'Interlock: Approval wanted',
          text: [
            'Point a Lambda alias at another published version of the same function, at once or (progressive) in steps. Environment: local. Risk: medium.',
            'Needs 1 person. Decide before 22 Nov 2026, 10:10 UTC.',
            link,
          ].join('\n'),
          attributes: { kind: 'requested', tier: 'medium', environment: 'local' },
        },
      ]);
      expect(buttons()).toStrictEqual(['approve reject open']);
      expect(standIn.cards).toHaveLength(1);
      expect(JSON.stringify(standIn.cards)).toContain(link);
      expect(await world.noticeOf(approvalId, 'requested')).toMatchObject({
        status: 'done',
        deliveries: {
          email: { status: 'delivered', attempts: 1 },
          slack: {
            status: 'delivered',
            attempts: 1,
            messageId: expect.stringMatching(/^C0123456789\/\d+\.\d+$/),
          },
          webhook: { status: 'delivered', attempts: 1 },
        },
      });
    });

    it('tells how it ended and by whom, in the same message of Slack', async () => {
      const { approvalId } = await world.ask({ quorum: 2 });
      await world.deliver(approvalId, 'requested');
      world.after(minute);
      await world.vote(approvalId, 'ana');
      expect(await world.deliver(approvalId, 'progress')).toBe('delivered');
      expect(standIn.messages).toHaveLength(1);
      expect(textsOf(standIn.messages[0]!).join('\n')).toContain('1 of 2 people approved so far: ANA.');
      expect(buttons()).toStrictEqual(['approve reject open']);
      // A vote that does not decide is no news for mail and webhook.
      expect([world.mails.length, standIn.cards.length]).toStrictEqual([1, 1]);

      await world.vote(approvalId, 'ben', 'reject');
      expect(await world.deliver(approvalId, 'outcome')).toBe('delivered');
      expect(buttons()).toStrictEqual(['open']);
      expect(textsOf(standIn.messages[0]!)).toContain(
        'Rejected by BEN on 22 Nov 2026, 10:01 UTC: wrong timing.',
      );
      expect(world.mails[1]).toMatchObject({
        subject: 'Interlock: Rejected',
        text: expect.stringContaining('Rejected by BEN on 22 Nov 2026, 10:01 UTC: wrong timing.'),
        attributes: { kind: 'outcome' },
      });
      expect(JSON.stringify(standIn.cards[1])).toContain('Rejected by BEN');
    });

    it('has no value of the plan in mail and webhook, and none in Slack where the risk is high', async () => {
      const { approvalId } = await world.ask({ tier: 'high' });
      await world.deliver(approvalId, 'requested');
      expect(JSON.stringify([world.mails, standIn.cards, standIn.messages])).not.toMatch(
        /checkout|version [12]/,
      );
      expect(buttons()).toStrictEqual(['open']);
    });

    it.each<[string, NoticeKind, number, string]>([
      ['a request just before the time is up', 'requested', 10 * minute - 1, 'delivered'],
      ['a request when the time is up', 'requested', 10 * minute, 'moot'],
    ])('%s is %s', async (_case, kind, at, outcome) => {
      const { approvalId } = await world.ask();
      world.after(at);
      expect(await world.deliver(approvalId, kind)).toBe(outcome);
      expect(world.mails).toHaveLength(outcome === 'moot' ? 0 : 1);
      expect(await world.noticeOf(approvalId, kind)).toMatchObject({ status: 'done' });
    });

    it('leaves out what a decision has overtaken, and tells the decision', async () => {
      const { approvalId } = await world.ask({ quorum: 2 });
      await world.vote(approvalId, 'ana');
      await world.vote(approvalId, 'ben');
      expect(await world.deliver(approvalId, 'requested')).toBe('moot');
      expect(await world.deliver(approvalId, 'progress')).toBe('moot');
      expect(await world.deliver(approvalId, 'outcome')).toBe('delivered');
      expect(world.mails.map(({ subject }) => subject)).toStrictEqual(['Interlock: Approved']);
      expect(buttons()).toStrictEqual(['open']);
    });

    it('tells of a vote in no new message where Slack never had one', async () => {
      const { approvalId } = await world.ask({ quorum: 2 });
      await world.vote(approvalId, 'ana');
      expect(await world.deliver(approvalId, 'progress')).toBe('delivered');
      expect(standIn.messages).toStrictEqual([]);
    });

    describe('a channel that is away', () => {
      it('holds up no other, is on record once, and is tried again until it works', async () => {
        const { approvalId, incidentId } = await world.ask();
        standIn.slack = { status: 503 };
        const attempts: [number, string][] = [];
        for (const at of [0, minute - 1, minute, 3 * minute - 1, 3 * minute, 7 * minute]) {
          world.after(at);
          if (at === 7 * minute) standIn.slack = 'works';
          attempts.push([at, await world.deliver(approvalId, 'requested')]);
        }
        expect(attempts).toStrictEqual([
          [0, 'tried'],
          [minute - 1, 'claimed-elsewhere'],
          [minute, 'tried'],
          [3 * minute - 1, 'claimed-elsewhere'],
          [3 * minute, 'tried'],
          [7 * minute, 'delivered'],
        ]);
        expect([world.mails.length, standIn.cards.length, standIn.messages.length]).toStrictEqual([1, 1, 1]);
        expect(await world.noticeOf(approvalId, 'requested')).toMatchObject({
          status: 'done',
          deliveries: { slack: { status: 'delivered', attempts: 4 }, email: { attempts: 1 } },
        });
        expect(world.failures.map(({ channel }) => channel)).toStrictEqual(['slack', 'slack', 'slack']);
        const entries = await world.entries(incidentId);
        expect(verifyChain(incidentChain(incidentId), entries)).toStrictEqual([]);
        expect(entries.slice(1)).toMatchObject([
          {
            type: 'approval.notification-failed',
            detail: { approvalId, channel: 'slack', kind: 'requested' },
          },
        ]);
      });

      it('is seen on the approval while it fails', async () => {
        const { approvalId } = await world.ask();
        standIn.webhook = { status: 404 };
        await world.deliver(approvalId, 'requested');
        const dossier = await world.ports.dossier(approvalId);
        expect(dossier?.notices).toMatchObject([
          { kind: 'requested', status: 'due', deliveries: { webhook: { status: 'failed', attempts: 1 } } },
        ]);
      });

      it('neither blocks nor grants, even when all are away', async () => {
        const { approvalId, incidentId } = await world.ask();
        standIn.slack = { word: 'internal_error' };
        standIn.webhook = { status: 500 };
        world.isMailAway = true;
        expect(await world.deliver(approvalId, 'requested')).toBe('tried');
        expect(await world.approvals.get(approvalId)).toMatchObject({ status: 'pending', votes: [] });
        const failed = (await world.entries(incidentId)).filter(
          ({ type }) => type === 'approval.notification-failed',
        );
        expect(failed.map(({ detail }) => detail['channel']).toSorted()).toStrictEqual([
          'email',
          'slack',
          'webhook',
        ]);
        await world.vote(approvalId, 'ana');
        expect(await world.approvals.get(approvalId)).toMatchObject({ status: 'approved' });
      });

      it.each([
        ['just before a day has passed', day - 1, 'tried', 'due'],
        ['after a day', day, 'given-up', 'done'],
      ])('is given up, or not yet, %s', async (_case, at, outcome, status) => {
        const { approvalId } = await world.ask();
        await world.vote(approvalId, 'ana');
        standIn.slack = { status: 503 };
        await world.deliver(approvalId, 'outcome');
        world.after(at);
        const calls = standIn.calls.length;
        expect(await world.deliver(approvalId, 'outcome')).toBe(outcome);
        expect(standIn.calls.length - calls).toBe(outcome === 'tried' ? 1 : 0);
        expect(await world.noticeOf(approvalId, 'outcome')).toMatchObject({
          status,
          deliveries: { slack: { status: 'failed' } },
        });
      });

      it('is tried again where its failure could not be put on record', async () => {
        const { approvalId, incidentId } = await world.ask();
        standIn.slack = { status: 503 };
        const recordFailure = () => Promise.reject(new Error('the ledger is away'));
        await expect(world.deliver(approvalId, 'requested', { recordFailure })).rejects.toThrow('ledger');
        expect((await world.noticeOf(approvalId, 'requested')).deliveries).not.toHaveProperty('slack');
        world.after(90_000);
        expect(await world.deliver(approvalId, 'requested')).toBe('tried');
        expect((await world.entries(incidentId)).map(({ type }) => type)).toContain(
          'approval.notification-failed',
        );
        expect(world.mails).toHaveLength(1);
      });
    });

    describe('a crash', () => {
      it('between sending and noting it makes one more message, not before the claim has run out', async () => {
        const { approvalId } = await world.ask();
        const notices = {
          claim: world.notices.claim.bind(world.notices),
          mark: () => Promise.reject(new Error('killed')),
          settle: world.notices.settle.bind(world.notices),
        };
        await expect(world.deliver(approvalId, 'requested', { notices })).rejects.toThrow('killed');
        expect(standIn.messages).toHaveLength(1);
        world.after(89_999);
        expect(await world.deliver(approvalId, 'requested')).toBe('claimed-elsewhere');
        world.after(90_000);
        expect(await world.deliver(approvalId, 'requested')).toBe('delivered');
        expect([world.mails.length, standIn.messages.length, standIn.cards.length]).toStrictEqual([2, 2, 2]);
      });

      it('after one channel was noted repeats only the others', async () => {
        const { approvalId } = await world.ask();
        standIn.webhook = { status: 503 };
        await world.deliver(approvalId, 'requested');
        standIn.webhook = 'works';
        world.after(minute);
        const settle = () => Promise.reject(new Error('killed'));
        const notices = {
          claim: world.notices.claim.bind(world.notices),
          mark: world.notices.mark.bind(world.notices),
          settle,
        };
        await expect(world.deliver(approvalId, 'requested', { notices })).rejects.toThrow('killed');
        world.after(minute + 90_000);
        expect(await world.deliver(approvalId, 'requested')).toBe('delivered');
        expect([world.mails.length, standIn.messages.length, standIn.cards.length]).toStrictEqual([1, 1, 1]);
      });
    });

    describe('two at once', () => {
      it('tell one thing once', async () => {
        const { approvalId } = await world.ask();
        const key = await world.noticeOf(approvalId, 'requested');
        const outcomes = await Promise.all(
          Array.from({ length: 5 }, () => world.deliver(approvalId, 'requested')),
        );
        expect(outcomes.toSorted()).toStrictEqual([...Array(4).fill('claimed-elsewhere'), 'delivered']);
        expect([world.mails.length, standIn.messages.length, standIn.cards.length]).toStrictEqual([1, 1, 1]);
        expect(key.status).toBe('due');
      });

      it('leave no message that can still be decided, whichever is the later one', async () => {
        const { approvalId } = await world.ask();
        let other: Promise<unknown> | undefined;
        // Slack has the request, its id is not noted yet, and the decision is told meanwhile.
        standIn.meanwhile = async ({ path }) => {
          if (other !== undefined || !path.endsWith('postMessage')) return;
          other = world.vote(approvalId, 'ana').then(() => world.deliver(approvalId, 'outcome'));
          await other;
        };
        expect(await world.deliver(approvalId, 'requested')).toBe('delivered');
        expect(standIn.messages).toHaveLength(2);
        expect(buttons()).toStrictEqual(['open', 'open']);
        for (const message of standIn.messages)
          expect(textsOf(message).join('\n')).toContain('Approved by ANA');
      });

      it('show what is true in the end, where an older change of a message arrives after a newer one', async () => {
        const { approvalId } = await world.ask({ quorum: 2 });
        await world.deliver(approvalId, 'requested');
        await world.vote(approvalId, 'ana');
        let other: Promise<unknown> | undefined;
        standIn.meanwhile = async ({ path }) => {
          if (other !== undefined || !path.endsWith('update')) return;
          other = world.vote(approvalId, 'ben').then(() => world.deliver(approvalId, 'outcome'));
          await other;
        };
        await world.deliver(approvalId, 'progress');
        expect(buttons()).toStrictEqual(['open']);
        expect(textsOf(standIn.messages[0]!).join('\n')).toContain('Approved by ANA, BEN');
      });
    });

    it('does not mind a message that somebody deleted', async () => {
      const { approvalId } = await world.ask();
      await world.deliver(approvalId, 'requested');
      standIn.remove(standIn.messages[0]!.ts);
      await world.vote(approvalId, 'ana');
      expect(await world.deliver(approvalId, 'outcome')).toBe('delivered');
    });

    describe('the sweep', () => {
      const report = (): never => {
        throw new Error('nothing fails here');
      };

      it.each([
        [200_000 - 1, []],
        [200_000, ['reminder']],
        [400_000 - 1, ['reminder']],
        [400_000, ['escalated']],
        [600_000 - 1, ['escalated']],
        [600_000, []],
      ])('asks again after %i ms: %j', async (at, kinds) => {
        const { approvalId } = await world.ask();
        world.after(at);
        const nothing = async () => undefined;
        const mine = {
          list: async (status: 'pending' | 'undelivered') =>
            (await world.approvals.list(status, 1_000)).filter((each) => each.approvalId === approvalId),
          expire: nothing,
          remind: (id: string) => world.approvals.remind(id),
          escalate: (id: string) => world.approvals.escalate(id),
        };
        const act = { deliver: nothing, cancelMoot: nothing };
        for (let sweep = 0; sweep < 3; sweep++) await repairMissed(mine, world.clock.now, act, report);
        const told = (await world.noticesOf(approvalId)).map(({ kind }) => kind);
        expect(told).toStrictEqual(['requested', ...kinds]);
      });

      it('names the groups that are asked too, and only those that join', async () => {
        const { approvalId } = await world.ask();
        world.after(400_000);
        await world.approvals.escalate(approvalId);
        expect(await world.deliver(approvalId, 'escalated')).toBe('delivered');
        expect(world.mails).toMatchObject([
          {
            subject: 'Interlock: Escalated: approval wanted',
            text: expect.stringContaining('Still undecided, so these are asked too: leads.\n'),
            attributes: { kind: 'escalated' },
          },
        ]);
        expect(buttons()).toStrictEqual(['open']);
        // The reminder is a copy too: it says how it ended.
        await world.vote(approvalId, 'ana');
        await world.deliver(approvalId, 'outcome');
        expect(textsOf(standIn.messages[0]!).join('\n')).toContain('Approved by ANA');
      });

      it('tells what was missed, each on its own', async () => {
        const [broken, healthy] = [await world.ask(), await world.ask()];
        const failed: string[] = [];
        const deliver = async (key: OutgoingKey) => {
          if (!('approvalId' in key)) return;
          const { approvalId, kind } = key;
          if (![broken.approvalId, healthy.approvalId].includes(approvalId)) return;
          const away = { dossier: async () => undefined };
          await world.deliver(approvalId, kind, approvalId === broken.approvalId ? away : {});
        };
        const work = {
          deliver,
          hasTime: () => true,
          report: (key: OutgoingKey) => failed.push('approvalId' in key ? key.approvalId : ''),
        };
        await expect(sweepNotices(world.notices, now, work)).rejects.toMatchObject({
          code: 'approval.notices-incomplete',
        });
        expect(failed).toStrictEqual([broken.approvalId]);
        expect(world.mails).toHaveLength(1);
        // Taken by the one who could not read it, and due again after that.
        const isDue = async (at: number) =>
          (await world.notices.due(at, 1_000)).some(
            (each) => 'approvalId' in each && each.approvalId === broken.approvalId,
          );
        expect([await isDue(now + 89_999), await isDue(now + 90_000)]).toStrictEqual([false, true]);
      });

      it('begins nothing that it has no time for', async () => {
        const { approvalId } = await world.ask();
        const key = await world.noticeOf(approvalId, 'requested');
        let left = 2;
        const work = {
          deliver: async () => {
            left -= 1;
          },
          hasTime: () => left > 0,
          report,
        };
        expect(await deliverAll([key, key, key], work)).toBe(0);
        expect(left).toBe(0);
      });
    });
  });
}
