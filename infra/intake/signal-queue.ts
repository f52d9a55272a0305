import { Duration } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Priority } from '../../functions/platform/vocabulary.ts';
import { DeadLetters } from '../platform/dead-letters.ts';
import { QueueSource } from '../platform/event-sources.ts';
import { functionEntryOf } from '../platform/function-entries.ts';
import type { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';

export interface SignalQueueProps {
  readonly platform: Platform;
  readonly priority: Priority;
}

/** So many intake instances each queue may keep busy: a flood of P2 cannot take what P0 needs. */
const maximumConcurrency: Readonly<Record<Priority, number>> = { P0: 10, P1: 5, P2: 2 };

/** Tries before an event counts as poison. */
const maximumReceives = 5;

/** The queue of one priority with its dead letters. */
export class SignalQueue extends Construct {
  readonly queue: IQueue;
  readonly deadLetters: IQueue;
  readonly #priority: Priority;

  constructor(scope: Construct, id: string, props: SignalQueueProps) {
    super(scope, id);
    this.#priority = props.priority;
    this.deadLetters = new DeadLetters(this, 'DeadLetters', {
      platform: props.platform,
      holds: `${props.priority} signals that intake could not take`,
    }).queue;
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Six times the function's timeout, as Lambda asks for: a batch in work is not handed out again.
      visibilityTimeout: Duration.seconds(6 * functionEntryOf('intake').timeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: maximumReceives },
    });
  }

  /** Delivers to the function, which may also put a poison event straight among the dead letters with its reason. */
  feed(target: InterlockFunction): void {
    new QueueSource(this, 'Source', {
      queue: this.queue,
      target,
      maximumConcurrency: maximumConcurrency[this.#priority],
    });
    Grant.addToPrincipal({
      grantee: target,
      actions: ['sqs:SendMessage'],
      resourceArns: [this.deadLetters.queueArn],
    });
  }
}
