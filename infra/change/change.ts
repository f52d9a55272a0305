import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { catalogue } from '../../functions/change/catalogue.ts';
import { abnormalEnd } from '../platform/abnormal-end.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { grantWide } from '../platform/wide-grant.ts';
import { executionsOf, Workflow } from '../platform/workflow.ts';
import { ActionBoundary } from './action-boundary.ts';
import { ActionFunction, functionArnsByAction } from './action-function.ts';
import { snapshotBucket } from './snapshot-bucket.ts';

export interface ChangeProps {
  readonly platform: Platform;
  /** Asks a person whether a change that could not be judged may stay; it answers the task token it is given. */
  readonly askPerson: IFunction;
  /** Says what a person decided whose answer did not arrive in time. */
  readonly settleApproval: IFunction;
}

/** Changes are carried out: lock, snapshot, authorise, execute, validate, keep or roll back, recover. */
export class Change extends Construct {
  readonly stateMachine: IStateMachine;
  /** What stood there before each change. */
  readonly snapshots: Bucket;
  /** One for each action of the catalogue. */
  readonly actions: readonly ActionFunction[];

  constructor(scope: Construct, id: string, props: ChangeProps) {
    super(scope, id);
    const { platform } = props;
    this.snapshots = snapshotBucket(this, 'Snapshots', { platform });
    const boundary = new ActionBoundary(this, 'ActionBoundary', { platform, snapshots: this.snapshots });
    const common = { platform, snapshots: this.snapshots, boundary: boundary.policy };
    this.actions = catalogue.map(
      (definition) => new ActionFunction(this, constructIdOf(definition.id), { ...common, definition }),
    );
    const control = this.#control(platform);
    const workflow = new Workflow(this, 'Workflow', {
      platform,
      definition: 'change',
      substitutions: {
        ChangeControlFunctionArn: control.function.functionArn,
        ActionFunctionArns: functionArnsByAction(this.actions),
        AskPersonFunctionArn: props.askPerson.functionArn,
        SettleApprovalFunctionArn: props.settleApproval.functionArn,
        BakeSeconds: String(platform.settings.bake.toSeconds()),
        VerdictSeconds: String(platform.settings.verdictTimeout.toSeconds()),
      },
      invokes: [
        control.function,
        props.askPerson,
        props.settleApproval,
        ...this.actions.map((action) => action.function),
      ],
    });
    this.stateMachine = workflow.stateMachine;
    this.#recover(platform, workflow.stateMachine);
  }

  #control(platform: Platform): InterlockFunction {
    const control = new InterlockFunction(this, 'ChangeControlFunction', {
      platform,
      name: 'change-control',
      tables: ['controls', 'operations', 'ledger'],
      environment: {
        LOCK_LEASE_SECONDS: String(platform.settings.lockLease.toSeconds()),
        PERSON_TOPIC_ARN: platform.personTopic.topicArn,
        SNAPSHOT_RETENTION_SECONDS: String(platform.settings.snapshotRetention.toSeconds()),
      },
    });
    platform.tables.grantControls(control, ['GetItem', 'ConditionCheckItem'], {
      verbs: ['UpdateItem'],
      keys: ['LOCK', 'USAGE#*'],
    });
    platform.tables.grantOperations(control, ['GetItem', 'ConditionCheckItem'], {
      verbs: ['PutItem', 'UpdateItem'],
      keys: ['CHANGE#*', 'FINDING#*'],
    });
    announces(platform, control);
    platform.tables.grantLedger(control);
    platform.grantTellPeople(control);
    return control;
  }

  /** A change whose execution ended abnormally, or whose lease ran out, is finished or undone. */
  #recover(platform: Platform, machine: IStateMachine): void {
    const recover = new InterlockFunction(this, 'RecoverChangeFunction', {
      platform,
      name: 'recover-change',
      tables: ['controls', 'operations', 'ledger'],
      environment: {
        CHANGE_STATE_MACHINE_ARN: machine.stateMachineArn,
        LOCK_LEASE_SECONDS: String(platform.settings.lockLease.toSeconds()),
        PERSON_TOPIC_ARN: platform.personTopic.topicArn,
      },
    });
    platform.tables.grantControls(recover, ['GetItem', 'Query'], { verbs: ['UpdateItem'], keys: ['LOCK'] });
    platform.tables.grantOperations(recover, ['GetItem'], {
      verbs: ['PutItem', 'UpdateItem'],
      keys: ['CHANGE#*', 'FINDING#*'],
    });
    announces(platform, recover);
    platform.tables.grantLedger(recover);
    platform.grantTellPeople(recover);
    machine.grantStartExecution(recover);
    grantWide(recover, {
      actions: ['states:DescribeExecution'],
      resources: [executionsOf(machine)],
      reason: 'Executions are named at run time; only those of the change machine match.',
    });
    abnormalEnd(this, 'AbnormalEnd', {
      platform,
      machine,
      target: recover.function,
      holds: 'ends of change executions that could not be recovered; the sweep repeats them',
    });
    new Rule(this, 'ExpiredLeaseSweep', {
      description: 'Interlock: recovers changes whose lease ran out',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(recover.function, { retryAttempts: 0 })],
    });
  }
}

/** A failed rollback is announced; what became of an announcement is for those who deliver it. */
function announces({ tables }: Platform, grantee: InterlockFunction): void {
  tables.grantOperations(grantee, [], { verbs: ['PutItem'], keys: ['ANNOUNCEMENT#*'] });
}

/** `lambda.shift-alias` is `LambdaShiftAlias`. */
function constructIdOf(actionId: string): string {
  return actionId
    .split(/[.-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
