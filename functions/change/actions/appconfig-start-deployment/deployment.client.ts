import {
  AppConfigClient,
  AppConfigServiceException,
  ConflictException,
  type DeploymentSummary,
  GetDeploymentCommand,
  ListDeploymentsCommand,
  ResourceNotFoundException,
  StartDeploymentCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-appconfig';
import { DependencyUnavailableError } from '../../../platform/errors.ts';
import type { TargetClient, TargetReading, TargetWrite } from '../target.ts';
import { unavailableIfTransient } from '../transient-error.ts';
import type { StartDeploymentParameters } from './definition.ts';
import { type DeploymentState, leadingTo } from './deployment-target.ts';

/** How far back the profile's own deployment is looked for among those of the other profiles. */
const deploymentsLookedAt = 50;

/** Neither under way nor over: what will be served is not known until it is. */
const inBetween = new Set(['ROLLING_BACK', 'VALIDATING']);
const underWay = new Set(['BAKING', 'DEPLOYING', ...inBetween]);

/**
 * Reads, starts and takes back deployments of one configuration profile. Every start names the number of the
 * latest deployment it follows, so that no foreign one is overtaken (only a revert in the milliseconds
 * before it, which raises no number, goes unseen); the way back names the deployment to stop. A write is
 * sent once: repeated by the SDK after a lost answer, it would be refused because of itself.
 */
export class DeploymentClient implements TargetClient<StartDeploymentParameters, DeploymentState> {
  readonly #reader: AppConfigClient;
  readonly #writer: AppConfigClient;

  constructor(
    reader: AppConfigClient = new AppConfigClient({}),
    writer: AppConfigClient = new AppConfigClient({ maxAttempts: 1 }),
  ) {
    this.#reader = reader;
    this.#writer = writer;
  }

  async read(parameters: StartDeploymentParameters): Promise<TargetReading<DeploymentState>> {
    try {
      return await this.#read(parameters);
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw unavailableIfTransient(error, 'AppConfig');
      return { outcome: 'refused', reason: 'the application or its environment does not exist' };
    }
  }

  async apply(parameters: StartDeploymentParameters, snapshot: DeploymentState): Promise<TargetWrite> {
    return this.#write(() =>
      this.#writer.send(
        new StartDeploymentCommand({
          ...environmentOf(parameters),
          ConfigurationProfileId: parameters.configurationProfileId,
          ConfigurationVersion: parameters.toVersion,
          DeploymentStrategyId: parameters.deploymentStrategyId,
          LatestDeploymentNumber: snapshot.latestDeploymentNumber,
          Description: 'Started by Interlock',
        }),
      ),
    );
  }

  /**
   * Stopped while it is under way, reverted once it is complete: either is at once and for every client,
   * where deploying the former version anew would take as long as the strategy does. AppConfig reverts for
   * 72 hours.
   */
  async restore(
    parameters: StartDeploymentParameters,
    snapshot: DeploymentState,
    current: DeploymentState,
  ): Promise<TargetWrite> {
    const { deploymentNumber } = leadingTo(current);
    if (deploymentNumber <= snapshot.latestDeploymentNumber) return { outcome: 'target-changed' };
    return this.#write(() =>
      this.#writer.send(
        new StopDeploymentCommand({
          ...environmentOf(parameters),
          DeploymentNumber: deploymentNumber,
          AllowRevert: true,
        }),
      ),
    );
  }

  async #read(parameters: StartDeploymentParameters): Promise<TargetReading<DeploymentState>> {
    const deployments = await this.#latestDeployments(parameters);
    const current = deployments.find(({ State }) => State !== undefined && underWay.has(State));
    const profileUnderWay = current === undefined ? undefined : await this.#profileOf(parameters, current);
    const isOfThisProfile = profileUnderWay === parameters.configurationProfileId;
    if (isOfThisProfile && inBetween.has(String(current?.State))) {
      throw new DependencyUnavailableError(
        'change.target-busy',
        'the deployment is being taken back or validated; retry',
      );
    }
    const served = await this.#latestCompleted(parameters, deployments);
    if (served === undefined) {
      return { outcome: 'refused', reason: 'the profile has no completed deployment in this environment' };
    }
    return {
      outcome: 'found',
      state: {
        ...served,
        latestDeploymentNumber: deployments[0]?.DeploymentNumber ?? 0,
        underWay:
          current === undefined
            ? null
            : { ...versionOf(current), isOfThisProfile, isBaking: current.State === 'BAKING' },
      },
    };
  }

  /** Latest first, whichever order they come in. */
  async #latestDeployments(parameters: StartDeploymentParameters): Promise<DeploymentSummary[]> {
    const { Items = [] } = await this.#reader.send(
      new ListDeploymentsCommand({ ...environmentOf(parameters), MaxResults: deploymentsLookedAt }),
    );
    return Items.toSorted((a, b) => (b.DeploymentNumber ?? 0) - (a.DeploymentNumber ?? 0));
  }

  async #latestCompleted(
    parameters: StartDeploymentParameters,
    deployments: readonly DeploymentSummary[],
  ): Promise<{ configurationVersion: string; deploymentNumber: number } | undefined> {
    for (const deployment of deployments) {
      if (deployment.State !== 'COMPLETE') continue;
      const profile = await this.#profileOf(parameters, deployment);
      if (profile === parameters.configurationProfileId) return versionOf(deployment);
    }
    return undefined;
  }

  /** The list does not say which profile was deployed, only how it was called. */
  async #profileOf(
    parameters: StartDeploymentParameters,
    { DeploymentNumber }: DeploymentSummary,
  ): Promise<string | undefined> {
    const { ConfigurationProfileId } = await this.#reader.send(
      new GetDeploymentCommand({ ...environmentOf(parameters), DeploymentNumber }),
    );
    return ConfigurationProfileId;
  }

  async #write(send: () => Promise<unknown>): Promise<TargetWrite> {
    try {
      await send();
      return { outcome: 'written' };
    } catch (error) {
      // Another deployment is under way, or has been started since.
      if (error instanceof ConflictException) return { outcome: 'target-changed' };
      const thrown = unavailableIfTransient(error, 'AppConfig');
      // AppConfig refused the request, so nothing was written; anything else may have been and is thrown.
      if (thrown instanceof AppConfigServiceException && thrown.$fault === 'client') {
        return { outcome: 'failed', reason: `AppConfig refused the deployment: ${thrown.name}` };
      }
      throw thrown;
    }
  }
}

function environmentOf({ applicationId, environmentId }: StartDeploymentParameters) {
  return { ApplicationId: applicationId, EnvironmentId: environmentId };
}

function versionOf({ ConfigurationVersion = '', DeploymentNumber = 0 }: DeploymentSummary) {
  return { configurationVersion: ConfigurationVersion, deploymentNumber: DeploymentNumber };
}
