import { changeResults } from '../change/change-status.ts';

/** How often triage may look at an incident: once, and once more after somebody else changed a target. */
export type Round = 1 | 2;

/** A plan of an earlier round and what came of it. */
export interface EarlierPlan {
  readonly planDigest: string;
  readonly action?: string;
  readonly parameters?: unknown;
  /** Closed words such as `require-approval`; absent when it was never decided. */
  readonly decided?: string;
  /** How its change ended; absent when none was begun. */
  readonly ended?: string;
  readonly reason?: string;
}

/** What an earlier round proposed, in order. */
export interface EarlierRound {
  readonly plans: readonly EarlierPlan[];
}

type Stored = Readonly<Record<string, unknown>> | undefined;

/** Puts together what three records say about one plan; what is missing or malformed is left out. */
export function earlierPlan(
  planDigest: string,
  stored: { readonly plan: unknown; readonly decision: Stored; readonly change: Stored },
): EarlierPlan {
  const plan = stored.plan as { action?: unknown; parameters?: unknown } | undefined;
  const decided = text(stored.decision?.['outcome']);
  const status = text(stored.change?.['status']);
  const reason = text(stored.change?.['statusReason']) ?? text(stored.decision?.['reason']);
  const action = text(plan?.action);
  return {
    planDigest,
    ...(action === undefined ? {} : { action, parameters: plan?.parameters }),
    ...(decided === undefined ? {} : { decided }),
    ...(changeResults.some((result) => result === status) ? { ended: String(status) } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** What a model is shown of an earlier round: no digest, bounded. It goes into a fence like all that is read. */
export function earlierFacts({ plans }: EarlierRound): unknown {
  return plans.map(({ action = 'unknown', parameters = {}, decided, ended, reason }) => ({
    action: action.slice(0, 100),
    parameters: JSON.stringify(parameters).length > 2_000 ? 'too long to be shown' : parameters,
    decided: decided ?? 'not decided',
    ended: ended ?? 'not begun',
    ...(reason === undefined ? {} : { reason: reason.slice(0, 300) }),
  }));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
