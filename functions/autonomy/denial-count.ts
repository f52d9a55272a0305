import type { Denial } from '../policy/variants.ts';
import type { Clause, Decision, DecisionInput } from './decision-input.ts';

/** Denials that say something about the proposal. A kill switch, a full day or an error says nothing about it. */
const counted: ReadonlySet<Clause> = new Set([
  'catalogue.unknown-action',
  'catalogue.invalid-parameters',
  'policy.forbid',
  'policy.no-permit',
  'limits.blast-radius',
  'plan.outside-workload',
  'plan.unsound',
  'policy.variant-cooldown',
]);

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
  if (decision.outcome !== 'deny' || !counted.has(decision.clause)) return undefined;
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
