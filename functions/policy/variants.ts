import type { EpochMs } from '../platform/clock.ts';

/** A proposal that was denied: what the next ones of its incident are compared with. */
export interface Denial {
  readonly agentRole: string;
  /** As the agent wrote it. */
  readonly action: string;
  /** Absent when the action or its parameters were not in the catalogue. */
  readonly targetKey?: string | undefined;
  readonly planDigest: string;
  readonly atEpochMs: EpochMs;
}

export type Proposal = Omit<Denial, 'atEpochMs'>;

/** When an agent that tries variants of what was denied has to wait, and when it is heard no more. */
export interface VariantThresholds {
  readonly cooldownAfterDenials: number;
  readonly cooldownSeconds: number;
  readonly cutOffAfterDenials: number;
}

/** How an agent stands after what was denied to it in one incident. */
export type VariantVerdict =
  | { readonly verdict: 'clear' }
  | { readonly verdict: 'cooling-down'; readonly denials: number; readonly untilEpochMs: EpochMs }
  | { readonly verdict: 'cut-off'; readonly denials: number };

/**
 * Judges a proposal by what was denied before it in the same incident. Near variants of a denied proposal wait
 * after the first threshold; after the second one nothing of this agent is heard in this incident any more,
 * whatever it proposes.
 */
export function judgeVariant(
  thresholds: VariantThresholds,
  denials: readonly Denial[],
  proposal: Proposal,
  now: EpochMs,
): VariantVerdict {
  const own = denials.filter(({ agentRole }) => agentRole === proposal.agentRole);
  if (own.length >= thresholds.cutOffAfterDenials) return { verdict: 'cut-off', denials: own.length };
  if (own.length < thresholds.cooldownAfterDenials) return { verdict: 'clear' };
  const near = own.filter((denial) => isNearVariant(denial, proposal));
  if (near.length === 0) return { verdict: 'clear' };
  const latest = Math.max(...near.map(({ atEpochMs }) => atEpochMs));
  const untilEpochMs = latest + thresholds.cooldownSeconds * 1_000;
  // Not `now < until`: an instant that is none must not end a cool-down.
  return now >= untilEpochMs
    ? { verdict: 'clear' }
    : { verdict: 'cooling-down', denials: own.length, untilEpochMs };
}

/** The same thing tried another way: the action on something else, or something else on the target. */
export function isNearVariant(denial: Proposal, proposal: Proposal): boolean {
  if (denial.planDigest === proposal.planDigest) return false;
  if (denial.action === proposal.action) return true;
  return denial.targetKey !== undefined && denial.targetKey === proposal.targetKey;
}
