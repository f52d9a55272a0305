import { CreateServiceCommand, ECSClient } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { DesiredCountClient } from '../../../functions/change/actions/ecs-set-desired-count/desired-count.client.ts';
import { createService } from './ecs-service.ts';
import { fixture } from './ecs-set-desired-count.fixture.ts';

const client = new DesiredCountClient();

async function setUp() {
  const service = await createService();
  const parameters = { cluster: service.cluster, service: service.service, fromCount: 2, toCount: 4 };
  const read = async () => {
    const reading = await client.read(parameters);
    if (reading.outcome !== 'found') throw new Error(reading.reason);
    return reading.state;
  };
  return { ...service, parameters, read };
}

describe('desired count', () => {
  it('is set and brought back; the task definition and its deployment stay', async () => {
    const { parameters, read } = await setUp();
    const snapshot = await read();
    expect(snapshot).toMatchObject({ desiredCount: 2, schedulingStrategy: 'REPLICA' });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'written' });
    const current = await read();
    expect(current).toMatchObject({
      desiredCount: 4,
      taskDefinition: snapshot.taskDefinition,
      deploymentIds: snapshot.deploymentIds,
    });
    expect(await client.restore(parameters, snapshot, current)).toStrictEqual({ outcome: 'written' });
    expect(await read()).toMatchObject({ desiredCount: 2, deploymentIds: snapshot.deploymentIds });
  });

  it('that somebody else has set since is left alone', async () => {
    const { parameters, read, update } = await setUp();
    const snapshot = await read();
    await update({ desiredCount: 5 });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    const ours = { ...snapshot, desiredCount: 4 };
    expect(await client.restore(parameters, snapshot, ours)).toStrictEqual({ outcome: 'target-changed' });
    expect(await read()).toMatchObject({ desiredCount: 5 });
  });

  it('is not set once somebody else has deployed, but is brought back all the same', async () => {
    const { parameters, read, update } = await setUp();
    const snapshot = await read();
    await update({ forceNewDeployment: true });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    const fresh = await read();
    await client.apply(parameters, fresh);
    const ours = await read();
    await update({ forceNewDeployment: true });
    expect(await client.restore(parameters, fresh, ours)).toStrictEqual({ outcome: 'written' });
    expect(await read()).toMatchObject({ desiredCount: 2 });
  });

  it('of a daemon service is refused: it has none of its own', async () => {
    const { cluster, family, parameters } = await setUp();
    await new ECSClient({}).send(
      new CreateServiceCommand({
        cluster,
        serviceName: 'daemon',
        taskDefinition: `${family}:1`,
        schedulingStrategy: 'DAEMON',
      }),
    );
    expect(await client.read({ ...parameters, service: 'daemon' })).toMatchObject({ outcome: 'refused' });
  });

  it('of a service whose deployments are made by somebody else than ECS is refused', async () => {
    const { cluster, family, parameters } = await setUp();
    await new ECSClient({}).send(
      new CreateServiceCommand({
        cluster,
        serviceName: 'blue-green',
        taskDefinition: `${family}:1`,
        deploymentController: { type: 'CODE_DEPLOY' },
      }),
    );
    expect(await client.read({ ...parameters, service: 'blue-green' })).toMatchObject({ outcome: 'refused' });
  });

  it('of what does not exist is refused, and so is a write after it has gone', async () => {
    const { parameters, read, destroy } = await setUp();
    const { unknownParameters } = await fixture.create();
    expect(await client.read(unknownParameters)).toStrictEqual({
      outcome: 'refused',
      reason: 'the service does not exist',
    });
    expect(await client.read({ ...parameters, cluster: 'nowhere' })).toStrictEqual({
      outcome: 'refused',
      reason: 'the cluster does not exist',
    });
    const snapshot = await read();
    await destroy();
    expect(await client.read(parameters)).toMatchObject({ outcome: 'refused' });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
  });
});
