import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import type { EpochMs } from '../../platform/clock.ts';
import { DependencyUnavailableError } from '../../platform/errors.ts';
import { noticeKinds, type OutgoingKey } from '../notice.ts';

const noticeSchema = z.object({
  pk: z.object({ S: z.string().check(z.regex(/^NOTICE#/)) }),
  approvalId: z.object({ S: z.string() }),
  kind: z.object({ S: z.enum(noticeKinds) }),
  approvalVersion: z.object({ N: z.string().check(z.regex(/^[1-9]\d{0,8}$/)) }),
});

const announcementSchema = z.object({
  pk: z.object({ S: z.string().check(z.regex(/^ANNOUNCEMENT#/)) }),
  announcementId: z.object({ S: z.string() }),
});

/** What a stream record says is to be told; nothing for any record of something else. */
export function outgoingOf({ eventName, dynamodb }: DynamoDBRecord): OutgoingKey | undefined {
  if (eventName !== 'INSERT') return undefined;
  const image = dynamodb?.NewImage;
  const notice = z.safeParse(noticeSchema, image).data;
  if (notice !== undefined) {
    return {
      approvalId: notice.approvalId.S,
      kind: notice.kind.S,
      approvalVersion: Number(notice.approvalVersion.N),
    };
  }
  const announcement = z.safeParse(announcementSchema, image).data;
  return announcement === undefined ? undefined : { announcementId: announcement.announcementId.S };
}

/** How one batch is worked off. */
export interface NoticeWork {
  readonly deliver: (key: OutgoingKey) => Promise<unknown>;
  readonly report: (key: OutgoingKey, error: unknown) => void;
  /** Whether one more notice can still be delivered in this run. */
  readonly hasTime: () => boolean;
}

/**
 * Delivers one after the other, so that the notices of one approval stay in order, whatever happens to the others.
 * What cannot be delivered, or there is no time for, is due: the sweep takes it up.
 *
 * @returns How many could not be delivered.
 */
export async function deliverAll(
  keys: readonly OutgoingKey[],
  { deliver, report, hasTime }: NoticeWork,
): Promise<number> {
  let failed = 0;
  for (const key of keys) {
    if (!hasTime()) break;
    try {
      await deliver(key);
    } catch (error) {
      failed += 1;
      report(key, error);
    }
  }
  return failed;
}

/** How many notices one sweep takes up; the next one is a minute away. */
const sweptAtOnce = 100;

/**
 * Delivers what is due.
 *
 * @throws DependencyUnavailableError `approval.notices-incomplete`, after trying all, so that the failure shows in
 * the function's metrics. A channel that fails is no failure of the sweep.
 */
export async function sweepNotices(
  notices: { due(now: EpochMs, limit: number): Promise<readonly OutgoingKey[]> },
  now: EpochMs,
  work: NoticeWork,
): Promise<void> {
  const due = await notices.due(now, sweptAtOnce);
  const failed = await deliverAll(due, work);
  if (failed > 0) {
    throw new DependencyUnavailableError(
      'approval.notices-incomplete',
      `${failed} of ${due.length} notices could not be worked on; the next sweep tries again`,
    );
  }
}
