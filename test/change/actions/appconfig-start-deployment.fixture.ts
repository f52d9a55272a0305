import {
  AppConfigClient,
  CreateApplicationCommand,
  CreateConfigurationProfileCommand,
  CreateDeploymentStrategyCommand,
  CreateEnvironmentCommand,
  CreateHostedConfigurationVersionCommand,
  DeleteApplicationCommand,
  StartDeploymentCommand,
} from '@aws-sdk/client-appconfig';

/** An environment with version 1 of a profile deployed, 2 to be deployed and 3 for somebody else. */
export const fixture = {
  actionId: 'appconfig.start-deployment',
  async create(environment = 'local') {
    const appconfig = new AppConfigClient({});
    const Tags = { 'interlock:environment': environment, 'interlock:workload': 'test' };
    const { Id: ApplicationId = '' } = await appconfig.send(
      new CreateApplicationCommand({ Name: 'shop', Tags }),
    );
    const { Id: EnvironmentId = '' } = await appconfig.send(
      new CreateEnvironmentCommand({ ApplicationId, Name: 'local', Tags }),
    );
    const createProfile = async (Name: string) => {
      const profile = new CreateConfigurationProfileCommand({
        ApplicationId,
        Name,
        LocationUri: 'hosted',
        Tags,
      });
      const { Id: ConfigurationProfileId = '' } = await appconfig.send(profile);
      for (const version of ['one', 'two', 'three']) {
        await appconfig.send(
          new CreateHostedConfigurationVersionCommand({
            ApplicationId,
            ConfigurationProfileId,
            Content: new TextEncoder().encode(JSON.stringify({ version })),
            ContentType: 'application/json',
          }),
        );
      }
      return ConfigurationProfileId;
    };
    /** @param minutes How long a deployment takes, and then bakes. */
    const createStrategy = async (minutes: number, bakeMinutes: number) => {
      const { Id = '' } = await appconfig.send(
        new CreateDeploymentStrategyCommand({
          Name: `${minutes}-${bakeMinutes}`,
          DeploymentDurationInMinutes: minutes,
          FinalBakeTimeInMinutes: bakeMinutes,
          GrowthFactor: 20,
          ReplicateTo: 'NONE',
        }),
      );
      return Id;
    };
    const configurationProfileId = await createProfile('prices');
    const deploymentStrategyId = await createStrategy(0, 0);
    /** Somebody else's deployment, of the same profile and at once unless it says otherwise. */
    const deploy = async (
      version: string,
      { profileId = configurationProfileId, strategyId = deploymentStrategyId } = {},
    ) => {
      const { DeploymentNumber = 0 } = await appconfig.send(
        new StartDeploymentCommand({
          ApplicationId,
          EnvironmentId,
          ConfigurationProfileId: profileId,
          DeploymentStrategyId: strategyId,
          ConfigurationVersion: version,
        }),
      );
      return DeploymentNumber;
    };
    await deploy('1');
    const parameters = {
      applicationId: ApplicationId,
      environmentId: EnvironmentId,
      configurationProfileId,
      deploymentStrategyId,
      fromVersion: '1',
      toVersion: '2',
    };
    return {
      parameters,
      unknownParameters: { ...parameters, environmentId: 'nowhere' },
      foreignWrite: async () => {
        await deploy('3');
      },
      destroy: async () => {
        await appconfig.send(new DeleteApplicationCommand({ ApplicationId }));
      },
      deploy,
      createProfile,
      createStrategy,
    };
  },
};
