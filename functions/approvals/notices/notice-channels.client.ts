import { SlackApi } from '../slack/slack.client.ts';
import { type SlackChannelPorts, slackChannel } from '../slack/slack-channel.ts';
import type { NoticeChannel } from './deliver-notices.ts';
import { emailChannel } from './email.client.ts';
import { webhookChannel } from './webhook.client.ts';

/** The channels that a stage has settings for. E-mail is always one of them. */
export function openChannels(
  settings: {
    readonly PERSON_TOPIC_ARN: string;
    readonly SLACK_CHANNEL?: string | undefined;
    readonly SLACK_SECRET_ARN?: string | undefined;
    readonly SLACK_API_URL?: string | undefined;
    readonly WEBHOOK_SECRET_ARN?: string | undefined;
  },
  slack: Pick<SlackChannelPorts, 'dossier' | 'news'>,
): NoticeChannel[] {
  const { SLACK_CHANNEL: channelId, SLACK_SECRET_ARN, SLACK_API_URL, WEBHOOK_SECRET_ARN } = settings;
  return [
    emailChannel(settings.PERSON_TOPIC_ARN),
    ...(channelId === undefined || SLACK_SECRET_ARN === undefined
      ? []
      : [slackChannel({ ...slack, channelId, api: new SlackApi(SLACK_SECRET_ARN, SLACK_API_URL) })]),
    ...(WEBHOOK_SECRET_ARN === undefined ? [] : [webhookChannel(WEBHOOK_SECRET_ARN)]),
  ];
}
