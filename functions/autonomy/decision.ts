import type { KillSwitchesReading } from '../platform/kill-switch-scope.ts';
import { limitFault, limitsFor } from '../policy/limits.ts';
import type { PolicyAnswer, PolicyRequest } from '../policy/policy-set.ts';
import { judgeVariant } from '../policy/variants.ts';
import type { Clause, Decision, DecisionInput, DecisionRules } from './decision-input.ts';
import { decideByMatrix } from './matrix-decision.ts';
import type { ResolvedProposal } from './proposed-action.ts';

/**
 * Decides on a plan: kill switches, catalogue, policy boundary, limits, whether the target belongs to the
 * incident's workload and the plan is what it claims, whether the agent tries variants of what was denied, then
 * the autonomy matrix; the first that says no ends it. Raising the tier or lowering the stage never loosens the
 * outcome.
 */
export function decide(input: DecisionInput, rules: DecisionRules): Decision {
  const { action, killSwitch } = input;
  if (killSwitch.reading !== 'released') return denyByKillSwitch(killSwitch);
  if (action.outcome === 'unknown-action') {
    return deny('catalogue.unknown-action', 'the proposed action is not in the action catalogue');
  }
  if (action.outcome === 'invalid-parameters') {
    return deny(
      'catalogue.invalid-parameters',
      `the proposed parameters do not fit the action's schema: ${action.members.join(', ')}`,
    );
  }
  const { tier } = action;
  const boundary = rules.evaluatePolicy(policyRequestOf(input, action), input.exceptions);
  if (boundary.outcome === 'tags-unknown') {
    // What denies it whatever its tags are says more, such as a target that is none of the incident's workload.
    return { ...(refusalBeyondPolicy(input, action, rules) ?? denyUnknownTags(input, boundary)), tier };
  }
  if (boundary.outcome !== 'permitted') return { ...denyByPolicy(boundary), tier };
  const { determiningPolicies } = boundary;
  const refusal = refusalBeyondPolicy(input, action, rules);
  return {
    ...(refusal ?? decideByMatrix(input, action, rules.autonomy)),
    tier,
    ...(refusal === undefined ? { determiningPolicies, ...exceptionsAmong(input, determiningPolicies) } : {}),
  };
}

/** What the policy boundary is asked about an input. */
function policyRequestOf(input: DecisionInput, action: ResolvedProposal): PolicyRequest {
  return {
    agentRole: input.agentRole,
    action: action.id,
    target: action.target,
    targetEnvironment: input.planEnvironment,
    targetTags: input.targetTags.reading === 'read' ? input.targetTags.tags : undefined,
    environment: input.environment,
    tier: action.tier,
    parameters: action.parameters,
    parameterText: action.parameterText,
    blastRadius: action.blastRadius,
    history: input.history,
    nowEpochMs: input.nowEpochMs,
  };
}

/** What stops a change that the policies permit, in order. */
function refusalBeyondPolicy(
  input: DecisionInput,
  action: ResolvedProposal,
  { limits }: DecisionRules,
): Decision | undefined {
  const limit = limitFault(limitsFor(limits, input.environment), action.blastRadius, input.history);
  if (limit !== undefined) return deny(`limits.${limit.kind}`, limit.reason);
  if (input.targetKey !== action.target.key) {
    const reason = 'the target is not one of the resources of the workload that the incident is about';
    return deny('plan.outside-workload', reason);
  }
  if (input.planFault !== undefined) return deny('plan.unsound', input.planFault);
  const { agentRole, planDigest } = input;
  const proposal = { agentRole, planDigest, action: action.id, targetKey: action.target.key };
  const variant = judgeVariant(limits.variants, input.denials, proposal, input.nowEpochMs);
  switch (variant.verdict) {
    case 'clear':
      return undefined;
    case 'cooling-down': {
      const until = new Date(variant.untilEpochMs).toISOString();
      const reason = `a variant of what was denied: ${variant.denials} proposals of this incident were denied; not considered before ${until}`;
      return deny('policy.variant-cooldown', reason);
    }
    case 'cut-off': {
      const reason = `the agent is cut off for this incident: ${variant.denials} of its proposals were denied; a person takes over`;
      return deny('agent.cut-off', reason);
    }
  }
}

/** Named only when the deployed policies alone would not have permitted it. */
function exceptionsAmong(
  { exceptions }: DecisionInput,
  determining: readonly string[],
): Pick<Decision, 'exceptionIds'> {
  const ids = exceptions.map(({ id }) => id).filter((id) => determining.includes(id));
  return ids.length > 0 && ids.length === determining.length ? { exceptionIds: ids } : {};
}

function deny(clause: Clause, reason: string, determiningPolicies: readonly string[] = []): Decision {
  return { outcome: 'deny', quorum: 0, clause, reason, determiningPolicies };
}

function denyByKillSwitch({ reading, scope }: KillSwitchesReading): Decision {
  const which =
    scope === undefined || scope === 'global' ? 'the kill switch' : `the kill switch over ${scope}`;
  return reading === 'unreadable'
    ? deny('kill-switch', `${which} cannot be read, which counts as engaged`)
    : deny('kill-switch', `${which} is engaged: nothing may start until a person switches it off`);
}

function denyUnknownTags(
  { targetTags }: DecisionInput,
  { determiningPolicies }: Extract<PolicyAnswer, { outcome: 'tags-unknown' }>,
): Decision {
  const why = targetTags.reading === 'unreadable' ? ` (${targetTags.reason})` : '';
  const reason = `the tags of the target could not be read${why}, and policies ask for them, which denies`;
  return deny('policy.error', reason, determiningPolicies);
}

function denyByPolicy(answer: Exclude<PolicyAnswer, { outcome: 'permitted' | 'tags-unknown' }>): Decision {
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
