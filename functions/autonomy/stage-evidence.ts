import type { ChangeStatus } from '../change/change-status.ts';
import type { EpochMs } from '../platform/clock.ts';
import { changeIdFor } from '../platform/ids.ts';
import { type RiskTier, riskTiers } from '../platform/vocabulary.ts';
import type { Place } from './autonomy-policy.ts';
import { speaksAgainstAgent } from './denial-count.ts';
import { samePlace } from './stage.ts';

/** A decision as far as evidence needs it. */
export interface DecisionFact {
  readonly environment: string;
  readonly agentRole: string;
  /** Absent when the action is not in the catalogue. */
  readonly actionClass?: string | undefined;
  readonly incidentId: string;
  readonly planDigest: string;
  /** Absent when the action is not in the catalogue. */
  readonly tier?: RiskTier | undefined;
  readonly outcome: 'deny' | 'recommend' | 'require-approval' | 'auto';
  readonly clause: string;
  /** This is the denial after which the agent was heard no more in its incident. */
  readonly cutsOff?: boolean | undefined;
  readonly decidedAtEpochMs: EpochMs;
}

/** A change as far as evidence needs it. */
export interface ChangeFact {
  readonly changeId: string;
  readonly status: ChangeStatus;
  /** Absent when it never started. */
  readonly startedAtEpochMs?: EpochMs | undefined;
  /** When it came into its status. */
  readonly updatedAtEpochMs: EpochMs;
}

export interface EvidenceFacts {
  readonly decisions: readonly DecisionFact[];
  readonly changes: readonly ChangeFact[];
  readonly incidents: readonly { readonly environment: string; readonly openedAtEpochMs: EpochMs }[];
}

/** From (excluded) to (included): what happened at one instant falls into one window. */
export interface Window {
  readonly afterEpochMs: EpochMs;
  readonly untilEpochMs: EpochMs;
}

/** What became of the changes of one tier. */
export interface TierCounts {
  readonly decided: number;
  readonly started: number;
  readonly kept: number;
  readonly rolledBack: number;
  readonly rollbackFailed: number;
}

/** What speaks for or against more autonomy at a place. A rate without anything to count is absent. */
export interface StageEvidence extends Window {
  readonly byTier: Readonly<Partial<Record<RiskTier | 'unknown', TierCounts>>>;
  /** Changes that took effect and ended. */
  readonly ended: number;
  readonly kept: number;
  readonly rolledBack: number;
  readonly rollbackFailed: number;
  readonly successPercent?: number;
  readonly rollbackPercent?: number;
  /** Proposals denied for what they were: by policy, blast radius, catalogue, or a plan that is not what it claims. */
  readonly denials: number;
  /** Incidents in which the agent was cut off because too many of its proposals were denied. */
  readonly cutOffs: number;
  /** Incidents opened in the environment: in the window, and in the same length of time before it. */
  readonly incidents: number;
  readonly incidentsBefore: number;
  readonly incidentsPerDay: number;
  readonly incidentsPerDayBefore: number;
}

type Where = Pick<DecisionFact, 'environment' | 'agentRole' | 'actionClass'>;

const dayMs = 86_400_000;

