import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Taxonomy } from '../../functions/intake/taxonomy.ts';
import type { Priority } from '../../functions/platform/vocabulary.ts';

export interface SignalRulesProps {
  readonly taxonomy: Taxonomy;
  readonly queues: Readonly<Record<Priority, IQueue>>;
}

/** One rule on the default bus for each rule of the taxonomy; the queue of its priority is the target. */
export class SignalRules extends Construct {
  constructor(scope: Construct, id: string, props: SignalRulesProps) {
    super(scope, id);
    for (const eventClass of props.taxonomy.classes) {
      for (const { id: ruleId, priority, pattern } of eventClass.rules) {
        const { source, 'detail-type': detailType, detail } = pattern;
        new Rule(this, ruleId, {
          description: `Interlock: ${eventClass.class} as ${priority}`,
          eventPattern: { source, detailType, ...(detail === undefined ? {} : { detail }) },
          targets: [new SqsQueue(props.queues[priority])],
        });
      }
    }
  }
}
