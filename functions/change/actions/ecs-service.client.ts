import {
  ClusterNotFoundException,
  DescribeServicesCommand,
  ECSClient,
  type Service,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import type { ServicePlace, ServiceState } from './ecs-service.ts';
import type { TargetReading } from './target.ts';
import { unavailableIfTransient } from './transient-error.ts';

/** What of a service an update sets; the rest stays as it is. */
export type ServiceChange = { readonly desiredCount: number } | { readonly taskDefinition: string };

/** Reads and updates one ECS service that has rolling deployments. An update is sent once. */
export class EcsServiceClient {
  readonly #reader: ECSClient;
  readonly #writer: ECSClient;

  constructor(reader: ECSClient = new ECSClient({}), writer: ECSClient = new ECSClient({ maxAttempts: 1 })) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read({ cluster, service }: ServicePlace): Promise<TargetReading<ServiceState>> {
    try {
      const { services = [] } = await this.#reader.send(
        new DescribeServicesCommand({ cluster, services: [service] }),
      );
      const found = services.find(({ serviceName }) => serviceName === service);
      // A deleted service is described for a while as INACTIVE.
      if (found?.status !== 'ACTIVE') return { outcome: 'refused', reason: 'the service does not exist' };
      return stateOf(found);
    } catch (error) {
      if (!(error instanceof ClusterNotFoundException)) throw unavailableIfTransient(error, 'ECS');
      return { outcome: 'refused', reason: 'the cluster does not exist' };
    }
  }

  /** @returns Ids of the deployments that the service had right after the update, its own first. */
  async update({ cluster, service }: ServicePlace, change: ServiceChange): Promise<readonly string[]> {
    const { service: updated } = await this.#writer.send(
      new UpdateServiceCommand({ cluster, service, ...change }),
    );
    return deploymentsOf(updated).map(({ id }) => id);
  }
}

function stateOf(service: Service): TargetReading<ServiceState> {
  const { desiredCount, taskDefinition, schedulingStrategy = 'REPLICA', deploymentController } = service;
  if ((deploymentController?.type ?? 'ECS') !== 'ECS') {
    return refused('the deployments of the service are not made by ECS');
  }
  const [primary, ...others] = deploymentsOf(service);
  if (desiredCount === undefined || taskDefinition === undefined || primary?.updatedAt === undefined) {
    return refused('the service was read without count, task definition or primary deployment');
  }
  // Left out for services behind a Classic Load Balancer, so that nobody could tell when a change is through.
  if (primary.rolloutState === undefined) {
    return refused('ECS does not say how the deployments of the service go');
  }
  return {
    outcome: 'found',
    state: {
      taskDefinition,
      desiredCount,
      schedulingStrategy,
      deploymentIds: [primary.id, ...others.map(({ id }) => id)],
      deploymentUpdatedAtEpochMs: primary.updatedAt.getTime(),
      rolloutState: primary.rolloutState,
    },
  };
}

/** The primary deployment first; none when there is no primary one. */
function deploymentsOf(service: Service | undefined) {
  const named = (service?.deployments ?? []).flatMap((deployment) =>
    deployment.id === undefined ? [] : [{ ...deployment, id: deployment.id }],
  );
  const primary = named.find(({ status }) => status === 'PRIMARY');
  return primary === undefined ? [] : [primary, ...named.filter(({ id }) => id !== primary.id)];
}

function refused(reason: string): TargetReading<ServiceState> {
  return { outcome: 'refused', reason };
}
