import * as z from 'zod/mini';
import type { ActionDefinition } from './action-definition.ts';
import { startDeployment } from './actions/appconfig-start-deployment/definition.ts';
import { setDesiredCapacity } from './actions/autoscaling-set-desired-capacity/definition.ts';
import { setCapacity } from './actions/dynamodb-set-capacity/definition.ts';
import { rebootInstance } from './actions/ec2-reboot-instance/definition.ts';
import { setDesiredCount } from './actions/ecs-set-desired-count/definition.ts';
import { setTaskDefinition } from './actions/ecs-set-task-definition/definition.ts';
import { setRuleState } from './actions/events-set-rule-state/definition.ts';
import { setReservedConcurrency } from './actions/lambda-set-reserved-concurrency/definition.ts';
import { shiftAlias } from './actions/lambda-shift-alias/definition.ts';
import { redriveDeadLetters } from './actions/sqs-redrive-dead-letters/definition.ts';
import { putParameter } from './actions/ssm-put-parameter/definition.ts';
import { runAutomation } from './actions/ssm-run-automation/definition.ts';
import { redriveExecution } from './actions/states-redrive-execution/definition.ts';

/** Every action an agent may name, in catalogue order. Adding one is a folder and a line here. */
export const catalogue = [
  shiftAlias,
  putParameter,
  setReservedConcurrency,
  setDesiredCount,
  setTaskDefinition,
  setDesiredCapacity,
  startDeployment,
  setCapacity,
  setRuleState,
  redriveDeadLetters,
  rebootInstance,
  runAutomation,
  redriveExecution,
] as unknown as readonly ActionDefinition[];

const byId = new Map(catalogue.map((definition) => [definition.id, definition]));

/** A plan's action and parameters once both are known to be in the catalogue. */
export type ResolvedAction =
  | { readonly outcome: 'resolved'; readonly definition: ActionDefinition; readonly parameters: object }
  | { readonly outcome: 'unknown-action' }
  | { readonly outcome: 'invalid-parameters'; readonly members: readonly string[] };

/** Looks up what an agent wrote. A `Map` is asked, so `constructor` and `__proto__` name nothing. */
export function resolveAction(action: string, parameters: unknown): ResolvedAction {
  const definition = byId.get(action);
  if (definition === undefined) return { outcome: 'unknown-action' };
  const parsed = z.safeParse(definition.parameters, parameters);
  if (parsed.success) return { outcome: 'resolved', definition, parameters: parsed.data };
  return {
    outcome: 'invalid-parameters',
    members: parsed.error.issues.map((issue) => issue.path.join('.') || issue.code),
  };
}
