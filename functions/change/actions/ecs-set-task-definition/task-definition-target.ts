import { type ServiceState, serviceState } from '../ecs-service.ts';
import type { TargetRules } from '../target.ts';
import { type SetTaskDefinitionParameters, setTaskDefinition } from './definition.ts';

/**
 * The service stands at a task definition from the moment it is told to, so that a deployment under way can
 * be recognised as ours and undone. That it is through is what the read-back says: it holds the name of the
 * plan only once the roll-out has completed.
 */
export const taskDefinitionTarget: TargetRules<SetTaskDefinitionParameters, ServiceState> = {
  definition: setTaskDefinition,
  state: serviceState,
  isBefore: ({ fromTaskDefinition }, state) => nameOf(state) === fromTaskDefinition,
  isAfter: ({ toTaskDefinition }, state) => nameOf(state) === toTaskDefinition,
  // Every deployment has an id of its own, also one of the same task definition or back to it.
  isUntouched: (snapshot, current) =>
    snapshot.taskDefinition === current.taskDefinition &&
    snapshot.deploymentIds[0] === current.deploymentIds[0],
  isRestored: (snapshot, current) => snapshot.taskDefinition === current.taskDefinition,
  readBack: (state) =>
    state.rolloutState === 'COMPLETED' ? nameOf(state) : `${nameOf(state)} (${state.rolloutState})`,
};

/** `family:revision` of an ARN such as `arn:aws:ecs:…:task-definition/checkout:12`. */
function nameOf({ taskDefinition }: Pick<ServiceState, 'taskDefinition'>): string {
  return taskDefinition.slice(taskDefinition.lastIndexOf('/') + 1);
}

/** ARN of another revision, beside the one that the service runs: same account, region and family. */
export function besideArn(taskDefinition: string, name: string): string {
  return `${taskDefinition.slice(0, taskDefinition.lastIndexOf('/') + 1)}${name}`;
}
