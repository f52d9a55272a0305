import type { EpochMs } from '../platform/clock.ts';
import { type Approval, isWaiting } from './approval.ts';

/** Whether people are asked again; `approval` is the one to store where they are. */
export interface AskAgain {
  readonly outcome: 'due' | 'not-due';
  readonly approval: Approval;
}

/** How people are asked again at this instant; nothing where they are not. The store decides again when it writes. */
export function askAgainHow(approval: Approval, now: EpochMs): 'escalate' | 'remind' | undefined {
  if (escalate(approval, now).outcome === 'due') return 'escalate';
  return remind(approval, now).outcome === 'due' ? 'remind' : undefined;
}

/** Reminds the people who were asked: once, at `remindAtEpochMs` or after, unless it is time to escalate already. */
export function remind(approval: Approval, now: EpochMs): AskAgain {
  const { remindAtEpochMs, remindedAtEpochMs, escalateAtEpochMs } = approval;
  const isDue = remindedAtEpochMs === undefined && now >= remindAtEpochMs && now < escalateAtEpochMs;
  return isWaiting(approval, now) && isDue
    ? { outcome: 'due', approval: { ...approval, remindedAtEpochMs: now, version: approval.version + 1 } }
    : { outcome: 'not-due', approval };
}

/** Asks those who join at escalation too: once, at `escalateAtEpochMs` or after. */
export function escalate(approval: Approval, now: EpochMs): AskAgain {
  const { escalateAtEpochMs, escalatedAtEpochMs } = approval;
  const isDue = escalatedAtEpochMs === undefined && now >= escalateAtEpochMs;
  return isWaiting(approval, now) && isDue
    ? { outcome: 'due', approval: { ...approval, escalatedAtEpochMs: now, version: approval.version + 1 } }
    : { outcome: 'not-due', approval };
}
