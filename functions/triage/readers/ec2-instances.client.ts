import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { InstanceContext } from '../workload-resources.ts';
import type { ResourceReader } from './resource-reader.ts';

/** Whether an instance runs. */
export function ec2Instances(ec2 = new EC2Client({ maxAttempts: 2 })): ResourceReader<InstanceContext> {
  return {
    type: 'ec2:instance',
    what: 'instance',
    resource: /^instance\/(i-[0-9a-f]+)$/,
    read: async ([instanceId = ''], { abortSignal }) => {
      const { Reservations = [] } = await ec2.send(
        new DescribeInstancesCommand({ InstanceIds: [instanceId] }),
        { abortSignal },
      );
      const state = Reservations.flatMap(({ Instances = [] }) => Instances).find(
        ({ InstanceId }) => InstanceId === instanceId,
      )?.State?.Name;
      // A terminated instance keeps its tags for about an hour.
      return state === undefined || state === 'terminated' ? undefined : { instanceId, state };
    },
  };
}
