import type { Clock, EpochMs } from '../platform/clock.ts';
import { type IncidentClose, needsTelling } from './incident-close.ts';
import { type ExecutionState, type ExecutionStates, endings } from './incident-execution.ts';
import type { StoredIncident } from './intake-items.ts';

/** So long after an incident opened intake itself may still be about to start its execution. */
const startGraceMs = 120_000;
/** So long the sweep tries to start an execution before a person gets the incident: about three tries. */
const startPatienceMs = 900_000;
/** So long after an execution's last step its incident may still look open: the list is eventually consistent. */
const endGraceMs = 60_000;

export type OpenIncidentCare =
  | { readonly care: 'leave' }
  | { readonly care: 'start' }
  | { readonly care: 'close'; readonly reason: string };

/** What an incident that looks open needs, from how its execution stands. */
export function careFor(
  { openedAtEpochMs }: StoredIncident,
  execution: ExecutionState,
  now: EpochMs,
): OpenIncidentCare {
  switch (execution.status) {
    case 'running':
      return { care: 'leave' };
    case 'unknown': {
      const ageMs = now - openedAtEpochMs;
      if (ageMs < startGraceMs) return { care: 'leave' };
      if (ageMs < startPatienceMs) return { care: 'start' };
      return { care: 'close', reason: "the incident's execution could not be started" };
    }
    case 'SUCCEEDED':
      if (now - execution.endedAtEpochMs < endGraceMs) return { care: 'leave' };
      break;
    case 'FAILED':
    case 'TIMED_OUT':
    case 'ABORTED':
      break;
  }
  return { care: 'close', reason: `the incident's execution ${endings[execution.status]}` };
}

/** Whether a closed incident still has to be brought to a person; its own close gets a minute to do it. */
export function isUntold(
  { result = 'needs-person', closedAtEpochMs = 0, personToldAtEpochMs }: StoredIncident,
  now: EpochMs,
): boolean {
  return needsTelling(result) && personToldAtEpochMs === undefined && now - closedAtEpochMs >= endGraceMs;
}

export interface SweepParts {
  readonly incidents: {
    /** Longest open first. */
    open(): Promise<StoredIncident[]>;
    /** Last closed first, as far back as a cooldown that ended within a day can have begun. */
    recentlyClosed(): Promise<StoredIncident[]>;
    start(incident: StoredIncident): Promise<void>;
    /** Tells a person if the problem came back during the cooldown and outlasted it. */
    tellIfUnresolved(incident: StoredIncident): Promise<'told' | 'nothing'>;
  };
  readonly executions: ExecutionStates;
  readonly close: (close: IncidentClose) => Promise<unknown>;
  readonly report: (incidentId: string, outcome: SweepOutcome, error?: unknown) => void;
  readonly clock: Clock;
}

export type SweepOutcome = 'started' | 'closed' | 'person-told' | 'unresolved-told' | 'failed';

/**
 * Finishes what a lost event or a failed call left behind: nobody else would, because every later report of the
 * same problem is suppressed by the window that stayed open. Safe to run at any time, twice at once included.
 *
 * @returns How many incidents could not be looked after; the next sweep tries them again.
 */
export async function sweepIncidents(parts: SweepParts): Promise<{ done: number; failed: number }> {
  const count = { done: 0, failed: 0 };
  const each = async (
    incidents: readonly StoredIncident[],
    act: (incident: StoredIncident) => Promise<SweepOutcome | undefined>,
  ) => {
    for (const incident of incidents) {
      try {
        const outcome = await act(incident);
        if (outcome === undefined) continue;
        count.done += 1;
        parts.report(incident.incidentId, outcome);
      } catch (error) {
        // One incident that cannot be helped now must not keep the others waiting.
        count.failed += 1;
        parts.report(incident.incidentId, 'failed', error);
      }
    }
  };
  await each(await parts.incidents.open(), (incident) => lookAfterOpen(incident, parts));
  const closed = await parts.incidents.recentlyClosed();
  await each(closed, (incident) => tellUntold(incident, parts));
  await each(latestOfEachProblem(closed), async (incident) =>
    (await parts.incidents.tellIfUnresolved(incident)) === 'told' ? 'unresolved-told' : undefined,
  );
  return count;
}

async function lookAfterOpen(incident: StoredIncident, parts: SweepParts): Promise<SweepOutcome | undefined> {
  const { incidentId } = incident;
  const needed = careFor(incident, await parts.executions.state(incidentId), parts.clock());
  switch (needed.care) {
    case 'leave':
      return undefined;
    case 'start':
      await parts.incidents.start(incident);
      return 'started';
    case 'close':
      await parts.close({ incidentId, result: 'needs-person', reason: needed.reason });
      return 'closed';
  }
}

/** Closing what is closed changes nothing but sends the message that is missing. */
async function tellUntold(incident: StoredIncident, parts: SweepParts): Promise<SweepOutcome | undefined> {
  if (!isUntold(incident, parts.clock())) return undefined;
  const { incidentId, result = 'needs-person', resultReason = 'no reason was given' } = incident;
  await parts.close({ incidentId, result, reason: resultReason });
  return 'person-told';
}

/** A window belongs to the last incident of its problem: the others have nothing to look for in it. */
function latestOfEachProblem(newestFirst: readonly StoredIncident[]): StoredIncident[] {
  const seen = new Set<string>();
  return newestFirst.filter(({ signal: { fingerprint } }) => {
    if (seen.has(fingerprint)) return false;
    seen.add(fingerprint);
    return true;
  });
}
