import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { startDeployment } from '../../../functions/change/actions/appconfig-start-deployment/definition.ts';
import { DeploymentClient } from '../../../functions/change/actions/appconfig-start-deployment/deployment.client.ts';
import {
  type DeploymentState,
  deploymentTarget,
} from '../../../functions/change/actions/appconfig-start-deployment/deployment-target.ts';
import { type Answer, answersToAWrite, startAnsweringService } from './answering-service.ts';

const [deploy] = startDeployment.examples;

describe('the parameters of appconfig.start-deployment', () => {
  const accepts = (changes: object) =>
    z.safeParse(startDeployment.parameters, { ...deploy, ...changes }).success;

  it.each([
    ['a1b2', true],
    ['a1b2c3d', true],
    ['a1b', false],
    ['a1b2c3d4', false],
    ['A1B2C3D', false],
    ['../a1b', false],
    ['', false],
  ])('take id %j: %s', (id, expected) => {
    expect(accepts({ applicationId: id })).toBe(expected);
    expect(accepts({ environmentId: id })).toBe(expected);
    expect(accepts({ configurationProfileId: id })).toBe(expected);
    expect(accepts({ deploymentStrategyId: id })).toBe(expected);
  });

  it.each([
    ['AppConfig.AllAtOnce', true],
    ['AppConfig.Canary10Percent20Minutes', true],
    ['AppConfig.Short', false],
    ['AppConfig-AllAtOnce', false],
    ['appconfig.AllAtOnce', false],
    [`AppConfig.${'a'.repeat(40)}`, true],
    [`AppConfig.${'a'.repeat(41)}`, false],
  ])('take strategy %j: %s', (deploymentStrategyId, expected) => {
    expect(accepts({ deploymentStrategyId })).toBe(expected);
  });

  it.each([
    ['1', true],
    ['9999999999', true],
    ['99999999999', false],
    ['0', false],
    ['01', false],
    ['v2.2.0', false],
    ['latest', false],
    [2, false],
  ])('take version %j: %s', (version, expected) => {
    expect(accepts({ fromVersion: version })).toBe(expected);
    expect(accepts({ toVersion: version })).toBe(expected);
  });

  it('take no other member', () => {
    expect(accepts({ kmsKeyIdentifier: 'alias/other' })).toBe(false);
  });
});

describe('appconfig.start-deployment', () => {
  const served: DeploymentState = {
    configurationVersion: '7',
    deploymentNumber: 4,
    latestDeploymentNumber: 5,
    underWay: null,
  };
  const rollingOut: DeploymentState = {
    ...served,
    latestDeploymentNumber: 6,
    underWay: { deploymentNumber: 6, configurationVersion: '6', isOfThisProfile: true, isBaking: false },
  };
  const underWay = rollingOut.underWay;
  if (underWay === null) throw new Error('there is one');
  const baking = { ...rollingOut, underWay: { ...underWay, isBaking: true } };
  const ofAnother = { ...rollingOut, underWay: { ...underWay, isOfThisProfile: false } };
  const deployed = { ...rollingOut, configurationVersion: '6', deploymentNumber: 6, underWay: null };

  it.each([
    ['served', served, [true, false, true, true, '7']],
    ['rolling out', rollingOut, [false, true, false, false, '6, not yet everywhere']],
    ['baking', baking, [false, true, false, false, '6']],
    ['deployed', deployed, [false, true, false, false, '6']],
    ['beside another profile that is rolling out', ofAnother, [false, false, false, true, '7']],
  ] as const)('%s: before, after, untouched, restored and read back', (_, state, expected) => {
    expect([
      deploymentTarget.isBefore(deploy, state),
      deploymentTarget.isAfter(deploy, state),
      deploymentTarget.isUntouched(served, state),
      deploymentTarget.isRestored(served, state),
      deploymentTarget.readBack(state),
    ]).toStrictEqual(expected);
  });

  it('sees the same version deployed again, and a revert to an older deployment of it', () => {
    expect(deploymentTarget.isUntouched(served, { ...served, latestDeploymentNumber: 6 })).toBe(false);
    expect(deploymentTarget.isUntouched(served, { ...served, deploymentNumber: 3 })).toBe(false);
  });

  it('locks the environment, in which AppConfig deploys one thing at a time', () => {
    const other = startDeployment.target({ ...deploy, configurationProfileId: 'zzzz' });
    expect(other.key).toBe(startDeployment.target(deploy).key);
    expect(other.id).not.toBe(startDeployment.target(deploy).id);
  });

  it('is medium', () => {
    expect(startDeployment.tier(deploy)).toBe('medium');
  });
});

