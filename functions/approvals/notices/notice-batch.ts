import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import type { EpochMs } from '../../platform/clock.ts';
import { DependencyUnavailableError } from '../../platform/errors.ts';
import { noticeKinds } from '../notice.ts';
import type { NoticeKey } from './deliver-notices.ts';

const imageSchema = z.object({
  pk: z.object({ S: z.string().check(z.regex(/^NOTICE#/)) }),
  approvalId: z.object({ S: z.string() }),
  kind: z.object({ S: z.enum(noticeKinds) }),
  approvalVersion: z.object({ N: z.string().check(z.regex(/^[1-9]\d{0,8}$/)) }),
});

/** The notice that a stream record announces; nothing for any other record. */
export function announcedNotice({ eventName, dynamodb }: DynamoDBRecord): NoticeKey | undefined {
  const { data } = z.safeParse(imageSchema, dynamodb?.NewImage);
  if (eventName !== 'INSERT' || data === undefined) return undefined;
  return {
    approvalId: data.approvalId.S,
    kind: data.kind.S,
    approvalVersion: Number(data.approvalVersion.N),
  };
}

/** How one batch is worked off. */
export interface NoticeWork {
  readonly deliver: (key: NoticeKey) => Promise<unknown>;
  readonly report: (key: NoticeKey, error: unknown) => void;
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
  keys: readonly NoticeKey[],
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
  notices: { due(now: EpochMs, limit: number): Promise<readonly NoticeKey[]> },
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
