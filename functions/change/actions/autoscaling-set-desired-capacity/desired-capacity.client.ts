import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { lookThenWrite } from '../look-then-write.ts';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import type { SetDesiredCapacityParameters } from './definition.ts';
import { desiredCapacityTarget, type GroupState, limitFault } from './desired-capacity-target.ts';

/**
 * Reads a group and sets its desired capacity. Auto Scaling knows neither a condition nor a revision: what
 * somebody else, or a scaling policy, writes in the moment between the look and the write is lost to ours.
 */
export class DesiredCapacityClient implements TargetClient<SetDesiredCapacityParameters, GroupState> {
  readonly #reader: AutoScalingClient;
  readonly #writer: AutoScalingClient;

  constructor(
    reader: AutoScalingClient = new AutoScalingClient({}),
    writer: AutoScalingClient = new AutoScalingClient({ maxAttempts: 1 }),
  ) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read(parameters: SetDesiredCapacityParameters): Promise<TargetReading<GroupState>> {
    const group = await this.#describe(parameters.groupName);
    if (group === undefined) return { outcome: 'refused', reason: 'the Auto Scaling group does not exist' };
    // Only a group that is being deleted has a status.
    if (group.Status !== undefined) {
      return { outcome: 'refused', reason: 'the Auto Scaling group is being deleted' };
    }
    const { DesiredCapacity, MinSize, MaxSize, AutoScalingGroupARN } = group;
    if (
      DesiredCapacity === undefined ||
      MinSize === undefined ||
      MaxSize === undefined ||
      AutoScalingGroupARN === undefined
    ) {
      return { outcome: 'refused', reason: 'the group was read without capacity, limits or ARN' };
    }
    const state: GroupState = {
      desiredCapacity: DesiredCapacity,
      minSize: MinSize,
      maxSize: MaxSize,
      groupArn: AutoScalingGroupARN,
    };
    const reason = limitFault(parameters, state);
    return reason === undefined ? { outcome: 'found', state } : { outcome: 'refused', reason };
  }

  apply(parameters: SetDesiredCapacityParameters, snapshot: GroupState): Promise<TargetWrite> {
    return this.#set(parameters, parameters.toCapacity, snapshot);
  }

  restore(
    parameters: SetDesiredCapacityParameters,
    snapshot: GroupState,
    current: GroupState,
  ): Promise<TargetWrite> {
    return this.#set(parameters, snapshot.desiredCapacity, current);
  }

  #set(
    parameters: SetDesiredCapacityParameters,
    capacity: number,
    follows: GroupState,
  ): Promise<TargetWrite> {
    return lookThenWrite({
      service: 'Auto Scaling',
      read: () => this.read(parameters),
      isStill: (state) => desiredCapacityTarget.isUntouched(follows, state),
      write: async () => {
        await this.#writer.send(
          new SetDesiredCapacityCommand({
            AutoScalingGroupName: parameters.groupName,
            DesiredCapacity: capacity,
            // A cooldown after an earlier scaling would refuse a decided change, and its rollback.
            HonorCooldown: false,
          }),
        );
        return { outcome: 'written' };
      },
    });
  }

  async #describe(groupName: string) {
    try {
      const { AutoScalingGroups = [] } = await this.#reader.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName] }),
      );
      return AutoScalingGroups.find((group) => group.AutoScalingGroupName === groupName);
    } catch (error) {
      throw unavailableIfTransient(error, 'Auto Scaling');
    }
  }
}
