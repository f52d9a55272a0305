import type { Approval } from '../approval.ts';
import type { Dossier } from '../dossier.ts';
import type { NoticeKind } from '../notice.ts';
import type { NoticeChannel } from '../notices/deliver-notices.ts';
import type { News } from '../notices/notice-words.ts';
import { slackAnnouncement, slackMessage } from './slack-message.ts';

/** What telling people in Slack needs from the outside. */
export interface SlackChannelPorts {
  readonly channelId: string;
  readonly api: {
    /** @returns What names the message from now on. */
    post(message: object): Promise<string>;
    update(messageId: string, message: object): Promise<void>;
  };
  /** As it stands now, with its notices. */
  readonly dossier: (approvalId: string) => Promise<Dossier | undefined>;
  readonly news: (kind: NoticeKind, dossier: Dossier) => News;
}

/** How often the copies are brought up to date within one delivery: whoever writes next delivers again. */
const rounds = 3;

/**
 * Slack: one message with buttons, reminders without, and all of them changed in place as the approval moves on.
 *
 * Whoever has sent or changed a message looks at the approval again and, where it has moved on meanwhile, changes
 * the copies once more. So whichever of two senders is the later one, what stands in the end is what is true:
 *
 *     A posts the request ── notes the message ── looks again: decided ── shows the outcome ✓
 *     B tells the outcome: no message noted yet, posts it ✓
 */
export function slackChannel(ports: SlackChannelPorts): NoticeChannel {
  /** Shows every copy as `news` has it. */
  async function showAll({ dossier }: News): Promise<void> {
    for (const { kind, deliveries } of dossier.notices ?? []) {
      const messageId = deliveries.slack?.messageId;
      if (messageId !== undefined) await ports.api.update(messageId, slackMessage(ports.news(kind, dossier)));
    }
  }

  async function catchUp(shown: News): Promise<void> {
    let last = shown.dossier.approval;
    for (let round = 0; round < rounds; round++) {
      const dossier = await ports.dossier(last.approvalId);
      if (dossier === undefined || looksAlike(dossier.approval, last)) return;
      await showAll({ ...shown, dossier });
      last = dossier.approval;
    }
  }

  return {
    name: 'slack',
    deliver: async (news) => {
      const copies = news.dossier.notices?.filter(
        ({ deliveries }) => deliveries.slack?.messageId !== undefined,
      );
      const changesCopies = news.kind === 'progress' || news.kind === 'outcome';
      if (changesCopies && copies !== undefined && copies.length > 0) {
        await showAll(news);
        await catchUp(news);
        return {};
      }
      // Nobody was told anything that could be out of date.
      if (news.kind === 'progress') return {};
      return { messageId: await ports.api.post({ ...slackMessage(news), channel: ports.channelId }) };
    },
    catchUp,
    announce: async (announcement) => {
      await ports.api.post({ ...slackAnnouncement(announcement), channel: ports.channelId });
    },
  };
}

/** Whether a message about the one is right about the other. */
function looksAlike(one: Approval, other: Approval): boolean {
  return one.status === other.status && one.votes.length === other.votes.length;
}
