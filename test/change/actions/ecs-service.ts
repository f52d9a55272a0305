import { randomUUID } from 'node:crypto';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DeleteServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';

/** A tagged service of two tasks at the second of three revisions, on a cluster of its own. */
export async function createService(environment = 'local') {
  const ecs = new ECSClient({});
  const suffix = randomUUID().slice(0, 8);
  const [cluster, service, family] = [`cluster-${suffix}`, `service-${suffix}`, `family-${suffix}`];
  const tags = [
    { key: 'interlock:environment', value: environment },
    { key: 'interlock:workload', value: 'test' },
  ];
  await ecs.send(new CreateClusterCommand({ clusterName: cluster, tags }));
  for (const image of ['one', 'two', 'three']) {
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family,
        containerDefinitions: [{ name: 'web', image, memory: 64 }],
        tags,
      }),
    );
  }
  await ecs.send(
    new CreateServiceCommand({
      cluster,
      serviceName: service,
      taskDefinition: `${family}:2`,
      desiredCount: 2,
      tags,
    }),
  );
  return {
    cluster,
    service,
    family,
    look: async () => {
      const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
      return services?.map(({ desiredCount, taskDefinition }) => ({ desiredCount, taskDefinition }));
    },
    update: async (
      change: { desiredCount: number } | { taskDefinition: string } | { forceNewDeployment: true },
    ) => void (await ecs.send(new UpdateServiceCommand({ cluster, service, ...change }))),
    destroy: async () => void (await ecs.send(new DeleteServiceCommand({ cluster, service, force: true }))),
  };
}
