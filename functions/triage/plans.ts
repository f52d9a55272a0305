import { rollbackPlanOf } from '../change/action-definition.ts';
import { type ResolvedAction, resolveAction } from '../change/catalogue.ts';
import { type Plan, planDigestOf, type SuccessCriterion } from '../change/plan.ts';
import type { TriageContext } from './context.ts';
import type { Incident } from './incident.ts';
import { isOfWorkload } from './membership.ts';
import { proposalParameters } from './proposal-parameters.ts';
import type { TriageAnswer } from './triage-answer.ts';

/** The role in whose name triage proposes; `policies/` draws its boundary. */
export const agentRole = 'responder';

/** A plan with its digest, and beside it (not in it) what the model said for it. */
export interface ProposedPlan {
  readonly plan: Plan;
  readonly planDigest: string;
  /** Untrusted prose. */
  readonly reason: string;
  /** Why the plan has a target, or has none and can only be denied. */
  readonly resolution: 'resolved' | 'unknown-action' | 'invalid-parameters' | 'outside-workload';
}

/** What a model's answer amounts to. `gaps` says what was left out of the plans. */
export interface Proposed {
  readonly plans: readonly ProposedPlan[];
  readonly gaps: readonly string[];
}

/**
 * Turns an answer into plans. What is unknown, malformed or outside the incident's workload still becomes a
 * plan, but one without target, which can only be denied: a bad proposal is on record and not lost. Proposals
 * that differ only in their prose are one plan.
 *
 * @param tried Digests of an earlier round: proposed again they are left out, whatever became of them.
 */
export function buildPlans(
  answer: TriageAnswer,
  incident: Incident,
  context: TriageContext,
  tried: ReadonlySet<string> = new Set(),
): Proposed {
  const plans = new Map<string, ProposedPlan>();
  const gaps: string[] = [];
  for (const [index, proposal] of answer.proposals.entries()) {
    const action = printable(proposal.action);
    const taken = proposalParameters(proposal.parameters);
    if (taken.outcome === 'not-representable') {
      gaps.push(`parameters of proposal ${index + 1} were left out: ${taken.reason}`);
    }
    const parameters = taken.outcome === 'representable' ? taken.parameters : {};
    const resolved = resolveAction(action, parameters);
    const resolution = resolutionOf(resolved, context);
    if (resolution === 'outside-workload') {
      gaps.push(`proposal ${index + 1} names a resource that is not known to belong to the workload`);
    }
    const plan: Plan = {
      schemaVersion: 1,
      incidentId: incident.incidentId,
      environment: incident.signal.environment,
      agentRole,
      action,
      parameters,
      ...(resolved.outcome === 'resolved' && resolution === 'resolved' ? consequencesOf(resolved) : {}),
      successCriteria: successCriteria(incident, context, resolved),
      evidence: [
        { kind: 'event', id: incident.signal.eventId },
        ...(incident.signal.alarmName === undefined
          ? []
          : [{ kind: 'alarm' as const, id: incident.signal.alarmName }]),
      ],
      citations: [],
    };
    const planDigest = planDigestOf(plan);
    if (plans.has(planDigest)) continue;
    if (tried.has(planDigest)) {
      gaps.push(`proposal ${index + 1} was left out: the same plan was already tried`);
      continue;
    }
    plans.set(planDigest, { plan, planDigest, reason: proposal.reason.toWellFormed(), resolution });
  }
  return { plans: [...plans.values()], gaps };
}

function resolutionOf(resolved: ResolvedAction, context: TriageContext): ProposedPlan['resolution'] {
  if (resolved.outcome !== 'resolved') return resolved.outcome;
  return isOfWorkload(resolved, context) ? 'resolved' : 'outside-workload';
}

function consequencesOf({ definition, parameters }: Extract<ResolvedAction, { outcome: 'resolved' }>) {
  return {
    target: definition.target(parameters),
    effect: definition.effect(parameters),
    rollbackPlan: rollbackPlanOf(definition, parameters),
  };
}

/** The incident's own alarm and the workload's own probe, then what the action promises; nothing a model chose. */
function successCriteria(
  { signal }: Incident,
  { probeUrls }: TriageContext,
  resolved: ResolvedAction,
): SuccessCriterion[] {
  return [
    ...(signal.alarmName === undefined ? [] : [{ kind: 'alarm-ok' as const, alarmName: signal.alarmName }]),
    ...probeUrls.map((url) => ({ kind: 'http-probe' as const, url, expectStatus: 200 })),
    ...(resolved.outcome === 'resolved' ? resolved.definition.successCriteria(resolved.parameters) : []),
  ];
}

/**
 * At most 100 characters without control or invisible ones. They are replaced, not removed: no name may turn
 * into one of the catalogue's by being cleaned.
 */
function printable(action: string): string {
  return action
    .slice(0, 100)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
