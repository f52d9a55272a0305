import { SNSClient } from '@aws-sdk/client-sns';
import { PersonTopic } from '../../platform/person-topic.client.ts';
import type { NoticeChannel } from './deliver-notices.ts';
import { announcementText, noticeText } from './notice-text.ts';
import { messageLine, type News } from './notice-words.ts';

/** Short, so that a topic that does not answer holds up nothing; the sweep tries again. */
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/**
 * Mail to whoever is subscribed to the topic that tells people. Each message says what it is in its attributes
 * `kind` (`requested`, `reminder`, `escalated`, `outcome`), `tier` and `environment`, so that a subscription can
 * take, say, escalations alone; an announcement in `kind` (`announcement`) and `about`.
 */
export function emailChannel(
  topicArn: string,
  client: SNSClient = new SNSClient({ maxAttempts: 2, requestHandler }),
): NoticeChannel {
  const topic = new PersonTopic(topicArn, client);
  return {
    name: 'email',
    deliver: async (news) => {
      const { title, lines } = noticeText(news);
      await topic.tell(`Interlock: ${title}`, [...lines, news.pageUrl].join('\n'), attributesOf(news));
      return {};
    },
    announce: async (announcement) => {
      const { title, lines } = announcementText(announcement);
      const attributes = { kind: 'announcement', about: announcement.about };
      await topic.tell(`Interlock: ${title}`, lines.join('\n'), attributes);
    },
  };
}

/** For a subscription's filter. Text that a plan holds becomes what SNS takes as a value. */
function attributesOf({ kind, dossier: { plan, decision } }: News): Record<string, string> {
  return {
    kind,
    tier: messageLine(decision.tier ?? '', 20) || 'unknown',
    environment: messageLine(plan.environment, 60) || 'unknown',
  };
}
