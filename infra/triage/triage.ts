import { Stack } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { grantWide } from '../platform/wide-grant.ts';
import { ofThisEnvironment } from '../platform/workload-tags.ts';

export interface TriageProps {
  readonly platform: Platform;
  /** Asks the model. */
  readonly routing: InterlockFunction;
}

/** Gathers context, asks for a diagnosis and stores plans. Reads workloads, changes none. */
export class Triage extends Construct {
  readonly triage: InterlockFunction;

  constructor(scope: Construct, id: string, props: TriageProps) {
    super(scope, id);
    const { platform, routing } = props;
    const { partition, region, account } = Stack.of(this);
    this.triage = new InterlockFunction(this, 'TriageFunction', {
      platform,
      name: 'triage',
      tables: ['operations', 'ledger'],
      environment: {
        // What the ARN of a target needs beside its name.
        PLACE: [partition, region, account].join(':'),
        ROUTING_FUNCTION_ARN: routing.function.functionArn,
      },
    });
    platform.tables.grantOperations(this.triage, ['GetItem'], { verbs: ['PutItem'], keys: ['TRIAGE#*'] });
    platform.tables.grantLedger(this.triage);
    Grant.addToPrincipal({
      grantee: this.triage,
      actions: ['lambda:InvokeFunction'],
      resourceArns: [routing.function.functionArn],
    });
    this.#readWorkloads(platform);
  }

  #readWorkloads(platform: Platform): void {
    const stack = Stack.of(this);
    grantWide(this.triage, {
      actions: ['cloudwatch:DescribeAlarmHistory', 'cloudwatch:DescribeAlarms', 'tag:GetResources'],
      resources: ['*'],
      reason: 'These list across resources: the API checks neither a narrower resource nor a tag.',
    });
    grantWide(this.triage, {
      actions: ['cloudwatch:ListTagsForResource'],
      resources: [stack.formatArn({ service: 'cloudwatch', resource: 'alarm:*' })],
      reason: 'Reading the tags of an alarm is how triage finds out whether it belongs to this environment.',
    });
    for (const { service, resource, actions } of readPerResource) {
      grantWide(this.triage, {
        actions,
        resources: [stack.formatArn({ service, resource })],
        conditions: ofThisEnvironment(platform.settings),
        reason: 'Workloads are not known at deployment; limited to what is tagged for this environment.',
      });
    }
    grantWide(this.triage, {
      actions: readAcrossResources,
      resources: ['*'],
      reason:
        'These have neither resource-level permissions nor tag conditions; they describe and change nothing.',
    });
  }
}

/** What triage reads of a resource of a workload: states and numbers, never messages, items, inputs or secrets. */
const readPerResource = [
  {
    service: 'appconfig',
    // Applications, and under them environments and profiles: each of them needs the tag.
    resource: 'application/*',
    actions: [
      'appconfig:ListConfigurationProfiles',
      'appconfig:ListDeployments',
      'appconfig:ListHostedConfigurationVersions',
    ],
  },
  { service: 'dynamodb', resource: 'table/*', actions: ['dynamodb:DescribeTable'] },
  { service: 'ecs', resource: 'service/*', actions: ['ecs:DescribeServices'] },
  // `rule/<name>` on the default bus and `rule/<bus>/<name>` on any other.
  { service: 'events', resource: 'rule/*', actions: ['events:DescribeRule'] },
  {
    service: 'lambda',
    resource: 'function:*',
    actions: ['lambda:GetFunctionConcurrency', 'lambda:ListAliases', 'lambda:ListVersionsByFunction'],
  },
  {
    service: 'sqs',
    resource: '*',
    actions: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:ListDeadLetterSourceQueues'],
  },
  { service: 'ssm', resource: 'document/*', actions: ['ssm:DescribeDocument'] },
  { service: 'ssm', resource: 'parameter/*', actions: ['ssm:GetParameter'] },
  { service: 'states', resource: 'stateMachine:*', actions: ['states:ListExecutions'] },
] as const;

const readAcrossResources = [
  'appconfig:ListDeploymentStrategies',
  'autoscaling:DescribeAutoScalingGroups',
  'ec2:DescribeInstances',
  'ecs:ListTaskDefinitions',
] as const;
