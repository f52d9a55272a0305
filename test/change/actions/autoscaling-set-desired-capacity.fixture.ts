import { randomUUID } from 'node:crypto';
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import type { SetDesiredCapacityParameters } from '../../../functions/change/actions/autoscaling-set-desired-capacity/definition.ts';
import type { ActionFixture } from './action-fixture.ts';

/** A tagged group of 2 within 1…6; others set 5. */
export const fixture = {
  actionId: 'autoscaling.set-desired-capacity',
  async create(environment = 'local') {
    const autoScaling = new AutoScalingClient({});
    const groupName = `group-${randomUUID().slice(0, 8)}`;
    const tag = { ResourceId: groupName, ResourceType: 'auto-scaling-group', PropagateAtLaunch: false };
    await autoScaling.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: groupName,
        MinSize: 1,
        MaxSize: 6,
        DesiredCapacity: 2,
        AvailabilityZones: ['us-east-1a'],
        Tags: [
          { ...tag, Key: 'interlock:environment', Value: environment },
          { ...tag, Key: 'interlock:workload', Value: 'test' },
        ],
      }),
    );
    const parameters: SetDesiredCapacityParameters = { groupName, fromCapacity: 2, toCapacity: 4 };
    return {
      parameters,
      unknownParameters: { ...parameters, groupName: `${groupName}-gone` },
      look: async () => {
        const { AutoScalingGroups } = await autoScaling.send(
          new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName] }),
        );
        return AutoScalingGroups?.map(({ DesiredCapacity }) => DesiredCapacity);
      },
      foreignWrite: async () =>
        void (await autoScaling.send(
          new SetDesiredCapacityCommand({ AutoScalingGroupName: groupName, DesiredCapacity: 5 }),
        )),
      destroy: async () =>
        void (await autoScaling.send(
          new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: groupName, ForceDelete: true }),
        )),
    };
  },
} satisfies ActionFixture;
