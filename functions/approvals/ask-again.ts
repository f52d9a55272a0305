import type { EpochMs } from '../platform/clock.ts';
import { type Approval, isPastExpiry } from './approval.ts';

/** Whether people are asked again; `approval` is the one to store where they are. */
export interface AskAgain {
  readonly outcome: 'due' | 'not-due';
  readonly approval: Approval;
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

function isWaiting(approval: Approval, now: EpochMs): boolean {
  return approval.status === 'pending' && !isPastExpiry(approval, now);
}