describe('AppConfig', () => {
  const environment = '/applications/a1b2c3d/environments/e4f5g6h/deployments';
  let deployments: object[];
  let answer: Answer;
  let service: Awaited<ReturnType<typeof startAnsweringService>>;
  beforeEach(async () => {
    deployments = [{ DeploymentNumber: 1, ConfigurationVersion: '7', State: 'COMPLETE' }];
    answer = { body: {} };
    service = await startAnsweringService((operation) => {
      if (operation === `GET ${environment}`) return { body: { Items: deployments } };
      if (operation.startsWith('GET ')) return { body: { ConfigurationProfileId: 'p7q8r9s' } };
      return answer;
    });
  });
  afterEach(() => service.stop());

  const before: DeploymentState = {
    configurationVersion: '7',
    deploymentNumber: 1,
    latestDeploymentNumber: 1,
    underWay: null,
  };
  const after = { ...before, configurationVersion: '6', deploymentNumber: 2, latestDeploymentNumber: 2 };
  const writes: [string, () => Promise<unknown>][] = [
    ['started', () => new DeploymentClient().apply(deploy, before)],
    ['taken back', () => new DeploymentClient().restore(deploy, before, after)],
  ];

  describe.each(writes)('with a deployment that is %s', (_, write) => {
    it.each(answersToAWrite)('$says: the write is $taken and not repeated', async (given) => {
      answer = given.answer;
      if (given.taken === 'failed') expect(await write()).toMatchObject({ outcome: 'failed' });
      else if (given.taken === 'thrown') await expect(write()).rejects.toThrow();
      else await expect(write()).rejects.toMatchObject({ name: 'DependencyUnavailableError' });
      expect(service.operations).toHaveLength(1);
    });

    it('lets nobody deploy at the same moment', async () => {
      answer = { error: 'ConflictException', status: 409 };
      expect(await write()).toStrictEqual({ outcome: 'target-changed' });
    });
  });

  it.each(['ROLLING_BACK', 'VALIDATING'])('is to be asked again while it is %s', async (State) => {
    deployments.push({ DeploymentNumber: 2, ConfigurationVersion: '6', State });
    await expect(new DeploymentClient().read(deploy)).rejects.toMatchObject({
      name: 'DependencyUnavailableError',
      retryable: true,
    });
  });

  it.each(['ROLLED_BACK', 'REVERTED'])('does not serve what was %s', async (State) => {
    deployments.push({ DeploymentNumber: 2, ConfigurationVersion: '6', State });
    expect(await new DeploymentClient().read(deploy)).toStrictEqual({
      outcome: 'found',
      state: { ...before, latestDeploymentNumber: 2 },
    });
  });

  it('may list the latest deployment first or last', async () => {
    deployments.unshift({ DeploymentNumber: 3, ConfigurationVersion: '5', State: 'COMPLETE' });
    deployments.push({ DeploymentNumber: 2, ConfigurationVersion: '6', State: 'COMPLETE' });
    expect(await new DeploymentClient().read(deploy)).toMatchObject({
      state: { configurationVersion: '5', deploymentNumber: 3, latestDeploymentNumber: 3 },
    });
  });
});