/** Counts what happened at a place within a window. */
export function evidenceFor(place: Place, facts: EvidenceFacts, window: Window): StageEvidence {
  const { afterEpochMs, untilEpochMs } = window;
  const lengthMs = untilEpochMs - afterEpochMs;
  const here = facts.decisions.filter((decision) => isAt(decision, place));
  const tierOf = new Map(
    here.map(({ incidentId, planDigest, tier = 'unknown' }) => [changeIdFor(incidentId, planDigest), tier]),
  );
  const changes = facts.changes.filter(
    ({ changeId, startedAtEpochMs, updatedAtEpochMs }) =>
      tierOf.has(changeId) && startedAtEpochMs !== undefined && isWithin(updatedAtEpochMs, window),
  );
  const against = facts.decisions.filter((one) => one.outcome === 'deny' && isAtOrAnyClass(one, place));
  const decided = here.filter(({ decidedAtEpochMs }) => isWithin(decidedAtEpochMs, window));
  const byTier = Object.fromEntries(
    ([...riskTiers, 'unknown'] as const)
      .map((tier) => {
        const ofTier = changes.filter(({ changeId }) => tierOf.get(changeId) === tier);
        const counts: TierCounts = {
          decided: decided.filter((decision) => (decision.tier ?? 'unknown') === tier).length,
          started: ofTier.length,
          ...endsOf(ofTier),
        };
        return [tier, counts] as const;
      })
      .filter(([, { decided: proposals, started }]) => proposals + started > 0),
  );
  const ends = endsOf(changes);
  const ended = ends.kept + ends.rolledBack + ends.rollbackFailed;
  const incidentsIn = (span: Window) =>
    facts.incidents.filter(
      ({ environment, openedAtEpochMs }) =>
        environment === place.environment && isWithin(openedAtEpochMs, span),
    ).length;
  const incidents = incidentsIn(window);
  const before = { afterEpochMs: afterEpochMs - lengthMs, untilEpochMs: afterEpochMs };
  const incidentsBefore = incidentsIn(before);
  return {
    afterEpochMs,
    untilEpochMs,
    byTier,
    ended,
    ...ends,
    ...(ended === 0
      ? {}
      : {
          successPercent: percent(ends.kept, ended),
          rollbackPercent: percent(ends.rolledBack + ends.rollbackFailed, ended),
        }),
    denials: against.filter(
      ({ clause, decidedAtEpochMs }) => speaksAgainstAgent(clause) && isWithin(decidedAtEpochMs, window),
    ).length,
    cutOffs: [...cutOffsIn(against).values()].filter((at) => isWithin(at, window)).length,
    incidents,
    incidentsBefore,
    incidentsPerDay: perDay(incidents, lengthMs),
    incidentsPerDayBefore: perDay(incidentsBefore, lengthMs),
  };
}

function isAt({ environment, agentRole, actionClass }: Where, place: Place): boolean {
  return actionClass !== undefined && samePlace({ environment, agentRole, actionClass }, place);
}

/** What names no known action speaks against the agent whatever it does. */
function isAtOrAnyClass({ actionClass = '', ...where }: Where, place: Place): boolean {
  return isAt({ ...where, actionClass: actionClass === '' ? place.actionClass : actionClass }, place);
}

/**
 * Since when the agent is cut off, by incident: what it proposes afterwards is denied too, and is the same cut-off.
 * Where the denial that did it is not among the facts, the first one by it counts.
 */
function cutOffsIn(denials: readonly DecisionFact[]): ReadonlyMap<string, EpochMs> {
  const since = new Map<string, EpochMs>();
  for (const { incidentId, clause, cutsOff, decidedAtEpochMs } of denials) {
    if (clause !== 'agent.cut-off' && cutsOff !== true) continue;
    since.set(incidentId, Math.min(since.get(incidentId) ?? decidedAtEpochMs, decidedAtEpochMs));
  }
  return since;
}

function endsOf(changes: readonly ChangeFact[]) {
  const of = (status: ChangeStatus) => changes.filter((change) => change.status === status).length;
  return { kept: of('kept'), rolledBack: of('rolled-back'), rollbackFailed: of('rollback-failed') };
}

function isWithin(at: EpochMs, { afterEpochMs, untilEpochMs }: Window): boolean {
  return at > afterEpochMs && at <= untilEpochMs;
}

/** Of a whole, in percent with one decimal. */
function percent(part: number, whole: number): number {
  return Math.round((part / whole) * 1_000) / 10;
}

function perDay(count: number, lengthMs: number): number {
  return lengthMs <= 0 ? 0 : Math.round((count * dayMs * 100) / lengthMs) / 100;
}
