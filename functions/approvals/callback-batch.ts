import type { DynamoDBRecord } from 'aws-lambda';
import type { EpochMs } from '../platform/clock.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { type Approval, isPastExpiry } from './approval.ts';
import { approvalStatusKeys } from './approval-item.ts';
import { askAgainHow } from './ask-again.ts';
import { isTellingDue } from './deliver-decision.ts';

/** What a stream record announces. */
export type Announcement =
  /** Decided or cancelled, and the execution that waits has not been told. */
  | { readonly what: 'approval'; readonly id: string }
  /** Recovered or closed: nobody needs to decide on it any more. */
  | { readonly what: 'incident'; readonly id: string };

/**
 * What a stream record announces; nothing for any other record. The callback notes on the approval that telling
 * begins: that announces nothing, or a try that fails would bring about the next one, and that one two more.
 */
export function announcementIn({ dynamodb }: DynamoDBRecord): Announcement | undefined {
  const { NewImage: image = {}, OldImage: before } = dynamodb ?? {};
  if (image['sk']?.S === 'APPROVAL' && image['statusKey']?.S === approvalStatusKeys.undelivered) {
    const isOwnNote = before !== undefined && before['callbackAttempts']?.N !== image['callbackAttempts']?.N;
    const id = image['approvalId']?.S;
    return id === undefined || isOwnNote ? undefined : { what: 'approval', id };
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
 * Acts on what a stream batch announces. A failure is reported and left to the sweep, never answered: Lambda
 * would hold up the shard for it, and deliver what came after it once more.
 */
export async function deliverBatch(
  records: readonly DynamoDBRecord[],
  act: Readonly<Record<Announcement['what'], Attempt>>,
  report: Report,
): Promise<void> {
  for (const record of records) {
    const announced = announcementIn(record);
    if (announced === undefined) continue;
    try {
      await act[announced.what](announced.id);
    } catch (error) {
      report(announced.id, error);
    }
  }
}

/** How many approvals one repair looks at per list: more than people could decide while they wait. */
const lookedAtOnce = 1_000;

/** How many executions one repair tells, and how many incidents it looks at; the next one is a minute away. */
const repairedAtOnce = 100;

/** Where a repair finds what was missed. */
export interface MissedApprovals {
  list(status: 'pending' | 'undelivered', limit: number): Promise<Approval[]>;
  expire(approvalId: string, by: 'approval-sweep'): Promise<unknown>;
  remind(approvalId: string): Promise<unknown>;
  escalate(approvalId: string): Promise<unknown>;
}

/**
 * Cancels what nobody needs to decide any more, asks people again, ends what nobody settled, and delivers what the
 * stream did not: last, because that alone can take long.
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
  const pending = await approvals.list('pending', lookedAtOnce);
  const undelivered = await approvals.list('undelivered', lookedAtOnce);
  const waiting = pending.filter((approval) => !isPastExpiry(approval, now));
  const waitedFor = new Set(
    waiting.filter(({ verdictOn }) => verdictOn === undefined).map(({ incidentId }) => incidentId),
  );
  const repairs = new Map<string, () => Promise<unknown>>();
  for (const incidentId of [...waitedFor].slice(0, repairedAtOnce)) {
    repairs.set(incidentId, () => cancelMoot(incidentId));
  }
  for (const approval of waiting) {
    const how = askAgainHow(approval, now);
    if (how !== undefined) repairs.set(approval.approvalId, () => approvals[how](approval.approvalId));
  }
  for (const { approvalId } of pending.filter((approval) => isPastExpiry(approval, now))) {
    repairs.set(approvalId, async () => {
      await approvals.expire(approvalId, 'approval-sweep');
      await deliver(approvalId);
    });
  }
  const untold = undelivered.filter((approval) => isTellingDue(approval, now));
  for (const { approvalId } of untold.slice(0, repairedAtOnce)) {
    repairs.set(approvalId, () => deliver(approvalId));
  }
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
