import {
  AppConfigClient,
  CreateApplicationCommand,
  CreateConfigurationProfileCommand,
  CreateDeploymentStrategyCommand,
  CreateEnvironmentCommand,
  CreateHostedConfigurationVersionCommand,
  StartDeploymentCommand,
} from '@aws-sdk/client-appconfig';
import { AutoScalingClient, CreateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { CreateEventBusCommand, EventBridgeClient, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { vi } from 'vitest';

/** Tags by name; empty for a resource whose owner has not opted in. */
export type Tags = Readonly<Record<string, string>>;

const pairs = (tags: Tags) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const lowerPairs = (tags: Tags) => Object.entries(tags).map(([key, value]) => ({ key, value }));

/**
 * Creates one resource of each kind that the emulator holds, with these tags and names made from `name`.
 *
 * @returns What triage must read of each.
 */
export async function createResources(name: string, tags: Tags) {
  const [ecsService, instance, stateMachine, appConfigEnvironment] = await Promise.all([
    createEcsService(name, tags),
    createInstance(tags),
    createStateMachine(name, tags),
    createAppConfigEnvironment(name, tags),
    createGroup(name, tags),
    createTables(name, tags),
    createQueues(name, tags),
    createRules(name, tags),
  ]);
  return {
    ecsServices: [ecsService],
    autoScalingGroups: [{ groupName: name, desiredCapacity: 2, minSize: 1, maxSize: 6 }],
    dynamodbTables: [
      { tableName: `${name}-on-demand`, billingMode: 'PAY_PER_REQUEST' },
      {
        tableName: `${name}-provisioned`,
        billingMode: 'PROVISIONED',
        readCapacityUnits: 10,
        writeCapacityUnits: 5,
      },
    ],
    // The source queue is tagged too, but it is nobody's dead-letter queue.
    deadLetterQueues: [
      { deadLetterQueueName: `${name}-dead`, approximateMessages: 2, sourceQueueNames: [`${name}-source`] },
    ],
    eventRules: [
      { ruleName: `${name}-placed`, eventBusName: `${name}-bus`, state: 'ENABLED' },
      { ruleName: `${name}-nightly`, eventBusName: 'default', state: 'DISABLED' },
    ],
    stateMachines: [stateMachine],
    instances: [instance],
    appConfigEnvironments: [appConfigEnvironment],
  };
}

async function createEcsService(name: string, tags: Tags) {
  const ecs = new ECSClient({});
  const cluster = `${name}-cluster`;
  await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
  for (let revision = 1; revision <= 6; revision++) {
    const containerDefinitions = [{ name: 'web', image: `web:${revision}`, memory: 64 }];
    await ecs.send(new RegisterTaskDefinitionCommand({ family: name, containerDefinitions }));
  }
  const taskDefinition = `${name}:2`;
  await ecs.send(
    new CreateServiceCommand({
      cluster,
      serviceName: name,
      taskDefinition,
      desiredCount: 0,
      tags: lowerPairs(tags),
    }),
  );
  return {
    cluster,
    service: name,
    desiredCount: 0,
    runningCount: 0,
    taskDefinition,
    revisions: [6, 5, 4, 3, 2].map((revision) => `${name}:${revision}`),
  };
}

async function createGroup(name: string, tags: Tags) {
  const ofGroup = { ResourceId: name, ResourceType: 'auto-scaling-group', PropagateAtLaunch: false };
  await new AutoScalingClient({}).send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      MinSize: 1,
      MaxSize: 6,
      DesiredCapacity: 2,
      AvailabilityZones: ['us-east-1a'],
      Tags: pairs(tags).map((tag) => ({ ...ofGroup, ...tag })),
    }),
  );
}

async function createTables(name: string, tags: Tags) {
  const dynamodb = new DynamoDBClient({});
  const base = {
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' as const }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
    Tags: pairs(tags),
  };
  await dynamodb.send(
    new CreateTableCommand({
      ...base,
      TableName: `${name}-provisioned`,
      ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 5 },
    }),
  );
  await dynamodb.send(
    new CreateTableCommand({ ...base, TableName: `${name}-on-demand`, BillingMode: 'PAY_PER_REQUEST' }),
  );
}

