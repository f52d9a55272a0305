import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Place } from './autonomy-policy.ts';
import { type StageReading, samePlace } from './stage.ts';
import { type EvidenceFacts, evidenceFor, type StageEvidence } from './stage-evidence.ts';

/** How far back evidence reaches, whatever happened to the stage since: a lowering hides nothing before it. */
export const raiseWindowMs = 30 * 86_400_000;

/** Why a place had to give up autonomy the last time. */
export interface LastLowering {
  readonly atEpochMs: EpochMs;
  /** ARN of the person, or what lowered it by itself. */
  readonly by: string;
  readonly reason: string;
  /** Of an automatic one. */
  readonly findingId?: string;
}

/** What more autonomy is asked for on: the whole window, and beside it what happened since the last change. */
export interface RaiseEvidence extends StageEvidence {
  /** Absent when the stage did not change within the window. */
  readonly sinceLastChange?: StageEvidence;
  readonly lastLowering?: LastLowering;
}

/**
 * Counts what speaks for or against more autonomy.
 *
 * @param facts From `raiseWindowMs` before now; incidents from twice as long.
 * @param entries Of the control chains `autonomy` and `policy`, in any order.
 */
export function raiseEvidence(
  reading: StageReading,
  facts: EvidenceFacts,
  entries: readonly LedgerEvent[],
  now: EpochMs,
): RaiseEvidence {
  const afterEpochMs = now - raiseWindowMs;
  const changedAtEpochMs = changeOf(reading, entries);
  const lastLowering = loweringOf(reading, entries);
  return {
    ...evidenceFor(reading, facts, { afterEpochMs, untilEpochMs: now }),
    ...(changedAtEpochMs > afterEpochMs
      ? {
          sinceLastChange: evidenceFor(reading, facts, { afterEpochMs: changedAtEpochMs, untilEpochMs: now }),
        }
      : {}),
    ...(lastLowering === undefined ? {} : { lastLowering }),
  };
}

/** When what is in force came into force; a stage that was never set changes with its declaration. */
function changeOf({ changedAtEpochMs, ...place }: StageReading, entries: readonly LedgerEvent[]): EpochMs {
  if (changedAtEpochMs !== undefined) return changedAtEpochMs;
  return Math.max(0, ...at(place, entries, ['autonomy.declared']).map(({ atEpochMs }) => atEpochMs));
}

/** From the ledger; from the stage itself when it was lowered before the ledger was read. */
function loweringOf(reading: StageReading, entries: readonly LedgerEvent[]): LastLowering | undefined {
  const [last] = at(reading, entries, ['autonomy.lowered', 'autonomy.lowered-automatically']).toSorted(
    (a, b) => b.atEpochMs - a.atEpochMs,
  );
  if (last !== undefined) {
    const { atEpochMs, actor, detail } = last;
    const { reason = 'no reason recorded', findingId } = detail;
    return {
      atEpochMs,
      by: actor.id,
      reason: String(reason),
      ...(findingId === undefined ? {} : { findingId: String(findingId) }),
    };
  }
  const { cause, changedAtEpochMs, changedBy, reason } = reading;
  if (cause === undefined || cause === 'raised') return undefined;
  return {
    atEpochMs: changedAtEpochMs ?? 0,
    by: changedBy ?? 'unknown',
    reason: reason ?? 'no reason recorded',
  };
}

function at(place: Place, entries: readonly LedgerEvent[], types: readonly string[]): LedgerEvent[] {
  return entries.filter(
    ({ type, detail: { environment, agentRole, actionClass } }) =>
      types.includes(type) &&
      samePlace(place, {
        environment: String(environment),
        agentRole: String(agentRole),
        actionClass: String(actionClass),
      }),
  );
}
