import { DescribeServicesCommand, ECSClient, ListTaskDefinitionsCommand } from '@aws-sdk/client-ecs';
import type { EcsServiceContext } from '../workload-resources.ts';
import type { ResourceReader } from './resource-reader.ts';

const maxRevisions = 5;

/** A service's count and task definition, and the revisions it could run instead. */
export function ecsServices(ecs = new ECSClient({ maxAttempts: 2 })): ResourceReader<EcsServiceContext> {
  return {
    type: 'ecs:service',
    what: 'ECS service',
    // The old form of the ARN, which names no cluster, cannot be told from a service of another one.
    resource: /^service\/([A-Za-z0-9_-]+)\/([A-Za-z0-9_-]+)$/,
    read: async ([cluster = '', service = ''], { gaps, abortSignal }) => {
      const { services = [] } = await ecs.send(
        new DescribeServicesCommand({ cluster, services: [service] }),
        {
          abortSignal,
        },
      );
      const found = services.find(({ serviceName }) => serviceName === service);
      // A deleted service is described for a while as INACTIVE.
      if (found?.status !== 'ACTIVE' || found.taskDefinition === undefined) return undefined;
      const taskDefinition = nameOf(found.taskDefinition);
      const family = familyOf(taskDefinition);
      const revisions = await gaps.attempt(`revisions of task definition ${family}`, async () => {
        const { taskDefinitionArns = [] } = await ecs.send(
          new ListTaskDefinitionsCommand({
            familyPrefix: family,
            status: 'ACTIVE',
            sort: 'DESC',
            maxResults: maxRevisions,
          }),
          { abortSignal },
        );
        return taskDefinitionArns.map(nameOf).filter((name) => familyOf(name) === family);
      });
      return {
        cluster,
        service,
        desiredCount: found.desiredCount ?? 0,
        runningCount: found.runningCount ?? 0,
        taskDefinition,
        revisions: revisions ?? [],
      };
    },
  };
}

/** `family:revision` of an ARN such as `arn:aws:ecs:…:task-definition/checkout:12`. */
function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function familyOf(name: string): string {
  return name.slice(0, name.lastIndexOf(':'));
}
