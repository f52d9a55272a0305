import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import type { AutoScalingGroupContext } from '../workload-resources.ts';
import type { ResourceReader } from './resource-reader.ts';

/** A group's desired capacity and its limits. */
export function autoScalingGroups(
  autoScaling = new AutoScalingClient({ maxAttempts: 2 }),
): ResourceReader<AutoScalingGroupContext> {
  return {
    type: 'autoscaling:autoScalingGroup',
    what: 'Auto Scaling group',
    resource: /^autoScalingGroup:[^:]+:autoScalingGroupName\/(.+)$/,
    read: async ([groupName = ''], { abortSignal }) => {
      const { AutoScalingGroups = [] } = await autoScaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName] }),
        { abortSignal },
      );
      const { DesiredCapacity, MinSize, MaxSize } =
        AutoScalingGroups.find(({ AutoScalingGroupName }) => AutoScalingGroupName === groupName) ?? {};
      return DesiredCapacity === undefined || MinSize === undefined || MaxSize === undefined
        ? undefined
        : { groupName, desiredCapacity: DesiredCapacity, minSize: MinSize, maxSize: MaxSize };
    },
  };
}
