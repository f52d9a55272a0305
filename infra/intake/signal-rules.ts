import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Taxonomy } from '../../functions/intake/taxonomy.ts';
import type { Priority } from '../../functions/platform/vocabulary.ts';
import { DeadLetters } from '../platform/dead-letters.ts';
import type { Platform } from '../platform/platform.ts';

export interface SignalRulesProps {
  readonly platform: Platform;
  readonly taxonomy: Taxonomy;
  readonly queues: Readonly<Record<Priority, IQueue>>;
}

/** One rule on the default bus for each rule of the taxonomy; the queue of its priority is the target. */
export class SignalRules extends Construct {
  constructor(scope: Construct, id: string, props: SignalRulesProps) {
    super(scope, id);
    // After a day of tries EventBridge gives up; whatever reaches this queue can be put into its own by hand.
    const undelivered = new DeadLetters(this, 'Undelivered', {
      platform: props.platform,
      holds: 'signals that EventBridge could not put into their queue',
    });
    for (const eventClass of props.taxonomy.classes) {
      for (const { id: ruleId, priority, pattern } of eventClass.rules) {
        const { source, 'detail-type': detailType, detail } = pattern;
        new Rule(this, ruleId, {
          description: `Interlock: ${eventClass.class} as ${priority}`,
          eventPattern: { source, detailType, ...(detail === undefined ? {} : { detail }) },
          targets: [new SqsQueue(props.queues[priority], { deadLetterQueue: undelivered.queue })],
        });
      }
    }
  }
}
