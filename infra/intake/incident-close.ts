import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { abnormalEnd } from '../platform/abnormal-end.ts';
import { DeadLetters } from '../platform/dead-letters.ts';
import { keepFailedCalls } from '../platform/failed-calls.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { grantWide } from '../platform/wide-grant.ts';
import { executionsOf } from '../platform/workflow.ts';

export interface IncidentCloseProps {
  readonly platform: Platform;
}

/** Closes incidents: as the last step of their execution, after one that ended abnormally, or by the sweep. */
export class IncidentClose extends Construct {
  readonly closeIncident: InterlockFunction;
  readonly #platform: Platform;

  constructor(scope: Construct, id: string, props: IncidentCloseProps) {
    super(scope, id);
    const { platform } = props;
    this.#platform = platform;
    this.closeIncident = new InterlockFunction(this, 'CloseIncidentFunction', {
      platform,
      name: 'close-incident',
      tables: ['controls', 'operations', 'ledger'],
      environment: { PERSON_TOPIC_ARN: platform.personTopic.topicArn },
    });
    this.#grantClosing(this.closeIncident);
  }

  /**
   * An execution that failed, timed out or was stopped still closes its incident; what that event does not
   * reach, a sweep does. The sweep is a function of its own: what starts and reads the machine's executions
   * cannot be one that the machine itself invokes.
   */
  watch(incidentMachine: IStateMachine): void {
    abnormalEnd(this, 'AbnormalEnd', {
      platform: this.#platform,
      machine: incidentMachine,
      target: this.closeIncident.function,
      holds: 'ends of incident executions that could not be closed; the sweep repeats them',
    });
    const sweep = this.#sweep(incidentMachine);
    const letters = new DeadLetters(this, 'SweepFailed', {
      platform: this.#platform,
      holds: 'sweeps that could not look after every incident; each is repeated after five minutes',
    });
    keepFailedCalls(sweep.function, letters.queue);
    new Rule(this, 'IncidentSweep', {
      description: 'Interlock: ends incidents that nothing else would, and mentions problems that came back',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(sweep.function, { retryAttempts: 0 })],
    });
  }

  #sweep(incidentMachine: IStateMachine): InterlockFunction {
    const platform = this.#platform;
    const sweep = new InterlockFunction(this, 'SweepIncidentsFunction', {
      platform,
      name: 'sweep-incidents',
      tables: ['controls', 'operations', 'ledger'],
      environment: {
        INCIDENT_STATE_MACHINE_ARN: incidentMachine.stateMachineArn,
        PERSON_TOPIC_ARN: platform.personTopic.topicArn,
      },
    });
    this.#grantClosing(sweep);
    platform.tables.grantOperationsByStatus(sweep);
    incidentMachine.grantStartExecution(sweep);
    grantWide(sweep, {
      actions: ['states:DescribeExecution'],
      resources: [executionsOf(incidentMachine)],
      reason: 'Executions are named at run time; only those of the incident machine match.',
    });
    return sweep;
  }

  #grantClosing(grantee: IGrantable): void {
    const { tables } = this.#platform;
    tables.grantControls(grantee, ['GetItem'], { verbs: ['UpdateItem'], keys: ['WINDOW#*'] });
    tables.grantOperations(grantee, ['GetItem'], { verbs: ['UpdateItem'], keys: ['INCIDENT#*'] });
    tables.grantLedger(grantee);
    this.#platform.grantTellPeople(grantee);
  }
}
