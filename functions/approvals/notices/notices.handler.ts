import type { DynamoDBStreamEvent, EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import approvers from '../../../policies/approvers.json' with { type: 'json' };
import { undeliveredEntry } from '../../audit/announcement.ts';
import { systemClock } from '../../platform/clock.ts';
import { controlChain } from '../../platform/item-keys.ts';
import { logger, pipeline } from '../../platform/pipeline.ts';
import { readSettings } from '../../platform/settings.ts';
import { approvalTables, openApprovals } from '../approval-tables.store.ts';
import { parseApproverPolicy } from '../authority.ts';
import { failureFields } from '../failure-fields.ts';
import type { OutgoingKey } from '../notice.ts';
import { deliverNotice, type NoticePorts } from './deliver-notices.ts';
import { NoticeStore } from './notice.store.ts';
import { deliverAll, outgoingOf, sweepNotices } from './notice-batch.ts';
import { openChannels } from './notice-channels.client.ts';
import { newsOf } from './notice-news.ts';

const optional = z.optional(z.string().check(z.minLength(1)));
const settings = readSettings({
  ...approvalTables,
  PERSON_TOPIC_ARN: z.string(),
  PUBLIC_BASE_URL: z.url({ protocol: /^https?$/ }),
  SLACK_API_URL: optional,
  SLACK_CHANNEL: optional,
  SLACK_SECRET_ARN: optional,
  WEBHOOK_SECRET_ARN: optional,
});
const { approvals, database, dossiers, ledger } = openApprovals(settings);
const notices = new NoticeStore(database, settings.OPERATIONS_TABLE);
const policy = { approvers: parseApproverPolicy(approvers), publicBaseUrl: settings.PUBLIC_BASE_URL };
const source = {
  dossier: dossiers.dossier,
  news: ((kind, dossier) => newsOf(policy, kind, dossier)) satisfies NoticePorts['news'],
};
const ports: NoticePorts = {
  ...source,
  notices,
  clock: systemClock,
  channels: openChannels(settings, source),
  recordFailure: (approval, channel, kind) => approvals.recordNotificationFailure(approval, channel, kind),
  recordUnannounced: async (announcement, channel) => {
    const now = systemClock();
    const entry = undeliveredEntry(announcement, channel, now);
    await ledger.commit(controlChain('announcements', now), [entry], []);
  },
  onFailure: (key, channel, error) =>
    logger.error('people were not told', { ...fields(key), channel, ...failureFields(error) }),
};

async function deliver(key: OutgoingKey): Promise<void> {
  logger.info('notice', { ...fields(key), outcome: await deliverNotice(ports, key) });
}

function fields(key: OutgoingKey) {
  if ('announcementId' in key) return { announcementId: key.announcementId };
  const { approvalId, kind, approvalVersion } = key;
  return { approvalId, kind, approvalVersion };
}

/** What one notice may take at worst, in milliseconds: it is not begun with less. */
const oneNoticeMs = 30_000;

/** Tells people: from the stream at once, from the schedule whatever was missed or has to be tried again. */
export const handler = pipeline(
  async (event: DynamoDBStreamEvent | EventBridgeEvent<string, unknown>, context): Promise<void> => {
    const work = {
      deliver,
      hasTime: () => context.getRemainingTimeInMillis() > oneNoticeMs,
      report: (key: OutgoingKey, error: unknown) =>
        logger.error('notice failed', { ...fields(key), ...failureFields(error) }),
    };
    if ('Records' in event) {
      await deliverAll(
        event.Records.map(outgoingOf).filter((key) => key !== undefined),
        work,
      );
      return;
    }
    await sweepNotices(notices, systemClock(), work);
  },
);
