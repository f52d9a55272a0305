import { AppConfigClient, StopDeploymentCommand } from '@aws-sdk/client-appconfig';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StartDeploymentParameters } from '../../../functions/change/actions/appconfig-start-deployment/definition.ts';
import { DeploymentClient } from '../../../functions/change/actions/appconfig-start-deployment/deployment.client.ts';
import { deploymentTarget } from '../../../functions/change/actions/appconfig-start-deployment/deployment-target.ts';
import { fixture } from './appconfig-start-deployment.fixture.ts';

const client = new DeploymentClient();

async function prepared() {
  const made = await fixture.create();
  onTestFinished(made.destroy);
  return made;
}
async function stateOf(parameters: StartDeploymentParameters) {
  const reading = await client.read(parameters);
  if (reading.outcome !== 'found') throw new Error(reading.reason);
  return reading.state;
}

describe('a configuration', () => {
  it('is deployed and taken back', async () => {
    const { parameters } = await prepared();
    const snapshot = await stateOf(parameters);
    expect(snapshot).toStrictEqual({
      configurationVersion: '1',
      deploymentNumber: 1,
      latestDeploymentNumber: 1,
      underWay: null,
    });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'written' });
    const deployed = await stateOf(parameters);
    expect(deployed).toMatchObject({ configurationVersion: '2', deploymentNumber: 2 });
    expect(deploymentTarget.readBack(deployed)).toBe('2');
    expect(await client.restore(parameters, snapshot, deployed)).toStrictEqual({ outcome: 'written' });
    const restored = await stateOf(parameters);
    expect(restored).toMatchObject({ configurationVersion: '1', deploymentNumber: 1 });
    expect(deploymentTarget.isRestored(snapshot, restored)).toBe(true);
  });

  it.each([
    ['rolling out', 60, 0, '2, not yet everywhere'],
    ['baking', 0, 60, '2'],
  ])('is taken back while it is still %s', async (_, minutes, bakeMinutes, readBack) => {
    const { parameters, createStrategy } = await prepared();
    const slow = { ...parameters, deploymentStrategyId: await createStrategy(minutes, bakeMinutes) };
    const snapshot = await stateOf(slow);
    expect(await client.apply(slow, snapshot)).toStrictEqual({ outcome: 'written' });
    const underWay = await stateOf(slow);
    expect(underWay).toMatchObject({
      configurationVersion: '1',
      underWay: { deploymentNumber: 2, isBaking: bakeMinutes > 0 },
    });
    expect(deploymentTarget.isAfter(slow, underWay)).toBe(true);
    expect(deploymentTarget.isRestored(snapshot, underWay)).toBe(false);
    expect(deploymentTarget.readBack(underWay)).toBe(readBack);
    expect(await client.restore(slow, snapshot, underWay)).toStrictEqual({ outcome: 'written' });
    const restored = await stateOf(slow);
    expect(restored).toMatchObject({ configurationVersion: '1', deploymentNumber: 1, underWay: null });
  });

  it('is not deployed over a deployment of somebody else, finished or under way', async () => {
    const { parameters, foreignWrite, deploy, createStrategy } = await prepared();
    const snapshot = await stateOf(parameters);
    await foreignWrite();
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    const changed = await stateOf(parameters);
    expect(changed).toMatchObject({ configurationVersion: '3', deploymentNumber: 2 });
    await deploy('1', { strategyId: await createStrategy(60, 0) });
    const underWay = await stateOf(parameters);
    expect(deploymentTarget.isBefore(parameters, underWay)).toBe(false);
    expect(await client.apply(parameters, { ...underWay })).toStrictEqual({ outcome: 'target-changed' });
    expect(await stateOf(parameters)).toMatchObject({ latestDeploymentNumber: 3 });
  });

  it('that somebody else has deployed again, to the same version, is not untouched', async () => {
    const { parameters, deploy } = await prepared();
    const snapshot = await stateOf(parameters);
    await deploy('1');
    expect(deploymentTarget.isUntouched(snapshot, await stateOf(parameters))).toBe(false);
  });

  it('whose deployment somebody else has reverted is not untouched', async () => {
    const { parameters, deploy } = await prepared();
    const DeploymentNumber = await deploy('3');
    const snapshot = await stateOf(parameters);
    await new AppConfigClient({}).send(
      new StopDeploymentCommand({
        ApplicationId: parameters.applicationId,
        EnvironmentId: parameters.environmentId,
        DeploymentNumber,
        AllowRevert: true,
      }),
    );
    const current = await stateOf(parameters);
    expect(current).toMatchObject({ configurationVersion: '1', latestDeploymentNumber: 2 });
    expect(deploymentTarget.isUntouched(snapshot, current)).toBe(false);
  });

  it('is told from that of another profile in the same environment', async () => {
    const { parameters, createProfile, deploy, createStrategy } = await prepared();
    const profileId = await createProfile('banners');
    expect(await client.read({ ...parameters, configurationProfileId: profileId })).toStrictEqual({
      outcome: 'refused',
      reason: 'the profile has no completed deployment in this environment',
    });
    await deploy('2', { profileId });
    expect(await stateOf(parameters)).toMatchObject({
      configurationVersion: '1',
      deploymentNumber: 1,
      latestDeploymentNumber: 2,
    });
    await deploy('2', { profileId, strategyId: await createStrategy(60, 0) });
    const busy = await stateOf(parameters);
    expect(busy).toMatchObject({ configurationVersion: '1', underWay: { isOfThisProfile: false } });
    expect(deploymentTarget.isBefore(parameters, busy)).toBe(false);
    expect(deploymentTarget.readBack(busy)).toBe('1');
  });

  it('in an environment or application that does not exist is refused', async () => {
    const { parameters, unknownParameters } = await prepared();
    expect(await client.read(unknownParameters)).toMatchObject({ outcome: 'refused' });
    expect(await client.read({ ...parameters, applicationId: 'nowhere' })).toMatchObject({
      outcome: 'refused',
    });
  });

  it('has failed to be deployed by a strategy that does not exist', async () => {
    const { parameters } = await prepared();
    const lost = { ...parameters, deploymentStrategyId: 'nowhere' };
    expect(await client.apply(lost, await stateOf(lost))).toStrictEqual({
      outcome: 'failed',
      reason: 'AppConfig refused the deployment: ResourceNotFoundException',
    });
  });

  it('is not taken back when the deployment is older than the snapshot', async () => {
    const { parameters } = await prepared();
    const snapshot = await stateOf(parameters);
    expect(await client.restore(parameters, snapshot, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await stateOf(parameters)).toStrictEqual(snapshot);
  });
});
