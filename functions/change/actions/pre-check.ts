import * as z from 'zod/mini';
import type { ActionDefinition } from '../action-definition.ts';
import { checkStoredPlan } from '../stored-plan.ts';
import type { ActionAtWork, ActionSurroundings } from './action-surroundings.ts';
import type { PreCheckTask } from './action-task.ts';

/** What one look before the decision showed. `unknown`: it could not be told, which is no objection. */
export interface PreCheck {
  readonly name: 'parameters' | 'target' | 'snapshot' | 'permissions' | 'owner';
  readonly result: 'pass' | 'fail' | 'unknown';
  readonly reason: string;
  /** Of the check `owner`: the CloudFormation stack, where one owns the target. */
  readonly ownerStack?: string;
}

/**
 * Looks whether a plan could be carried out as things stand, for those who decide on it. Reads only; nothing
 * that the change itself checks rests on it.
 */
export async function preCheck<Parameters extends object, State>(
  task: PreCheckTask,
  work: ActionAtWork<Parameters, State>,
) {
  const { rules, around } = work;
  const stored = await around.runtime.plan(task);
  const plan = checkStoredPlan(stored, { ...task, environment: around.environment });
  if (plan.outcome === 'unsound') return checked([found('parameters', 'fail', plan.reason)]);
  if (plan.plan.action !== rules.definition.id) {
    return checked([found('parameters', 'fail', 'the plan is for another action')]);
  }
  const parameters = plan.parameters as Parameters;
  const [ofTarget, permissions, owner] = await Promise.all([
    lookAtTarget(parameters, work),
    tryPermissions(parameters, work),
    lookAtOwner(parameters, rules.definition, around),
  ]);
  return checked([
    found('parameters', 'pass', 'they fit the action, and the plan is what follows from them'),
    ...ofTarget,
    permissions,
    owner,
  ]);
}

async function lookAtTarget<Parameters extends object, State>(
  parameters: Parameters,
  { rules, target }: ActionAtWork<Parameters, State>,
): Promise<PreCheck[]> {
  try {
    const reading = await target.read(parameters);
    if (reading.outcome === 'refused') {
      return [found('target', 'fail', reading.reason), found('snapshot', 'fail', 'there is nothing to keep')];
    }
    const { state } = reading;
    const isReady = rules.isBefore(parameters, state) && !rules.isAfter(parameters, state);
    return [
      isReady
        ? found('target', 'pass', 'it stands where the plan begins')
        : found('target', 'fail', 'it does not stand where the plan begins'),
      z.safeParse(rules.state, state).success
        ? found('snapshot', 'pass', 'what stands there can be kept')
        : found('snapshot', 'fail', 'what stands there cannot be kept'),
    ];
  } catch (error) {
    const reason = `it could not be read: ${nameOf(error)}`;
    return [found('target', 'unknown', reason), found('snapshot', 'unknown', reason)];
  }
}

async function tryPermissions<Parameters extends object, State>(
  parameters: Parameters,
  { target }: ActionAtWork<Parameters, State>,
): Promise<PreCheck> {
  try {
    const answer = await target.dryRun?.(parameters);
    if (answer === undefined) return found('permissions', 'unknown', 'the API has no dry run');
    const results = { allowed: 'pass', denied: 'fail', unknown: 'unknown' } as const;
    return found('permissions', results[answer.outcome], answer.reason);
  } catch (error) {
    return found('permissions', 'unknown', `the dry run failed: ${nameOf(error)}`);
  }
}

async function lookAtOwner<Parameters extends object>(
  parameters: Parameters,
  definition: ActionDefinition<Parameters>,
  { owners, place }: ActionSurroundings,
): Promise<PreCheck> {
  const owner = await owners.ownerOf(definition.targetArn(parameters, place));
  switch (owner.outcome) {
    case 'owned': {
      const { stack } = owner;
      const reason = `CloudFormation stack ${stack} owns it: the change will drift from it`;
      return { ...found('owner', 'pass', reason), ownerStack: stack };
    }
    case 'not-owned':
      return found('owner', 'pass', 'no CloudFormation stack owns it');
    case 'unknown':
      return found('owner', 'unknown', owner.reason);
  }
}

function checked(checks: readonly PreCheck[]) {
  return { outcome: 'checked', checks } as const;
}

function found(name: PreCheck['name'], result: PreCheck['result'], reason: string): PreCheck {
  return { name, result, reason };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'no reason given';
}
