import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { abnormalEnd } from '../platform/abnormal-end.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';

export interface IncidentCloseProps {
  readonly platform: Platform;
}

/** Closes incidents: as the last step of their execution, or after an execution that ended abnormally. */
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
    platform.tables.grantControls(this.closeIncident, ['GetItem'], {
      verbs: ['UpdateItem'],
      keys: ['WINDOW#*'],
    });
    platform.tables.grantOperations(this.closeIncident, ['GetItem'], {
      verbs: ['UpdateItem'],
      keys: ['INCIDENT#*'],
    });
    platform.tables.grantLedger(this.closeIncident);
    platform.grantTellPeople(this.closeIncident);
  }

  /** An execution that failed, timed out or was stopped still closes its incident. */
  watch(incidentMachine: IStateMachine): void {
    abnormalEnd(this, 'AbnormalEnd', {
      platform: this.#platform,
      machine: incidentMachine,
      target: this.closeIncident.function,
      holds: 'ends of incident executions that could not be closed',
    });
  }
}
