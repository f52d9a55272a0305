import { SNSClient } from '@aws-sdk/client-sns';
import { PersonTopic } from '../../platform/person-topic.client.ts';
import type { NoticeChannel } from './deliver-notices.ts';
import { noticeText } from './notice-text.ts';

/** Short, so that a topic that does not answer holds up nothing; the sweep tries again. */
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** Mail to whoever is subscribed to the topic that tells people. */
export function emailChannel(
  topicArn: string,
  client: SNSClient = new SNSClient({ maxAttempts: 2, requestHandler }),
): NoticeChannel {
  const topic = new PersonTopic(topicArn, client);
  return {
    name: 'email',
    deliver: async (news) => {
      const { title, lines } = noticeText(news);
      await topic.tell(`Interlock: ${title}`, [...lines, news.pageUrl].join('\n'));
      return {};
    },
  };
}
