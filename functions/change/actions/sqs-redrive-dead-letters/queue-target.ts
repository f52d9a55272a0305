import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { drained, type RedriveDeadLettersParameters, redriveDeadLetters } from './definition.ts';

const statuses = ['RUNNING', 'COMPLETED', 'CANCELLING', 'CANCELLED', 'FAILED'] as const;

/** A move task of a dead-letter queue; SQS names a finished one by nothing but its start. */
export interface MoveTask {
  readonly status: (typeof statuses)[number];
  readonly startedAtEpochMs: number;
}

/** A dead-letter queue as read. */
export interface QueueState {
  /** As SQS counts them: approximate, and up to a minute late. */
  readonly approximateMessages: number;
  /** The latest move task of at least the past weeks, by whomever; `null` when there was none. */
  readonly lastTask: MoveTask | null;
}

export const queueTarget: TargetRules<RedriveDeadLettersParameters, QueueState> = {
  definition: redriveDeadLetters,
  state: z.strictObject({
    approximateMessages: z.int(),
    lastTask: z.nullable(z.strictObject({ status: z.enum(statuses), startedAtEpochMs: z.int() })),
  }),
  isBefore: ({ atMostMessages }, state) =>
    !isInMotion(state) && state.approximateMessages >= 1 && state.approximateMessages <= atMostMessages,
  isAfter: (_parameters, state) => state.lastTask?.status === 'RUNNING' || isDrained(state),
  isUntouched: (snapshot, current) => !isInMotion(current) && hasSameTask(snapshot, current),
  /** Nothing has been moved since, by anybody: the only way in which this target can be as before. */
  isRestored: (snapshot, current) => hasSameTask(snapshot, current),
  readBack: (state) => (isDrained(state) ? drained : describe(state)),
};

export function isMoveTaskStatus(status: string | undefined): status is MoveTask['status'] {
  return statuses.some((known) => known === status);
}

function isInMotion({ lastTask }: QueueState): boolean {
  return lastTask?.status === 'RUNNING' || lastTask?.status === 'CANCELLING';
}

function isDrained({ lastTask, approximateMessages }: QueueState): boolean {
  return lastTask?.status === 'COMPLETED' && approximateMessages === 0;
}

function hasSameTask(snapshot: QueueState, current: QueueState): boolean {
  return (snapshot.lastTask?.startedAtEpochMs ?? 0) === (current.lastTask?.startedAtEpochMs ?? 0);
}

function describe({ lastTask, approximateMessages }: QueueState): string {
  return `about ${approximateMessages} messages, last redrive ${lastTask?.status ?? 'never'}`;
}
