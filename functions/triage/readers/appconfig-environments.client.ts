import {
  AppConfigClient,
  ListConfigurationProfilesCommand,
  ListDeploymentStrategiesCommand,
  ListDeploymentsCommand,
  ListHostedConfigurationVersionsCommand,
} from '@aws-sdk/client-appconfig';
import type { AppConfigEnvironmentContext } from '../workload-resources.ts';
import { collectPages, type Reading, type ResourceReader, shortText } from './resource-reader.ts';

const maxProfiles = 10;
const maxVersions = 3;
/** Fifty each; the order in which they come is not documented. */
const maxVersionPages = 4;
const maxStrategies = 10;
/** Latest first. */
const maxDeployments = 50;

interface Environment {
  readonly ApplicationId: string;
  readonly EnvironmentId: string;
}

/** What is deployed to an environment and what could be; never a configuration itself. */
export function appConfigEnvironments(
  appConfig = new AppConfigClient({ maxAttempts: 2 }),
): ResourceReader<AppConfigEnvironmentContext> {
  return {
    type: 'appconfig',
    what: 'AppConfig environment',
    resource: /^application\/([a-z0-9]+)\/environment\/([a-z0-9]+)$/,
    read: async ([applicationId = '', environmentId = ''], reading) => {
      const { gaps, abortSignal } = reading;
      const environment = { ApplicationId: applicationId, EnvironmentId: environmentId };
      const label = `${applicationId}/${environmentId}`;
      const [{ Items: profiles = [] }, deployed, strategies] = await Promise.all([
        appConfig.send(
          new ListConfigurationProfilesCommand({ ApplicationId: applicationId, MaxResults: 50 }),
          { abortSignal },
        ),
        gaps.attempt(`deployments of AppConfig environment ${label}`, () =>
          deployedVersions(appConfig, environment, abortSignal),
        ),
        gaps.attempt('AppConfig deployment strategies', async () => {
          const list = new ListDeploymentStrategiesCommand({ MaxResults: maxStrategies });
          const { Items = [] } = await appConfig.send(list, { abortSignal });
          return Items.flatMap(({ Id }) => Id ?? []);
        }),
      ]);
      // Others than hosted ones cannot be deployed by a version number.
      const hosted = profiles.filter(({ LocationUri }) => LocationUri === 'hosted');
      if (hosted.length > maxProfiles) gaps.add(`only ${maxProfiles} profiles of ${label} were read`);
      return {
        applicationId,
        environmentId,
        profiles: await Promise.all(
          hosted.slice(0, maxProfiles).map(async ({ Id = '', Name = '' }) => {
            // Two profiles of the same name cannot be told apart here, so neither is said to be deployed.
            const isOnlyOne = profiles.filter((other) => other.Name === Name).length === 1;
            const deployedVersion = isOnlyOne ? deployed?.get(Name) : undefined;
            return {
              configurationProfileId: Id,
              name: shortText(Name),
              ...(deployedVersion === undefined ? {} : { deployedVersion }),
              versions: await newestVersions(appConfig, applicationId, Id, reading),
            };
          }),
        ),
        deploymentStrategyIds: (strategies ?? []).slice(0, maxStrategies),
      };
    },
  };
}

async function newestVersions(
  appConfig: AppConfigClient,
  applicationId: string,
  profileId: string,
  { gaps, abortSignal }: Reading,
): Promise<AppConfigEnvironmentContext['profiles'][number]['versions']> {
  const versions = await gaps.attempt(`versions of AppConfig profile ${profileId}`, async () => {
    const { items, isPartial } = await collectPages(maxVersionPages, async (NextToken) => {
      const { Items = [], NextToken: next } = await appConfig.send(
        new ListHostedConfigurationVersionsCommand({
          ApplicationId: applicationId,
          ConfigurationProfileId: profileId,
          MaxResults: 50,
          NextToken,
        }),
        { abortSignal },
      );
      return { items: Items, next };
    });
    if (isPartial) throw new RangeError('too many versions');
    return items;
  });
  return (versions ?? [])
    .toSorted((a, b) => (b.VersionNumber ?? 0) - (a.VersionNumber ?? 0))
    .slice(0, maxVersions)
    .map(({ VersionNumber, Description }) => ({
      version: String(VersionNumber),
      description: shortText(Description),
    }));
}

/**
 * Version by name of the profile, of the latest completed deployment of each. The list knows no ids, and asking
 * for each deployment would need a tag on every single one.
 */
async function deployedVersions(
  appConfig: AppConfigClient,
  environment: Environment,
  abortSignal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { Items = [] } = await appConfig.send(
    new ListDeploymentsCommand({ ...environment, MaxResults: maxDeployments }),
    { abortSignal },
  );
  return new Map(
    Items.filter(({ State }) => State === 'COMPLETE')
      // Latest last, so that it is the one that stays.
      .toSorted((a, b) => (a.DeploymentNumber ?? 0) - (b.DeploymentNumber ?? 0))
      .map(({ ConfigurationName = '', ConfigurationVersion = '' }) => [
        ConfigurationName,
        ConfigurationVersion,
      ]),
  );
}
