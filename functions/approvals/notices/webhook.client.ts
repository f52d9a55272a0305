import type { NoticeChannel } from './deliver-notices.ts';
import { announcementCard, noticeCard } from './notice-card.ts';
import { channelUrl, postJson } from './notice-http.client.ts';
import { jsonSecret, webhookSecret } from './notice-secret.client.ts';

/** How long the other side may take. */
const timeoutMs = 5_000;

/** Messages to Teams, or to whatever takes the same card, at the one address that stands in a secret. */
export function webhookChannel(
  secretArn: string,
  secret = jsonSecret(secretArn, webhookSecret),
): NoticeChannel {
  const post = async (card: object): Promise<void> => {
    const { url } = await secret();
    await postJson(channelUrl(url), card, { timeoutMs });
  };
  return {
    name: 'webhook',
    deliver: async (news) => {
      await post(noticeCard(news));
      return {};
    },
    announce: (announcement) => post(announcementCard(announcement)),
  };
}
