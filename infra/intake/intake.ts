import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Taxonomy } from '../../functions/intake/taxonomy.ts';
import { type Priority, priorities } from '../../functions/platform/vocabulary.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';
import { SignalQueue } from './signal-queue.ts';
import { SignalRules } from './signal-rules.ts';

export interface IntakeProps {
  readonly platform: Platform;
  /** What is listened to, and which queue carries it. */
  readonly taxonomy: Taxonomy;
  /** Started once for each new incident. */
  readonly incidentMachine: IStateMachine;
}

/** Events come in: rules from the taxonomy, a queue per priority, and the function that opens incidents. */
export class Intake extends Construct {
  readonly queues: Readonly<Record<Priority, { readonly queue: IQueue; readonly deadLetters: IQueue }>>;

  constructor(scope: Construct, id: string, props: IntakeProps) {
    super(scope, id);
    const { platform, incidentMachine } = props;
    const queues = Object.fromEntries(
      priorities.map((priority) => [priority, new SignalQueue(this, priority, { platform, priority })]),
    ) as Record<Priority, SignalQueue>;
    this.queues = {
      P0: { queue: queues.P0.queue, deadLetters: queues.P0.deadLetters },
      P1: { queue: queues.P1.queue, deadLetters: queues.P1.deadLetters },
      P2: { queue: queues.P2.queue, deadLetters: queues.P2.deadLetters },
    };
    new SignalRules(this, 'Rules', {
      platform,
      taxonomy: props.taxonomy,
      queues: { P0: queues.P0.queue, P1: queues.P1.queue, P2: queues.P2.queue },
    });

    const intake = new InterlockFunction(this, 'IntakeFunction', {
      platform,
      name: 'intake',
      tables: ['controls', 'operations', 'ledger'],
      environment: {
        INCIDENT_STATE_MACHINE_ARN: incidentMachine.stateMachineArn,
        P0_DLQ_URL: queues.P0.deadLetters.queueUrl,
        P1_DLQ_URL: queues.P1.deadLetters.queueUrl,
        P2_DLQ_URL: queues.P2.deadLetters.queueUrl,
      },
    });
    platform.tables.grantControls(intake, ['GetItem'], {
      verbs: ['PutItem', 'UpdateItem'],
      keys: ['WINDOW#*'],
    });
    platform.tables.grantOperations(intake, ['GetItem'], {
      verbs: ['PutItem', 'UpdateItem'],
      keys: ['EVENT#*', 'INCIDENT#*'],
    });
    platform.tables.grantLedger(intake);
    incidentMachine.grantStartExecution(intake);
    for (const priority of priorities) queues[priority].feed(intake);
  }
}
