import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';
import { changedPercent, tierOfCapacity } from '../capacity.ts';
import { serviceArn, servicePermission, servicePlace, serviceTarget } from '../ecs-service.ts';

/** Tasks per service, default quota of ECS. */
const maxTasks = 5_000;

const schema = z.strictObject({
  ...servicePlace,
  /** Desired count it has now; the change is refused if that is no longer so. */
  fromCount: z.int().check(z.minimum(0), z.maximum(maxTasks)),
  /** Desired count it shall have. 0 would stop the service and is not offered. */
  toCount: z.int().check(z.minimum(1), z.maximum(maxTasks)),
});

export type SetDesiredCountParameters = z.output<typeof schema>;

/** Sets how many tasks an ECS service shall run. */
export const setDesiredCount: ActionDefinition<SetDesiredCountParameters> = {
  id: 'ecs.set-desired-count',
  actionClass: 'capacity',
  summary: 'Set the desired count of an ECS service: how many tasks it shall run.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: ({ fromCount, toCount }) => tierOfCapacity(fromCount, toCount),
  target: serviceTarget,
  effect: ({ fromCount, toCount }) => ({
    before: `desired count ${fromCount}`,
    after: `desired count ${toCount}`,
  }),
  targetArn: serviceArn,
  blastRadius: ({ fromCount, toCount }) => ({
    resources: 1,
    capacityPercent: changedPercent(fromCount, toCount),
  }),
  reversal: {
    kind: 'restore-snapshot',
    steps: ({ cluster, service, fromCount }) => [
      `set the desired count of ${cluster}/${service} back to ${fromCount}, as read in the snapshot`,
      'read the service back and compare it with the snapshot',
    ],
  },
  successCriteria: ({ toCount }) => [{ kind: 'read-back', expected: String(toCount) }],
  runbook: ({ cluster, service, fromCount, toCount }) => [
    `aws ecs describe-services --cluster ${cluster} --services ${service}`,
    `aws ecs update-service --cluster ${cluster} --service ${service} --desired-count ${toCount}`,
    `to undo: aws ecs update-service --cluster ${cluster} --service ${service} --desired-count ${fromCount}`,
  ],
  permissions: [servicePermission],
  examples: [
    { cluster: 'shop', service: 'checkout', fromCount: 2, toCount: 4 },
    { cluster: 'shop', service: 'checkout', fromCount: 4, toCount: 3 },
  ],
};
