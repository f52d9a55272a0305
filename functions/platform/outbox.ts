import type { EpochMs } from './clock.ts';

/** Status keys of the `byStatus` index: whatever people are to be told, and what they were told. */
export const outboxStatusKeys = { due: 'NOTICE#due', done: 'NOTICE#done' } as const;

/** Members of something that people are to be told, from the transaction on that makes it true. */
export function dueAt(now: EpochMs) {
  return {
    createdAtEpochMs: now,
    status: 'due',
    deliveries: {},
    nextAttemptAtEpochMs: now,
    statusKey: outboxStatusKeys.due,
    statusAt: new Date(now).toISOString(),
  } as const;
}
