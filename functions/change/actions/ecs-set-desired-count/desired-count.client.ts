import { EcsServiceClient } from '../ecs-service.client.ts';
import type { ServiceState } from '../ecs-service.ts';
import { lookThenWrite } from '../look-then-write.ts';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import type { SetDesiredCountParameters } from './definition.ts';
import { desiredCountTarget } from './desired-count-target.ts';

/**
 * Reads and sets the desired count of one service. ECS knows no condition: a count that somebody else, or
 * service auto scaling, sets in the moment between the look and the write is lost to ours.
 */
export class DesiredCountClient implements TargetClient<SetDesiredCountParameters, ServiceState> {
  readonly #services: EcsServiceClient;

  constructor(services: EcsServiceClient = new EcsServiceClient()) {
    this.#services = services;
  }

  async read(parameters: SetDesiredCountParameters): Promise<TargetReading<ServiceState>> {
    const reading = await this.#services.read(parameters);
    return reading.outcome === 'found' && reading.state.schedulingStrategy === 'DAEMON'
      ? { outcome: 'refused', reason: 'the service is a daemon: one task per instance, whatever the count' }
      : reading;
  }

  apply(parameters: SetDesiredCountParameters, snapshot: ServiceState): Promise<TargetWrite> {
    return this.#set(parameters, parameters.toCount, (state) =>
      desiredCountTarget.isUntouched(snapshot, state),
    );
  }

  /** Looks at the count alone: ECS is still moving the tasks, which must not keep a rollback from its way. */
  restore(
    parameters: SetDesiredCountParameters,
    snapshot: ServiceState,
    current: ServiceState,
  ): Promise<TargetWrite> {
    return this.#set(
      parameters,
      snapshot.desiredCount,
      ({ desiredCount }) => desiredCount === current.desiredCount,
    );
  }

  #set(
    parameters: SetDesiredCountParameters,
    desiredCount: number,
    isStill: (state: ServiceState) => boolean,
  ): Promise<TargetWrite> {
    return lookThenWrite({
      service: 'ECS',
      read: () => this.read(parameters),
      isStill,
      write: async () => {
        await this.#services.update(parameters, { desiredCount });
        return { outcome: 'written' };
      },
    });
  }
}
