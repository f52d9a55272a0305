import { InterlockError } from '../platform/errors.ts';
import type { Priority } from '../platform/vocabulary.ts';

/**
 * Which priority a queue serves, from the first `P0`, `P1` or `P2` that stands as a word in its name
 * (`…IntakeP0Queue…`, `interlock-p0`).
 *
 * @throws InterlockError `intake.unknown-queue`: then the message stays in its queue and reaches that queue's
 * own dead-letter queue.
 */
export function priorityOfQueue(queueArn: string): Priority {
  const name = queueArn.slice(queueArn.lastIndexOf(':') + 1);
  const digit = /(?:(?:^|[^A-Z0-9])P|(?:^|[^A-Za-z0-9])p)([012])(?![0-9a-z])/.exec(name)?.[1];
  if (digit !== undefined) return `P${digit}` as Priority;
  throw new InterlockError(
    'intake.unknown-queue',
    `queue ${name} has no priority in its name; name intake queues with P0, P1 or P2`,
  );
}
