import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';

/** AppConfig's own short ids; names, which may be given anew, are not taken. */
const resourceId = z.string().check(z.regex(/^[a-z0-9]{4,7}$/));

/** Version numbers only: a label may mean another version tomorrow. */
const hostedVersion = z.string().check(z.regex(/^[1-9][0-9]{0,9}$/));

const schema = z.strictObject({
  applicationId: resourceId,
  environmentId: resourceId,
  configurationProfileId: resourceId,
  /** Id of an own strategy, or one that AWS ships, such as `AppConfig.AllAtOnce`. */
  deploymentStrategyId: z.string().check(z.regex(/^([a-z0-9]{4,7}|AppConfig\.[A-Za-z0-9]{9,40})$/)),
  /** Hosted configuration version that is deployed now; the change is refused if that is no longer so. */
  fromVersion: hostedVersion,
  /** Hosted configuration version that shall be deployed. */
  toVersion: hostedVersion,
});

export type StartDeploymentParameters = z.output<typeof schema>;

/**
 * Deploys another version of a hosted configuration. AppConfig takes one deployment at a time in an
 * environment: the lock is taken on the environment, and another deployment under way refuses this one.
 */
export const startDeployment: ActionDefinition<StartDeploymentParameters> = {
  id: 'appconfig.start-deployment',
  actionClass: 'configuration',
  summary: 'Deploy another existing version of a hosted AppConfig configuration to an environment.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: () => 'medium',
  target: ({ applicationId, environmentId, configurationProfileId }) => ({
    type: 'appconfig-profile',
    id: `${applicationId}/${environmentId}/${configurationProfileId}`,
    key: `appconfig-environment/${applicationId}/${environmentId}`,
  }),
  effect: ({ configurationProfileId, deploymentStrategyId, fromVersion, toVersion }) => ({
    before: `profile ${configurationProfileId} at version ${fromVersion}`,
    after: `profile ${configurationProfileId} at version ${toVersion}, deployed by ${deploymentStrategyId}`,
  }),
  targetArn: ({ applicationId, environmentId }, { partition, region, account }) =>
    `arn:${partition}:appconfig:${region}:${account}:application/${applicationId}/environment/${environmentId}`,
  blastRadius: () => ({ resources: 1, capacityPercent: 100 }),
  reversal: {
    kind: 'restore-snapshot',
    steps: ({ fromVersion }) => [
      `stop or revert the deployment that was started: AppConfig serves version ${fromVersion} again at once`,
      'read what is deployed and compare it with the snapshot',
    ],
  },
  successCriteria: ({ toVersion }) => [{ kind: 'read-back', expected: toVersion }],
  runbook: (parameters) => {
    const environment = `--application-id ${parameters.applicationId} --environment-id ${parameters.environmentId}`;
    return [
      `aws appconfig list-deployments ${environment}`,
      `aws appconfig start-deployment ${environment} --configuration-profile-id ${parameters.configurationProfileId} --deployment-strategy-id ${parameters.deploymentStrategyId} --configuration-version ${parameters.toVersion}`,
      `to undo: aws appconfig stop-deployment ${environment} --deployment-number <the number it answered> --allow-revert`,
    ];
  },
  permissions: [
    {
      actions: [
        'appconfig:GetDeployment',
        'appconfig:ListDeployments',
        'appconfig:StartDeployment',
        'appconfig:StopDeployment',
      ],
      // Applications, and under them environments, profiles and deployments.
      resource: { service: 'appconfig', resource: 'application', resourceName: '*', separator: '/' },
      onlyTagged: true,
      why: 'Targets are not known at deployment; limited to applications, environments and profiles tagged for this environment.',
    },
    {
      actions: ['appconfig:GetDeployment', 'appconfig:StopDeployment'],
      resource: {
        service: 'appconfig',
        resource: 'application',
        resourceName: '*/environment/*/deployment/*',
        separator: '/',
      },
      onlyTagged: false,
      why: 'A deployment that somebody else started carries no tag; the same call is checked against its application and environment, which must.',
    },
    {
      actions: ['appconfig:StartDeployment'],
      resource: { service: 'appconfig', resource: 'deploymentstrategy', resourceName: '*', separator: '/' },
      onlyTagged: false,
      why: 'The strategies that AWS ships cannot be tagged; a strategy only sets the pace of what the tagged target allows.',
    },
  ],
  examples: [
    {
      applicationId: 'a1b2c3d',
      environmentId: 'e4f5g6h',
      configurationProfileId: 'p7q8r9s',
      deploymentStrategyId: 'AppConfig.AllAtOnce',
      fromVersion: '7',
      toVersion: '6',
    },
  ],
};
