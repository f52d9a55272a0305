import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import type { EpochMs } from '../platform/clock.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { type Approval, isPastExpiry } from './approval.ts';
import { approvalStatusKeys } from './approval-item.ts';

/** What a stream record announces. */
export type Announcement =
  /** Decided or cancelled, and the execution that waits has not been told. */
  | { readonly what: 'approval'; readonly id: string }
  /** Recovered or closed: nobody needs to decide on it any more. */
  | { readonly what: 'incident'; readonly id: string };

/** What a stream record announces; nothing for any other record. */
export function announcementIn({ dynamodb }: DynamoDBRecord): Announcement | undefined {
  const image = dynamodb?.NewImage ?? {};
  if (image['sk']?.S === 'APPROVAL' && image['statusKey']?.S === approvalStatusKeys.undelivered) {
    const id = image['approvalId']?.S;
    return id === undefined ? undefined : { what: 'approval', id };
  }
  const isMoot = image['recoveredAtEpochMs'] !== undefined || image['status']?.S === 'closed';
  if (image['sk']?.S === 'INCIDENT' && isMoot) {
    const id = image['incidentId']?.S;
    return id === undefined ? undefined : { what: 'incident', id };
  }
  return undefined;
}

type Attempt = (id: string) => Promise<unknown>;
type Report = (id: string, error: unknown) => void;

/**
 * Acts on what a stream batch announces. A failure is reported for its own record, never thrown: a record
 * that cannot be dealt with must not hold up the shard, and the sweep tries it again every minute.
 */
export async function deliverBatch(
  records: readonly DynamoDBRecord[],
  act: Readonly<Record<Announcement['what'], Attempt>>,
  report: Report,
): Promise<DynamoDBBatchResponse> {
  const batchItemFailures: DynamoDBBatchResponse['batchItemFailures'] = [];
  for (const record of records) {
    const announced = announcementIn(record);
    if (announced === undefined) continue;
    try {
      await act[announced.what](announced.id);
    } catch (error) {
      report(announced.id, error);
      const itemIdentifier = record.dynamodb?.SequenceNumber;
      if (itemIdentifier !== undefined) batchItemFailures.push({ itemIdentifier });
    }
  }
  return { batchItemFailures };
}

/** How many approvals one repair looks at per list; the next one is a minute away. */
const repairedAtOnce = 100;

/** Where a repair finds what was missed. */
export interface MissedApprovals {
  list(status: 'pending' | 'undelivered', limit: number): Promise<Approval[]>;
  expire(approvalId: string, by: 'approval-sweep'): Promise<unknown>;
}

/**
 * Delivers what the stream did not, ends what nobody settled, and cancels what nobody needs to decide any more.
 *
 * @param cancelMoot Cancels the approvals of one incident if it needs nobody any more; the next repair, or the
 * stream, delivers that.
 * @throws DependencyUnavailableError `approval.sweep-incomplete`, after trying everything.
 */
export async function repairMissed(
  approvals: MissedApprovals,
  now: EpochMs,
  { deliver, cancelMoot }: { readonly deliver: Attempt; readonly cancelMoot: Attempt },
  report: Report,
): Promise<void> {
  const pending = await approvals.list('pending', repairedAtOnce);
  const undelivered = await approvals.list('undelivered', repairedAtOnce);
  const overdue = new Set(
    pending.filter((approval) => isPastExpiry(approval, now)).map(({ approvalId }) => approvalId),
  );
  const waitedFor = new Set(
    pending
      .filter(({ approvalId, verdictOn }) => !overdue.has(approvalId) && verdictOn === undefined)
      .map(({ incidentId }) => incidentId),
  );
  const repairs = new Map<string, () => Promise<unknown>>();
  for (const { approvalId } of undelivered) repairs.set(approvalId, () => deliver(approvalId));
  for (const approvalId of overdue) {
    repairs.set(approvalId, async () => {
      await approvals.expire(approvalId, 'approval-sweep');
      await deliver(approvalId);
    });
  }
  for (const incidentId of waitedFor) repairs.set(incidentId, () => cancelMoot(incidentId));
  await tryAll(repairs, report);
}

async function tryAll(repairs: ReadonlyMap<string, () => Promise<unknown>>, report: Report): Promise<void> {
  let failed = 0;
  for (const [id, repair] of repairs) {
    try {
      await repair();
    } catch (error) {
      failed += 1;
      report(id, error);
    }
  }
  if (failed > 0) {
    throw new DependencyUnavailableError(
      'approval.sweep-incomplete',
      `${failed} of ${repairs.size} repairs failed; the next sweep tries again`,
    );
  }
}
