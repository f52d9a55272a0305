import type { ResolvedAction } from '../change/catalogue.ts';
import type { AutonomyStage, RiskTier } from '../platform/vocabulary.ts';
import type { PolicyAnswer, PolicyRequest } from '../policy/policy-set.ts';
import { type AutonomyPolicy, controlFor, stageFor } from './autonomy-policy.ts';

/** Whether the kill switch lets anything start. An unreadable or missing switch is `engaged`. */
export type KillSwitchState = 'engaged' | 'released';

/** Which rule decided. Every denial names one. */
export type Clause =
  | 'kill-switch'
  | 'catalogue.unknown-action'
  | 'catalogue.invalid-parameters'
  | 'policy.forbid'
  | 'policy.no-permit'
  | 'policy.error'
  | 'plan.outside-workload'
  | 'plan.unsound'
  | 'autonomy.matrix'
  | 'autonomy.low-confidence';

/** What may happen with one plan, and why. */
export interface Decision {
  readonly outcome: 'deny' | 'recommend' | 'require-approval' | 'auto';
  /** Distinct people who must approve; 0 unless the outcome is `require-approval`. */
  readonly quorum: number;
  readonly clause: Clause;
  /** For an operator: what decided, in words. */
  readonly reason: string;
  readonly determiningPolicies: readonly string[];
  readonly tier?: RiskTier;
  readonly stage?: AutonomyStage;
}

/** Everything a decision depends on; nothing else may. */
export interface DecisionInput {
  readonly killSwitch: KillSwitchState;
  /** Where this Interlock acts. */
  readonly environment: string;
  /** Key of the target that triage found among the incident's own workload; undefined when it did not. */
  readonly targetKey: string | undefined;
  /** Where the plan's target lives. */
  readonly planEnvironment: string;
  readonly agentRole: string;
  readonly action: ResolvedAction;
  /** What is wrong with what the plan claims about itself; undefined when all of it follows from its parameters. */
  readonly planFault: string | undefined;
  /** The model's confidence in the answer the plan came from, 0…1. */
  readonly confidence: number;
  /** Routing wanted a stronger model and got none, or the confidence was stated for another plan of the answer. */
  readonly lowConfidence: boolean;
  readonly autonomy: AutonomyPolicy;
  readonly evaluatePolicy: (request: PolicyRequest) => PolicyAnswer;
}

/**
 * Decides on a plan: kill switch, then catalogue, then policy boundary, then whether the target belongs to the
 * incident's workload and the plan is what it claims, then autonomy matrix; the first that says no ends it. Raising the tier or lowering the
 * stage never loosens the outcome.
 */
export function decide(input: DecisionInput): Decision {
  if (input.killSwitch === 'engaged') {
    return deny(
      'kill-switch',
      'the kill switch is engaged: nothing may start until a person switches it off',
    );
  }
  const { action } = input;
  if (action.outcome === 'unknown-action') {
    return deny('catalogue.unknown-action', 'the proposed action is not in the action catalogue');
  }
  if (action.outcome === 'invalid-parameters') {
    return deny(
      'catalogue.invalid-parameters',
      `the proposed parameters do not fit the action's schema: ${action.members.join(', ')}`,
    );
  }
  const { definition, parameters } = action;
  const tier = definition.tier(parameters);
  const target = definition.target(parameters);
  const { environment, agentRole } = input;
  const boundary = input.evaluatePolicy({
    agentRole,
    action: definition.id,
    target,
    targetEnvironment: input.planEnvironment,
    environment,
    tier,
  });
  if (boundary.outcome !== 'permitted') return { ...denyByPolicy(boundary), tier };
  if (input.targetKey !== target.key) {
    const reason = 'the target is not one of the resources of the workload that the incident is about';
    return { ...deny('plan.outside-workload', reason), tier };
  }
  if (input.planFault !== undefined) return { ...deny('plan.unsound', input.planFault), tier };
  const stage = stageFor(input.autonomy, { environment, agentRole, actionClass: definition.actionClass });
  const control = controlFor(input.autonomy, stage, tier);
  const decided = {
    clause: 'autonomy.matrix',
    tier,
    stage,
    determiningPolicies: boundary.determiningPolicies,
  } as const;
  const where = `stage ${stage}, tier ${tier}`;
  switch (control) {
    case 'recommend':
      return {
        ...decided,
        outcome: 'recommend',
        quorum: 0,
        reason: `${where}: recommended to people, not carried out`,
      };
    case 'approval-1':
    case 'approval-2': {
      const quorum = control === 'approval-1' ? 1 : 2;
      return {
        ...decided,
        outcome: 'require-approval',
        quorum,
        reason: `${where}: needs ${quorum} approval${quorum === 1 ? '' : 's'}`,
      };
    }
    case 'auto': {
      if (!input.lowConfidence && input.confidence >= input.autonomy.minimumConfidenceForAuto) {
        return { ...decided, outcome: 'auto', quorum: 0, reason: `${where}: carried out automatically` };
      }
      const limit = input.autonomy.minimumConfidenceForAuto;
      return {
        ...decided,
        clause: 'autonomy.low-confidence',
        outcome: 'require-approval',
        quorum: 1,
        reason: `${where}, but the model's confidence ${input.confidence} ${input.lowConfidence ? 'cannot be relied on' : `is below ${limit}`}: needs 1 approval`,
      };
    }
  }
}

function deny(clause: Clause, reason: string, determiningPolicies: readonly string[] = []): Decision {
  return { outcome: 'deny', quorum: 0, clause, reason, determiningPolicies };
}

function denyByPolicy(answer: Exclude<PolicyAnswer, { outcome: 'permitted' }>): Decision {
  switch (answer.outcome) {
    case 'forbidden':
      return deny('policy.forbid', answer.reason, answer.determiningPolicies);
    case 'no-permit':
      return deny('policy.no-permit', 'no policy permits this action on this target for this role');
    case 'policy-error':
      return deny(
        'policy.error',
        'a policy could not be evaluated, which denies',
        answer.determiningPolicies,
      );
  }
}
