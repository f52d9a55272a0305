import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { InterlockError, InvalidInputError } from '../platform/errors.ts';
import type { Priority } from '../platform/vocabulary.ts';
import { priorityOfQueue } from './queue-priority.ts';
import type { Arrival } from './signal.ts';

/** Ids, codes and outcomes; never what an event says. */
type Log = (message: string, facts: Readonly<Record<string, unknown>>) => void;

export interface ReceivingParts {
  /** @throws InvalidInputError when a body can never be read. */
  readonly read: (body: string) => Arrival;
  readonly accept: (arrival: Arrival) => Promise<object>;
  readonly setAside: (priority: Priority, body: string, reason: string, code: string) => Promise<void>;
  readonly log: { readonly info: Log; readonly warn: Log; readonly error: Log };
}

/** Each record succeeds or fails alone: only failed ones are delivered again. */
export async function receiveBatch(
  records: readonly SQSRecord[],
  parts: ReceivingParts,
): Promise<SQSBatchResponse> {
  const succeeded = await Promise.all(records.map((record) => receive(record, parts)));
  const failed = records.filter((_, index) => !succeeded[index]);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function receive(record: SQSRecord, parts: ReceivingParts): Promise<boolean> {
  const { messageId } = record;
  try {
    const arrival = await readOrSetAside(record, parts);
    if (arrival === undefined) return true;
    const eventId = arrival.kind === 'record' ? arrival.eventId : arrival.signal.eventId;
    parts.log.info('event done', { messageId, eventId, ...(await parts.accept(arrival)) });
    return true;
  } catch (error) {
    const errorName = error instanceof Error ? error.name : 'unknown';
    const code = error instanceof InterlockError ? error.code : 'unexpected';
    parts.log.error('message failed, the queue delivers it again', { messageId, errorName, code });
    return false;
  }
}

/** Only what can never be read goes aside; whatever else goes wrong is thrown and the queue delivers again. */
async function readOrSetAside(
  { messageId, body, eventSourceARN }: SQSRecord,
  { read, setAside, log }: ReceivingParts,
): Promise<Arrival | undefined> {
  try {
    return read(body);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const priority = priorityOfQueue(eventSourceARN);
    await setAside(priority, body, error.message, error.code);
    log.warn('message set aside', { messageId, code: error.code, priority });
    return undefined;
  }
}
