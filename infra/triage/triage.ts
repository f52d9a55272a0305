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
    this.triage = new InterlockFunction(this, 'TriageFunction', {
      platform,
      name: 'triage',
      tables: ['operations', 'ledger'],
      environment: { ROUTING_FUNCTION_ARN: routing.function.functionArn },
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
    grantWide(this.triage, {
      actions: ['lambda:ListAliases', 'lambda:ListVersionsByFunction'],
      resources: [stack.formatArn({ service: 'lambda', resource: 'function:*' })],
      conditions: ofThisEnvironment(platform.settings),
      reason: 'Workloads are not known at deployment; limited to functions tagged for this environment.',
    });
    grantWide(this.triage, {
      actions: ['ssm:GetParameter'],
      resources: [stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: '*' })],
      conditions: ofThisEnvironment(platform.settings),
      reason: 'Workloads are not known at deployment; limited to parameters tagged for this environment.',
    });
  }
}
