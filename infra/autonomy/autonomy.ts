import { Construct } from 'constructs';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';

export interface AutonomyProps {
  readonly platform: Platform;
}

/** Decides what may happen to a plan. */
export class Autonomy extends Construct {
  readonly decide: InterlockFunction;

  constructor(scope: Construct, id: string, props: AutonomyProps) {
    super(scope, id);
    const { platform } = props;
    this.decide = new InterlockFunction(this, 'DecideFunction', {
      platform,
      name: 'decide',
      tables: ['controls', 'operations', 'ledger'],
    });
    platform.tables.grantControls(this.decide, ['GetItem']);
    platform.tables.grantOperations(this.decide, ['GetItem', 'ConditionCheckItem'], {
      verbs: ['PutItem'],
      keys: ['DECISION#*', 'FINDING#*'],
    });
    // Approved exceptions are listed; each one is read again before it permits anything.
    platform.tables.grantOperationsByStatus(this.decide);
    platform.tables.grantLedger(this.decide);
  }
}
