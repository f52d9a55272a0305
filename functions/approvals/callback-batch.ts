import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import type { EpochMs } from '../platform/clock.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { type Approval, isPastExpiry } from './approval.ts';
import { approvalStatusKeys } from './approval-item.ts';

/** The approval that a stream record announces as decided and not delivered; nothing for any other record. */
export function announcedApproval({ dynamodb }: DynamoDBRecord): string | undefined {
  const image = dynamodb?.NewImage;
  if (image?.['sk']?.S !== 'APPROVAL') return undefined;
  if (image['statusKey']?.S !== approvalStatusKeys.undelivered) return undefined;
  return image['approvalId']?.S;
}

type Attempt = (approvalId: string) => Promise<unknown>;
type Report = (approvalId: string, error: unknown) => void;

/**
 * Delivers what a stream batch announces. A failure is reported for its own record, never thrown: a record
 * that cannot be delivered must not hold up the shard, and the sweep tries it again every minute.
 */
export async function deliverBatch(
  records: readonly DynamoDBRecord[],
  deliver: Attempt,
  report: Report,
): Promise<DynamoDBBatchResponse> {
  const batchItemFailures: DynamoDBBatchResponse['batchItemFailures'] = [];
  for (const record of records) {
    const approvalId = announcedApproval(record);
    if (approvalId === undefined) continue;
    try {
      await deliver(approvalId);
    } catch (error) {
      report(approvalId, error);
      const itemIdentifier = record.dynamodb?.SequenceNumber;
      if (itemIdentifier !== undefined) batchItemFailures.push({ itemIdentifier });
    }
  }
  return { batchItemFailures };
}

/**
 * Tries every approval, whatever happens to the others.
 *
 * @throws DependencyUnavailableError `approval.sweep-incomplete` at the end, so that the failure shows in the
 * function's metrics.
 */
export async function sweep(approvalIds: readonly string[], attempt: Attempt, report: Report): Promise<void> {
  let failed = 0;
  for (const approvalId of approvalIds) {
    try {
      await attempt(approvalId);
    } catch (error) {
      failed += 1;
      report(approvalId, error);
    }
  }
  if (failed > 0) {
    throw new DependencyUnavailableError(
      'approval.sweep-incomplete',
      `${failed} of ${approvalIds.length} approvals could not be repaired; the next sweep tries again`,
    );
  }
}

/** How many approvals one repair looks at per list; the next one is a minute away. */
const repairedAtOnce = 100;

/** Where a repair finds what was missed. */
export interface MissedApprovals {
  list(status: 'pending' | 'undelivered', limit: number): Promise<Approval[]>;
  expire(approvalId: string, by: 'approval-sweep'): Promise<unknown>;
}

/**
 * Delivers what the stream did not, and ends what nobody settled.
 *
 * @throws DependencyUnavailableError `approval.sweep-incomplete`, after trying every approval.
 */
export async function repairMissed(
  approvals: MissedApprovals,
  now: EpochMs,
  deliver: Attempt,
  report: Report,
): Promise<void> {
  const pending = await approvals.list('pending', repairedAtOnce);
  const undelivered = await approvals.list('undelivered', repairedAtOnce);
  const overdue = new Set(
    pending.filter((approval) => isPastExpiry(approval, now)).map(({ approvalId }) => approvalId),
  );
  const repair = async (approvalId: string) => {
    if (overdue.has(approvalId)) await approvals.expire(approvalId, 'approval-sweep');
    await deliver(approvalId);
  };
  await sweep([...undelivered.map(({ approvalId }) => approvalId), ...overdue], repair, report);
}
