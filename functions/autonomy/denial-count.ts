import type { Denial } from '../policy/variants.ts';
import type { Clause, Decision, DecisionInput } from './decision-input.ts';

/**
 * Denials that speak against the agent. A kill switch, a change freeze, a full day or an error says nothing about
 * what it proposed.
 */
const speaking: ReadonlySet<string> = new Set<Clause>([
  'catalogue.unknown-action',
  'catalogue.invalid-parameters',
  'policy.forbid',
  'policy.no-permit',
  'limits.blast-radius',
  'plan.outside-workload',
  'plan.unsound',
  'policy.variant-cooldown',
]);

/** Whether a denial by this clause speaks against the agent that proposed. */
export function speaksAgainstAgent(clause: string): boolean {
  return speaking.has(clause);
}

/** What a decision adds to the denials of its incident; undefined when it adds nothing. */
export interface CountedDenial {
  readonly denials: readonly Denial[];
  /** This is the denial after which the agent is heard no more. */
  readonly cutsOff: boolean;
}

/** @param cutOffAfterDenials From there on nothing more is counted: everything is denied anyway. */
export function countDenial(
  input: DecisionInput,
  decision: Decision,
  cutOffAfterDenials: number,
): CountedDenial | undefined {
  if (decision.outcome !== 'deny' || !speaksAgainstAgent(decision.clause)) return undefined;
  const { agentRole, action, planDigest, nowEpochMs } = input;
  const before = input.denials.filter((denial) => denial.agentRole === agentRole).length;
  if (before >= cutOffAfterDenials) return undefined;
  const denial: Denial = {
    agentRole,
    action: action.id,
    ...(action.outcome === 'resolved' ? { targetKey: action.target.key } : {}),
    planDigest,
    atEpochMs: nowEpochMs,
  };
  return { denials: [...input.denials, denial], cutsOff: before + 1 === cutOffAfterDenials };
}
