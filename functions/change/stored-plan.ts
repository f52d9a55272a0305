import type { ActionDefinition } from './action-definition.ts';
import { resolveAction } from './catalogue.ts';
import { type Plan, planDigestOf } from './plan.ts';

/** A stored plan that is still what was decided on, with its action looked up and its parameters parsed. */
export type PlanCheck =
  | {
      readonly outcome: 'sound';
      readonly plan: Plan;
      readonly definition: ActionDefinition;
      readonly parameters: object;
      /** What the lock is taken on, derived from the parameters that will be sent. */
      readonly targetKey: string;
    }
  | { readonly outcome: 'unsound'; readonly reason: string };

/**
 * Recomputes everything that a plan claims: its digest, its action, its parameters and its target. Nothing in
 * a stored plan is believed because it is stored.
 */
export function checkStoredPlan(
  stored: unknown,
  expected: { readonly planDigest: string; readonly incidentId: string; readonly environment: string },
): PlanCheck {
  if (typeof stored !== 'object' || stored === null) return unsound('the plan is not stored');
  const plan = stored as Plan;
  if (digestOrUndefined(plan) !== expected.planDigest) {
    return unsound('the stored plan no longer has the digest that was decided on');
  }
  if (plan.incidentId !== expected.incidentId) return unsound('the plan belongs to another incident');
  if (plan.environment !== expected.environment) return unsound('the plan is for another environment');
  const resolved = resolveAction(plan.action, plan.parameters);
  if (resolved.outcome === 'unknown-action') return unsound('the action is not in the catalogue');
  if (resolved.outcome === 'invalid-parameters') {
    return unsound('the parameters do not fit the schema of the action');
  }
  const { definition, parameters } = resolved;
  const targetKey = definition.target(parameters).key;
  if (plan.target?.key !== targetKey) return unsound('the target does not follow from the parameters');
  return { outcome: 'sound', plan, definition, parameters, targetKey };
}

function digestOrUndefined(plan: Plan): string | undefined {
  try {
    return planDigestOf(plan);
  } catch {
    return undefined;
  }
}

function unsound(reason: string): PlanCheck {
  return { outcome: 'unsound', reason };
}
