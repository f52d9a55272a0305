import { runAutomation } from '../change/actions/ssm-run-automation/definition.ts';
import { type RunbookPolicy, runbookFault } from '../change/actions/ssm-run-automation/runbook-policy.ts';
import type { KillSwitchesReading } from '../platform/kill-switch-scope.ts';
import { limitFault, limitsFor } from '../policy/limits.ts';
import type { PolicyAnswer } from '../policy/policy-set.ts';
import { judgeVariant } from '../policy/variants.ts';
import type { Clause, Decision, DecisionInput, DecisionRules } from './decision-input.ts';
import { decideByMatrix } from './matrix-decision.ts';
import { askPolicies, dependsOnTime, shortestWindowMs } from './permitted-until.ts';
import type { ResolvedProposal } from './proposed-action.ts';

/**
 * Decides on a plan: kill switches, catalogue, policy boundary, now and in a minute, limits, whether the target
 * belongs to the incident's workload and the plan is what it claims, whether the agent tries variants of what was
 * denied, then the autonomy matrix; the first that says no ends it. Raising the tier or lowering the stage never
 * loosens the outcome.
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
  const boundary = askPolicies(input, action, rules);
  if (boundary.outcome === 'tags-unknown') {
    // What denies it whatever its tags are says more, such as a target that is none of the incident's workload.
    return { ...(refusalBeyondPolicy(input, action, rules) ?? denyUnknownTags(input, boundary)), tier };
  }
  if (boundary.outcome === 'forbidden' && boundary.isClosedNow === true) {
    // A freeze hides nothing that is wrong with the plan on any other day.
    return { ...(refusalBeyondPolicy(input, action, rules) ?? denyByPolicy(boundary)), tier };
  }
  if (boundary.outcome !== 'permitted') return { ...denyByPolicy(boundary), tier };
  const refusal = refusalBeyondPolicy(input, action, rules) ?? refusalWithinAMinute(input, action, rules);
  if (refusal !== undefined) return { ...refusal, tier };
  const { determiningPolicies } = boundary;
  return {
    ...decideByMatrix(input, action, rules.autonomy),
    tier,
    determiningPolicies,
    ...exceptionsAmong(input, determiningPolicies),
  };
}

/** Denies what the policies forbid before anybody could answer: people would be asked for what cannot start. */
function refusalWithinAMinute(
  input: DecisionInput,
  action: ResolvedProposal,
  rules: DecisionRules,
): Decision | undefined {
  if (!dependsOnTime(input, rules)) return undefined;
  const soon = askPolicies(input, action, rules, input.nowEpochMs + shortestWindowMs);
  if (soon.outcome === 'permitted') return undefined;
  const denied = soon.outcome === 'tags-unknown' ? denyUnknownTags(input, soon) : denyByPolicy(soon);
  return {
    ...denied,
    // It is permitted at this instant: only the time stands against it.
    clause: denied.clause === 'policy.error' ? denied.clause : 'policy.closed-now',
    reason: `permitted for less than a minute more; then: ${denied.reason}`,
  };
}

/** What stops a change that the policies permit, in order. */
function refusalBeyondPolicy(
  input: DecisionInput,
  action: ResolvedProposal,
  { limits, runbooks }: DecisionRules,
): Decision | undefined {
  const limit = limitFault(limitsFor(limits, input.environment), action.blastRadius, input.history);
  if (limit !== undefined) return deny(`limits.${limit.kind}`, limit.reason);
  if (input.targetKey !== action.target.key) {
    const reason = 'the target is not one of the resources of the workload that the incident is about';
    return deny('plan.outside-workload', reason);
  }
  const fault = input.planFault ?? runbookFaultOf(input, runbooks);
  if (fault !== undefined) return deny('plan.unsound', fault);
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

/** What a runbook does and what takes it back operators wrote: a model's word for it would lower the tier. */
function runbookFaultOf({ runbook }: DecisionInput, runbooks: RunbookPolicy): string | undefined {
  return runbook === undefined ? undefined : runbookFault(runbooks, runAutomation.id, runbook);
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
      return deny(
        answer.isClosedNow === true ? 'policy.closed-now' : 'policy.forbid',
        answer.reason,
        answer.determiningPolicies,
      );
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
