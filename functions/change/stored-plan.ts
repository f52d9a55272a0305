import { canonicalJson } from '../platform/canonical-json.ts';
import { type ActionDefinition, rollbackPlanOf, stepsOf } from './action-definition.ts';
import { resolveAction } from './catalogue.ts';
import { type Plan, planDigestOf, type SuccessCriterion } from './plan.ts';

/** A stored plan that is still what was decided on, with its action looked up and its parameters parsed. */
export type PlanCheck =
  | {
      readonly outcome: 'sound';
      readonly plan: Plan;
      readonly definition: ActionDefinition;
      readonly parameters: object;
      /** What the lock is taken on, derived from the parameters that will be sent. */
      readonly targetKey: string;
      /** How many steps it is made in, at least 2; absent when at once. */
      readonly steps?: number;
    }
  | { readonly outcome: 'unsound'; readonly reason: string };

/**
 * Recomputes everything that a plan claims: its digest, its action and parameters, its target, effect and way
 * back, and the least it must be measured by. Nothing in a stored plan is believed because it is stored.
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
  const fault =
    consequencesFault(plan, definition, parameters) ?? criteriaFault(plan, definition, parameters);
  if (fault !== undefined) return unsound(fault);
  const steps = stepsOf(definition, parameters).length;
  const { key: targetKey } = definition.target(parameters);
  return { outcome: 'sound', plan, definition, parameters, targetKey, ...(steps === 0 ? {} : { steps }) };
}

/** What people are shown and what is locked must be what the parameters lead to, to the letter. */
function consequencesFault(plan: Plan, definition: ActionDefinition, parameters: object): string | undefined {
  if (!isSame(plan.target, definition.target(parameters))) {
    return 'the target does not follow from the parameters';
  }
  if (!isSame(plan.effect, definition.effect(parameters))) {
    return 'the effect does not follow from the parameters';
  }
  if (!isSame(plan.rollbackPlan, rollbackPlanOf(definition, parameters))) {
    return 'the rollback plan does not follow from the parameters';
  }
  return undefined;
}

/** A plan may ask for more than its action and its alarm do, never for less. */
function criteriaFault(plan: Plan, definition: ActionDefinition, parameters: object): string | undefined {
  if (!isListOfObjects(plan.successCriteria) || !isListOfObjects(plan.evidence)) {
    return 'the success criteria or the evidence is malformed';
  }
  const stated = new Set(plan.successCriteria.map((criterion) => canonicalJson(criterion)));
  const lacks = (criterion: SuccessCriterion) => !stated.has(canonicalJson(criterion));
  if (definition.successCriteria(parameters).some(lacks)) {
    return "a success criterion of the action's own is missing";
  }
  const alarms = plan.evidence.filter(({ kind }) => kind === 'alarm');
  if (alarms.some(({ id }) => lacks({ kind: 'alarm-ok', alarmName: id }))) {
    return 'the alarm in the evidence is not among the success criteria';
  }
  return undefined;
}

function isSame(stated: unknown, computed: object): boolean {
  return stated !== undefined && canonicalJson(stated) === canonicalJson(computed);
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null);
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
