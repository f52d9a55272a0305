import { AutoScalingClient, UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import { DesiredCapacityClient } from '../../../functions/change/actions/autoscaling-set-desired-capacity/desired-capacity.client.ts';
import { fixture } from './autoscaling-set-desired-capacity.fixture.ts';

const client = new DesiredCapacityClient();

async function setUp() {
  const target = await fixture.create();
  const read = async () => {
    const reading = await client.read(target.parameters);
    if (reading.outcome !== 'found') throw new Error(reading.reason);
    return reading.state;
  };
  const limit = (limits: { MinSize?: number; MaxSize?: number }) =>
    new AutoScalingClient({}).send(
      new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: target.parameters.groupName, ...limits }),
    );
  return { ...target, read, limit };
}

describe('desired capacity', () => {
  it('is set and brought back', async () => {
    const { parameters, read } = await setUp();
    const snapshot = await read();
    expect(snapshot).toMatchObject({ desiredCapacity: 2, minSize: 1, maxSize: 6 });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'written' });
    const current = await read();
    expect(current).toStrictEqual({ ...snapshot, desiredCapacity: 4 });
    expect(await client.restore(parameters, snapshot, current)).toStrictEqual({ outcome: 'written' });
    expect(await read()).toStrictEqual(snapshot);
  });

  it("outside the group's limits is refused before anything is done", async () => {
    const { parameters, limit } = await setUp();
    expect(await client.read({ ...parameters, toCapacity: 6 })).toMatchObject({ outcome: 'found' });
    expect(await client.read({ ...parameters, toCapacity: 7 })).toStrictEqual({
      outcome: 'refused',
      reason: "capacity 7 is outside the group's limits 1…6",
    });
    await limit({ MinSize: 2 });
    expect(await client.read({ ...parameters, toCapacity: 1 })).toMatchObject({ outcome: 'refused' });
  });

  it('is not set when the limits were narrowed since the snapshot', async () => {
    const { parameters, read, limit } = await setUp();
    const snapshot = await read();
    await limit({ MaxSize: 3 });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    await limit({ MaxSize: 5 });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await read()).toMatchObject({ desiredCapacity: 2 });
  });

  it('that somebody else has set since is left alone', async () => {
    const { parameters, read, foreignWrite } = await setUp();
    const snapshot = await read();
    await foreignWrite();
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    const ours = { ...snapshot, desiredCapacity: 4 };
    expect(await client.restore(parameters, snapshot, ours)).toStrictEqual({ outcome: 'target-changed' });
    expect(await read()).toMatchObject({ desiredCapacity: 5 });
  });

  it('of a group that does not exist is refused, and so is a write after it has gone', async () => {
    const { parameters, unknownParameters, read, destroy } = await setUp();
    expect(await client.read(unknownParameters)).toStrictEqual({
      outcome: 'refused',
      reason: 'the Auto Scaling group does not exist',
    });
    const snapshot = await read();
    await destroy();
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
  });
});
