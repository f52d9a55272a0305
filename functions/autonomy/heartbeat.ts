import type { AnnouncementWords } from '../audit/announcement.ts';
import type { Finding } from '../audit/finding.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { TransactResult } from '../platform/dynamodb.ts';

/** How often the kill switch is proven to stop a write. */
export const heartbeatIntervalSeconds = 300;

/** Beats that may be missing before people are told loudly. */
const intervalsUntilStale = 3;

/** So long a beat may take: after it, whoever held the canary is gone and the next one may take it. */
export const beatPatienceMs = 60_000;

/** What one beat showed. */
export interface Beat {
  readonly result: 'passed' | 'failed';
  /** Why it failed, or what it proved. */
  readonly reason: string;
  /** From the end of the engaging write to the refusal of the guarded one. */
  readonly latencyMs: number;
}

/** The last beat as stored. */
export interface Heartbeat extends Beat {
  readonly lastBeatAtEpochMs: EpochMs;
  /** 0 when none ever passed. */
  readonly lastPassedAtEpochMs: EpochMs;
}

/**
 * Whether the halt path works: the guarded write was refused by the engaged switch and by nothing else, left
 * nothing behind, and went through as soon as the switch was released. The switch is the first write of both.
 */
export function judgeBeat(
  whileEngaged: TransactResult,
  leftSomething: boolean,
  whenReleased: TransactResult,
  latencyMs: number,
): Beat {
  const failed = (reason: string): Beat => ({ result: 'failed', reason, latencyMs });
  if (whileEngaged.outcome === 'committed') return failed('a guarded write went through an engaged switch');
  const [bySwitch, ...byOthers] = whileEngaged.refusals;
  if (bySwitch === undefined || byOthers.some((refusal) => refusal !== undefined)) {
    return failed('the guarded write was refused, but not by the switch alone');
  }
  if (leftSomething) return failed('the refused write left its record behind');
  if (whenReleased.outcome === 'refused') {
    return failed('the guarded write stays refused after the switch was released');
  }
  return {
    result: 'passed',
    reason: 'the engaged switch stopped the write, and nothing else did',
    latencyMs,
  };
}

/** True when too many beats are missing, the last one failed, or there never was one. */
export function isStale(heartbeat: Pick<Heartbeat, 'lastBeatAtEpochMs'> | undefined, now: EpochMs): boolean {
  if (heartbeat === undefined) return true;
  return now - heartbeat.lastBeatAtEpochMs > intervalsUntilStale * heartbeatIntervalSeconds * 1_000;
}

/** One finding for each run of failed beats: it is named after the last one that passed. */
export function heartbeatFinding(beat: Beat, lastPassedAtEpochMs: EpochMs, now: EpochMs): Finding {
  return {
    findingId: `heartbeat-failed-${lastPassedAtEpochMs}`,
    kind: 'heartbeat-failed',
    summary: `the kill switch was not proven to stop a write: ${beat.reason}`,
    openedAtEpochMs: now,
    detail: { reason: beat.reason, lastPassedAtEpochMs },
  };
}

/** What everybody is told of a beat that failed. */
export function heartbeatWords(beat: Beat, lastPassedAtEpochMs: EpochMs): AnnouncementWords {
  return {
    title: 'The kill switch may not stop anything',
    lines: [
      `The heartbeat of the kill switch failed: ${beat.reason}.`,
      `It last passed ${lastPassedAtEpochMs === 0 ? 'never' : `at ${new Date(lastPassedAtEpochMs).toISOString()}`}.`,
      `Take it that engaging the kill switch stops nothing: stop the change state machine by hand until this is found out. Finding heartbeat-failed-${lastPassedAtEpochMs}.`,
    ],
  };
}