async function createQueues(name: string, tags: Tags) {
  const sqs = new SQSClient({});
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${name}-dead`, tags }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: 1 });
  await sqs.send(
    new CreateQueueCommand({ QueueName: `${name}-source`, Attributes: { RedrivePolicy }, tags }),
  );
  for (const letter of ['TOP-SECRET-VALUE', 'two']) {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: letter }));
  }
}

async function createRules(name: string, tags: Tags) {
  const events = new EventBridgeClient({});
  const bus = `${name}-bus`;
  await events.send(new CreateEventBusCommand({ Name: bus }));
  const rule = { EventPattern: JSON.stringify({ source: [name] }), Tags: pairs(tags) };
  await events.send(new PutRuleCommand({ ...rule, Name: `${name}-nightly`, State: 'DISABLED' }));
  await events.send(new PutRuleCommand({ ...rule, Name: `${name}-placed`, EventBusName: bus }));
}

/** With four failed executions, of which three are shown, and one that succeeded. */
async function createStateMachine(name: string, tags: Tags) {
  const sfn = new SFNClient({});
  const definition = {
    StartAt: 'Judge',
    QueryLanguage: 'JSONata',
    States: {
      Judge: {
        Type: 'Choice',
        Choices: [{ Condition: '{% $states.input.fails %}', Next: 'Fail' }],
        Default: 'Done',
      },
      Fail: { Type: 'Fail', Error: 'Broken' },
      Done: { Type: 'Succeed' },
    },
  };
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({
      name,
      roleArn: 'arn:aws:iam::000000000000:role/none',
      definition: JSON.stringify(definition),
      tags: lowerPairs(tags),
    }),
  );
  const start = (execution: string, fails: boolean) =>
    sfn.send(
      new StartExecutionCommand({
        stateMachineArn,
        name: execution,
        input: JSON.stringify({ fails, secret: 'TOP-SECRET-VALUE' }),
      }),
    );
  await start('fine', false);
  for (const execution of ['one', 'two', 'three', 'four']) {
    await start(execution, true);
    // So that they end one after the other, and which is the newest is known.
    await executionEnded(sfn, stateMachineArn, execution);
  }
  return {
    stateMachineName: name,
    redrivableExecutions: ['four', 'three', 'two'].map((execution) => ({
      executionArn: `arn:aws:states:us-east-1:000000000000:execution:${name}:${execution}`,
      status: 'FAILED',
      redriveCount: 0,
    })),
  };
}

async function executionEnded(sfn: SFNClient, stateMachineArn: string | undefined, name: string) {
  const executionArn = `${stateMachineArn?.replace(':stateMachine:', ':execution:')}:${name}`;
  await vi.waitUntil(
    async () => (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status !== 'RUNNING',
    { timeout: 10_000, interval: 20 },
  );
}

async function createInstance(tags: Tags) {
  const { Instances } = await new EC2Client({}).send(
    new RunInstancesCommand({
      ImageId: 'ami-12345678',
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [{ ResourceType: 'instance', Tags: pairs(tags) }],
    }),
  );
  return { instanceId: Instances?.[0]?.InstanceId ?? '', state: 'running' };
}

/** Version 2 of four is deployed, after version 1; the deployment strategy is one that is made here. */
async function createAppConfigEnvironment(name: string, tags: Tags) {
  const appConfig = new AppConfigClient({});
  const { Id: ApplicationId = '' } = await appConfig.send(
    new CreateApplicationCommand({ Name: name, Tags: tags }),
  );
  const { Id: EnvironmentId = '' } = await appConfig.send(
    new CreateEnvironmentCommand({ ApplicationId, Name: 'live', Tags: tags }),
  );
  const { Id: ConfigurationProfileId = '' } = await appConfig.send(
    new CreateConfigurationProfileCommand({
      ApplicationId,
      Name: 'prices',
      LocationUri: 'hosted',
      Tags: tags,
    }),
  );
  const { Id: DeploymentStrategyId = '' } = await appConfig.send(
    new CreateDeploymentStrategyCommand({
      Name: name,
      DeploymentDurationInMinutes: 0,
      FinalBakeTimeInMinutes: 0,
      GrowthFactor: 100,
      ReplicateTo: 'NONE',
    }),
  );
  for (let version = 1; version <= 4; version++) {
    await appConfig.send(
      new CreateHostedConfigurationVersionCommand({
        ApplicationId,
        ConfigurationProfileId,
        Content: new TextEncoder().encode('"TOP-SECRET-VALUE"'),
        ContentType: 'application/json',
      }),
    );
  }
  for (const ConfigurationVersion of ['1', '2']) {
    await appConfig.send(
      new StartDeploymentCommand({
        ApplicationId,
        EnvironmentId,
        ConfigurationProfileId,
        DeploymentStrategyId,
        ConfigurationVersion,
      }),
    );
  }
  return {
    applicationId: ApplicationId,
    environmentId: EnvironmentId,
    profiles: [
      {
        configurationProfileId: ConfigurationProfileId,
        name: 'prices',
        deployedVersion: '2',
        // The emulator keeps no descriptions of versions.
        versions: ['4', '3', '2'].map((version) => ({ version })),
      },
    ],
  };
}
