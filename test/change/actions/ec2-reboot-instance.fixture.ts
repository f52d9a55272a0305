import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { ActionFixture } from './action-fixture.ts';

export const fixture: ActionFixture = {
  actionId: 'ec2.reboot-instance',
  create: async (environment = 'local') => {
    const ec2 = new EC2Client({});
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-12345678',
        MinCount: 1,
        MaxCount: 1,
        TagSpecifications: [
          {
            ResourceType: 'instance',
            Tags: [
              { Key: 'interlock:environment', Value: environment },
              { Key: 'interlock:workload', Value: 'test' },
            ],
          },
        ],
      }),
    );
    const instanceId = Instances?.[0]?.InstanceId ?? '';
    return {
      parameters: { instanceId },
      unknownParameters: { instanceId: 'i-0123456789abcdef0' },
      foreignWrite: async () => {
        await ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
      },
      look: async () => {
        const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
        return Reservations?.[0]?.Instances?.[0]?.State?.Name;
      },
      destroy: async () => {
        await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
      },
    };
  },
};
