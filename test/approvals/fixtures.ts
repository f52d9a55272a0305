import type { Approval, Vote } from '../../functions/approvals/approval.ts';
import { byExpiry, newApproval } from '../../functions/approvals/approval.ts';
import type { Dossier, DossierList } from '../../functions/approvals/dossier.ts';
import { rollbackPlanOf } from '../../functions/change/action-definition.ts';
import { resolveAction } from '../../functions/change/catalogue.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';

/** 22 November 2026, 10:00:00 UTC. */
export const now = 1_795_341_600_000;

export const incidentId = 'inc-0123456789abcdef0123';

/** A plan as triage builds it; `parameters` may be hostile. */
export function planOf(
  action = 'lambda.shift-alias',
  parameters: Readonly<Record<string, unknown>> = {
    functionName: 'checkout',
    aliasName: 'live',
    fromVersion: '2',
    toVersion: '1',
  },
  incident = incidentId,
): Plan {
  const resolved = resolveAction(action, parameters);
  return {
    schemaVersion: 1,
    incidentId: incident,
    environment: 'local',
    agentRole: 'responder',
    action,
    parameters,
    ...(resolved.outcome === 'resolved'
      ? {
          target: resolved.definition.target(resolved.parameters),
          effect: resolved.definition.effect(resolved.parameters),
          rollbackPlan: rollbackPlanOf(resolved.definition, resolved.parameters),
        }
      : {}),
    successCriteria: [
      { kind: 'alarm-ok', alarmName: 'checkout-errors' },
      { kind: 'http-probe', url: 'https://checkout.example/health', expectStatus: 200 },
      ...(resolved.outcome === 'resolved' ? resolved.definition.successCriteria(resolved.parameters) : []),
    ],
    evidence: [
      { kind: 'event', id: 'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92' },
      { kind: 'alarm', id: 'checkout-errors' },
    ],
    citations: [],
  };
}

/** Pending, quorum 1, asked for at {@link now}, alive for ten minutes. */
export function pending(overrides: Partial<Approval> = {}, plan: Plan = planOf()): Approval {
  const approval = newApproval({
    approvalId: 'apr-1',
    incidentId: plan.incidentId,
    planDigest: planDigestOf(plan),
    quorum: 1,
    requestedAtEpochMs: now,
    lifeSeconds: 600,
  });
  return { ...approval, ...overrides };
}

export function vote(identityId: string, verdict: Vote['verdict'], atEpochMs = now + 60_000): Vote {
  return {
    identityId,
    displayName: identityId.toUpperCase(),
    verdict,
    ...(verdict === 'reject' ? { reason: 'wrong-timing' as const } : {}),
    via: 'page',
    atEpochMs,
  };
}

/** Everything a page shows about an approval. */
export function dossierOf(approval: Approval, plan: Plan = planOf(), title?: string): Dossier {
  return {
    approval,
    plan,
    decision: {
      outcome: 'require-approval',
      quorum: approval.quorum,
      clause: 'autonomy.matrix',
      reason: `stage guarded, tier medium: needs ${approval.quorum} approval${approval.quorum === 1 ? '' : 's'}`,
      tier: 'medium',
      stage: 'guarded',
      approvalId: approval.approvalId,
      determiningPolicies: ['permit-responder-shift-alias'],
    },
    incident: {
      incidentId: plan.incidentId,
      status: 'open',
      openedAtEpochMs: now - 90_000,
      signal: {
        severity: 'critical',
        priority: 'P0',
        environment: plan.environment,
        title: title ?? 'checkout-errors is in ALARM',
        alarmName: 'checkout-errors',
        resource: { type: 'cloudwatch-alarm', id: 'checkout-errors' },
      },
    },
    triage: {
      model: { runtime: 'self-hosted', modelId: 'qwen3-8b' },
      diagnosis:
        'Errors on checkout began within a minute of version 2 becoming live. Version 1 served the same traffic without errors for three weeks.',
      confidence: 0.86,
      reasons: ['Version 2 began failing when it went live; version 1 is known to be good.'],
      planDigests: [approval.planDigest],
      gaps: ['whether a database migration shipped with version 2'],
    },
  };
}

/** A list that holds everything there is. */
export function wholeList(dossiers: readonly Dossier[]): DossierList {
  return { dossiers, isWhole: true };
}

/** The order of what waits. */
export function byDeadline(one: Dossier, other: Dossier): number {
  return byExpiry(one.approval, other.approval);
}

/** Everything in a list, in its order. */
export async function allOf({ dossiers }: DossierList): Promise<Dossier[]> {
  const found: Dossier[] = [];
  for await (const dossier of dossiers) found.push(dossier);
  return found;
}
