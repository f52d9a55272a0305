import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { grantWide } from '../platform/wide-grant.ts';

export interface AutonomyProps {
  readonly platform: Platform;
}

/** Decides what may happen to a plan. */
export class Autonomy extends Construct {
  readonly decide: InterlockFunction;

  constructor(scope: Construct, id: string, props: AutonomyProps) {
    super(scope, id);
    const { platform } = props;
    const { partition, region, account } = Stack.of(this);
    this.decide = new InterlockFunction(this, 'DecideFunction', {
      platform,
      name: 'decide',
      tables: ['controls', 'operations', 'ledger'],
      // What the ARN of a target needs beside its name.
      environment: { PLACE: [partition, region, account].join(':') },
    });
    platform.tables.grantControls(this.decide, ['GetItem']);
    platform.tables.grantOperations(this.decide, ['GetItem', 'ConditionCheckItem'], {
      verbs: ['PutItem'],
      keys: ['DECISION#*', 'FINDING#*'],
    });
    // Approved exceptions are listed; each one is read again before it permits anything.
    platform.tables.grantOperationsByStatus(this.decide);
    platform.tables.grantLedger(this.decide);
    grantWide(this.decide, {
      actions: ['autoscaling:DescribeAutoScalingGroups', 'tag:GetResources'],
      resources: ['*'],
      reason:
        'Policies ask for the tags of the target, of whatever kind it is; these APIs check neither a narrower resource nor a tag.',
    });
  }
}
