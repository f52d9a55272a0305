import { EcsServiceClient } from '../ecs-service.client.ts';
import type { ServiceState } from '../ecs-service.ts';
import { lookThenWrite } from '../look-then-write.ts';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import type { SetTaskDefinitionParameters } from './definition.ts';
import { besideArn, taskDefinitionTarget } from './task-definition-target.ts';

/**
 * Reads and sets the task definition of one service. ECS knows no condition, but every deployment has an id:
 * one that somebody else began between the look and the write shows in the answer to the write. Theirs is then
 * replaced by ours, which is a failure for a rollback or a person to undo.
 */
export class TaskDefinitionClient implements TargetClient<SetTaskDefinitionParameters, ServiceState> {
  readonly #services: EcsServiceClient;

  constructor(services: EcsServiceClient = new EcsServiceClient()) {
    this.#services = services;
  }

  read(parameters: SetTaskDefinitionParameters): Promise<TargetReading<ServiceState>> {
    return this.#services.read(parameters);
  }

  apply(parameters: SetTaskDefinitionParameters, snapshot: ServiceState): Promise<TargetWrite> {
    const taskDefinition = besideArn(snapshot.taskDefinition, parameters.toTaskDefinition);
    return this.#deploy(parameters, taskDefinition, snapshot);
  }

  restore(
    parameters: SetTaskDefinitionParameters,
    snapshot: ServiceState,
    current: ServiceState,
  ): Promise<TargetWrite> {
    return this.#deploy(parameters, snapshot.taskDefinition, current);
  }

  #deploy(
    parameters: SetTaskDefinitionParameters,
    taskDefinition: string,
    follows: ServiceState,
  ): Promise<TargetWrite> {
    return lookThenWrite({
      service: 'ECS',
      read: () => this.read(parameters),
      isStill: (state) => taskDefinitionTarget.isUntouched(follows, state),
      write: async ({ deploymentIds: known }) => {
        const [, ...others] = await this.#services.update(parameters, { taskDefinition });
        return others.every((id) => known.includes(id))
          ? { outcome: 'written' }
          : { outcome: 'failed', reason: 'somebody else deployed to the service at the same moment' };
      },
    });
  }
}
