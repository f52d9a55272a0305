import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';
import { changedPercent, tierOfCapacity } from '../capacity.ts';

/** Far above the default quotas of an account; the group's own limits are read and are narrower. */
const maxCapacity = 10_000;

const schema = z.strictObject({
  /** Auto Scaling takes almost any character; only names that are safe in a command line are taken here. */
  groupName: z.string().check(z.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/)),
  /** Desired capacity it has now; the change is refused if that is no longer so. */
  fromCapacity: z.int().check(z.minimum(0), z.maximum(maxCapacity)),
  /** Desired capacity it shall have, within the group's minimum and maximum. 0 is not offered. */
  toCapacity: z.int().check(z.minimum(1), z.maximum(maxCapacity)),
});

export type SetDesiredCapacityParameters = z.output<typeof schema>;

/** Sets how many instances (or capacity units) an Auto Scaling group shall have, never its limits. */
export const setDesiredCapacity: ActionDefinition<SetDesiredCapacityParameters> = {
  id: 'autoscaling.set-desired-capacity',
  actionClass: 'capacity',
  summary: 'Set the desired capacity of an EC2 Auto Scaling group within its minimum and maximum.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: ({ fromCapacity, toCapacity }) => tierOfCapacity(fromCapacity, toCapacity),
  target: ({ groupName }) => ({
    type: 'auto-scaling-group',
    id: groupName,
    key: `auto-scaling-group/${groupName}`,
  }),
  effect: ({ fromCapacity, toCapacity }) => ({
    before: `desired capacity ${fromCapacity}`,
    after: `desired capacity ${toCapacity}`,
  }),
  // Before the name stands an id that the name does not tell: the owner of a group stays unknown.
  targetArn: ({ groupName }, { partition, region, account }) =>
    `arn:${partition}:autoscaling:${region}:${account}:autoScalingGroup:*:autoScalingGroupName/${groupName}`,
  blastRadius: ({ fromCapacity, toCapacity }) => ({
    resources: 1,
    capacityPercent: changedPercent(fromCapacity, toCapacity),
  }),
  reversal: {
    kind: 'restore-snapshot',
    steps: ({ groupName, fromCapacity }) => [
      `set the desired capacity of ${groupName} back to ${fromCapacity}, as read in the snapshot`,
      'read the group back and compare it with the snapshot',
    ],
  },
  successCriteria: ({ toCapacity }) => [{ kind: 'read-back', expected: String(toCapacity) }],
  runbook: ({ groupName, fromCapacity, toCapacity }) => [
    `aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names ${groupName}`,
    `aws autoscaling set-desired-capacity --auto-scaling-group-name ${groupName} --desired-capacity ${toCapacity}`,
    `to undo: aws autoscaling set-desired-capacity --auto-scaling-group-name ${groupName} --desired-capacity ${fromCapacity}`,
  ],
  permissions: [
    {
      actions: ['autoscaling:SetDesiredCapacity'],
      resource: {
        service: 'autoscaling',
        resource: 'autoScalingGroup',
        resourceName: '*:autoScalingGroupName/*',
        separator: ':',
      },
      onlyTagged: true,
      why: 'Targets are not known at deployment; limited to groups tagged for this environment.',
    },
    {
      actions: ['autoscaling:DescribeAutoScalingGroups'],
      resource: '*',
      onlyTagged: false,
      why: 'Auto Scaling has no resource-level permissions and no tag conditions for describing groups.',
    },
  ],
  examples: [
    { groupName: 'checkout-web', fromCapacity: 2, toCapacity: 4 },
    { groupName: 'checkout-web', fromCapacity: 4, toCapacity: 3 },
  ],
};
