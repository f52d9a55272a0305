import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';
import { serviceArn, servicePermission, servicePlace, serviceTarget } from '../ecs-service.ts';

/** `family:revision`; without a revision it would be whichever is the newest when it is carried out. */
const taskDefinition = z.string().check(z.regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}:[1-9][0-9]{0,8}$/));

const schema = z
  .strictObject({
    ...servicePlace,
    /** Task definition it runs now, `family:revision`; the change is refused if that is no longer so. */
    fromTaskDefinition: taskDefinition,
    /** Task definition it shall run: another revision of the same family. */
    toTaskDefinition: taskDefinition,
  })
  .check(
    z.refine((given) => familyOf(given.fromTaskDefinition) === familyOf(given.toTaskDefinition), {
      path: ['toTaskDefinition'],
      error: 'must be of the same family as fromTaskDefinition',
    }),
  );

export type SetTaskDefinitionParameters = z.output<typeof schema>;

/** Deploys another revision of a service's task definition: the usual way back from a bad release. */
export const setTaskDefinition: ActionDefinition<SetTaskDefinitionParameters> = {
  id: 'ecs.set-task-definition',
  actionClass: 'release',
  summary: 'Deploy another existing revision of the same task definition family to an ECS service.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: () => 'medium',
  target: serviceTarget,
  effect: ({ fromTaskDefinition, toTaskDefinition }) => ({
    before: fromTaskDefinition,
    after: toTaskDefinition,
  }),
  targetArn: serviceArn,
  blastRadius: () => ({ resources: 1, capacityPercent: 100 }),
  reversal: {
    kind: 'restore-snapshot',
    steps: ({ cluster, service, fromTaskDefinition }) => [
      `deploy ${fromTaskDefinition} to ${cluster}/${service} again, as read in the snapshot`,
      'read the service back and compare it with the snapshot; ECS then replaces its tasks',
    ],
  },
  successCriteria: ({ toTaskDefinition }) => [{ kind: 'read-back', expected: toTaskDefinition }],
  runbook: ({ cluster, service, fromTaskDefinition, toTaskDefinition }) => [
    `aws ecs describe-services --cluster ${cluster} --services ${service}`,
    `aws ecs update-service --cluster ${cluster} --service ${service} --task-definition ${toTaskDefinition}`,
    `aws ecs wait services-stable --cluster ${cluster} --services ${service}`,
    `to undo: aws ecs update-service --cluster ${cluster} --service ${service} --task-definition ${fromTaskDefinition}`,
  ],
  permissions: [servicePermission],
  examples: [
    {
      cluster: 'shop',
      service: 'checkout',
      fromTaskDefinition: 'checkout:12',
      toTaskDefinition: 'checkout:11',
    },
  ],
};

function familyOf(taskDefinitionName: string): string {
  return taskDefinitionName.slice(0, taskDefinitionName.lastIndexOf(':'));
}
