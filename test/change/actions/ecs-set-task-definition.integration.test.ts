import { describe, expect, it } from 'vitest';
import { EcsServiceClient } from '../../../functions/change/actions/ecs-service.client.ts';
import { TaskDefinitionClient } from '../../../functions/change/actions/ecs-set-task-definition/task-definition.client.ts';
import { taskDefinitionTarget } from '../../../functions/change/actions/ecs-set-task-definition/task-definition-target.ts';
import { createService } from './ecs-service.ts';
import { fixture } from './ecs-set-task-definition.fixture.ts';

const client = new TaskDefinitionClient();

async function setUp() {
  const service = await createService();
  const { cluster, family } = service;
  const parameters = {
    cluster,
    service: service.service,
    fromTaskDefinition: `${family}:2`,
    toTaskDefinition: `${family}:1`,
  };
  const read = async () => {
    const reading = await client.read(parameters);
    if (reading.outcome !== 'found') throw new Error(reading.reason);
    return reading.state;
  };
  return { ...service, parameters, read };
}

describe('a task definition', () => {
  it('is deployed and brought back, each time by a deployment of its own; the count stays', async () => {
    const { parameters, read } = await setUp();
    const snapshot = await read();
    expect(taskDefinitionTarget.isBefore(parameters, snapshot)).toBe(true);
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'written' });
    const current = await read();
    expect(taskDefinitionTarget.isAfter(parameters, current)).toBe(true);
    expect(taskDefinitionTarget.readBack(current)).toBe(parameters.toTaskDefinition);
    expect(current).toMatchObject({ desiredCount: 2, rolloutState: 'COMPLETED' });
    expect(await client.restore(parameters, snapshot, current)).toStrictEqual({ outcome: 'written' });
    const restored = await read();
    expect(taskDefinitionTarget.isRestored(snapshot, restored)).toBe(true);
    const ids = [snapshot, current, restored].map(({ deploymentIds }) => deploymentIds[0]);
    expect(new Set(ids).size).toBe(3);
  });

  it('is left alone after a deployment by somebody else, also one back to where it was', async () => {
    const { parameters, family, read, update } = await setUp();
    const snapshot = await read();
    await update({ taskDefinition: `${family}:3` });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    await update({ taskDefinition: `${family}:2` });
    expect(await read()).toMatchObject({ taskDefinition: snapshot.taskDefinition });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await client.restore(parameters, snapshot, snapshot)).toStrictEqual({ outcome: 'target-changed' });
  });

  it('is deployed although somebody else has changed the count, which stays theirs', async () => {
    const { parameters, read, update } = await setUp();
    const snapshot = await read();
    await update({ desiredCount: 5 });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'written' });
    expect(await read()).toMatchObject({ desiredCount: 5 });
  });

  it('says so when somebody else began a deployment between the look and the write', async () => {
    const { parameters, family, read, update } = await setUp();
    const snapshot = await read();
    // Deploys for somebody else right before our own update is sent. AWS shows theirs while it drains; the
    // emulator drops it at once, so it is put back here.
    class Raced extends EcsServiceClient {
      override async update(...args: Parameters<EcsServiceClient['update']>) {
        await update({ taskDefinition: `${family}:3` });
        const theirs = await read();
        const [ours = ''] = await super.update(...args);
        return [ours, theirs.deploymentIds[0]];
      }
    }
    expect(await new TaskDefinitionClient(new Raced()).apply(parameters, snapshot)).toStrictEqual({
      outcome: 'failed',
      reason: 'somebody else deployed to the service at the same moment',
    });
  });

  it('of a service or cluster that does not exist is refused', async () => {
    const { parameters, read, destroy } = await setUp();
    const { unknownParameters } = await fixture.create();
    expect(await client.read(unknownParameters)).toMatchObject({ outcome: 'refused' });
    expect(await client.read({ ...parameters, cluster: 'nowhere' })).toMatchObject({ outcome: 'refused' });
    const snapshot = await read();
    await destroy();
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
  });
});
