import { type BlastRadius, reversalOf } from '../change/action-definition.ts';
import type { ResolvedAction } from '../change/catalogue.ts';
import type { Target } from '../change/plan.ts';
import type { RiskTier } from '../platform/vocabulary.ts';
import { parameterTextOf, policyParametersOf } from '../policy/policy-schema.ts';
import type { PolicyParameters } from '../policy/policy-set.ts';

/** What an agent proposes, as plain facts: with them a decision can be made again without the catalogue. */
export type ProposedAction =
  | {
      readonly outcome: 'resolved';
      readonly id: string;
      readonly actionClass: string;
      readonly tier: RiskTier;
      readonly target: Target;
      /** Those that policies see. */
      readonly parameters: PolicyParameters;
      readonly parameterText: string;
      /** Whole numbers; one that the action could not say counts as more than any limit. */
      readonly blastRadius: BlastRadius;
      /** Why there is no way back; absent when there is a tested one. */
      readonly irreversible?: string;
    }
  | { readonly outcome: 'unknown-action'; readonly id: string }
  | { readonly outcome: 'invalid-parameters'; readonly id: string; readonly members: readonly string[] };

/** A proposal whose action and parameters are in the catalogue. */
export type ResolvedProposal = Extract<ProposedAction, { outcome: 'resolved' }>;

/** Longer names are cut: they name nothing, and what an agent writes must not fill an item. */
const longestActionName = 100;

/** @param written The action as the agent wrote it. */
export function describeAction(written: string, action: ResolvedAction): ProposedAction {
  const id = written.toWellFormed().slice(0, longestActionName).toWellFormed();
  if (action.outcome === 'unknown-action') return { outcome: 'unknown-action', id };
  if (action.outcome === 'invalid-parameters') {
    const members = action.members.slice(0, 20).map((member) => member.toWellFormed().slice(0, 100));
    return { outcome: 'invalid-parameters', id, members };
  }
  const { definition, parameters } = action;
  const { resources, capacityPercent } = definition.blastRadius(parameters);
  const reversal = reversalOf(definition, parameters);
  return {
    outcome: 'resolved',
    id: definition.id,
    actionClass: definition.actionClass,
    tier: definition.tier(parameters),
    target: definition.target(parameters),
    parameters: policyParametersOf(definition.parametersJsonSchema, parameters),
    parameterText: parameterTextOf(parameters),
    blastRadius: { resources: wholeNumber(resources), capacityPercent: wholeNumber(capacityPercent) },
    ...(reversal.kind === 'irreversible' ? { irreversible: reversal.reason } : {}),
  };
}

function wholeNumber(value: number): number {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.ceil(value) : Number.MAX_SAFE_INTEGER;
}
