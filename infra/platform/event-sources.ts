import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DeadLetters } from './dead-letters.ts';
import type { InterlockFunction } from './interlock-function.ts';
import type { Platform } from './platform.ts';
import { grantWide } from './wide-grant.ts';

export interface QueueSourceProps {
  readonly queue: IQueue;
  readonly target: InterlockFunction;
  /** Most instances of the function that this queue may keep busy; at least 2 (Lambda's limit). */
  readonly maximumConcurrency: number;
}

/** Feeds a queue to a function, reporting failures record by record. */
export class QueueSource extends Construct {
  constructor(scope: Construct, id: string, props: QueueSourceProps) {
    super(scope, id);
    const grant = Grant.addToPrincipal({
      grantee: props.target,
      actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      resourceArns: [props.queue.queueArn],
    });
    const mapping = new EventSourceMapping(this, 'Mapping', {
      target: props.target.function,
      eventSourceArn: props.queue.queueArn,
      batchSize: 10,
      maxConcurrency: props.maximumConcurrency,
      reportBatchItemFailures: true,
    });
    grant.applyBefore(mapping);
  }
}

export interface StreamSourceProps {
  readonly platform: Platform;
  readonly table: Table;
  readonly target: InterlockFunction;
  /** A record passes that one of them matches; everything else never wakes the function. */
  readonly filters: readonly Readonly<Record<string, unknown>>[];
  /** What a record in the dead-letter queue means. */
  readonly holds: string;
}

/** Feeds the matching records of a table's stream to a function; what keeps failing goes aside after ten tries. */
export class StreamSource extends Construct {
  constructor(scope: Construct, id: string, props: StreamSourceProps) {
    super(scope, id);
    const streamArn = props.table.tableStreamArn;
    if (streamArn === undefined) throw new Error(`${props.table.node.path} has no stream to read`);
    const letters = new DeadLetters(this, 'Failed', { platform: props.platform, holds: props.holds });
    const grants = [
      Grant.addToPrincipal({
        grantee: props.target,
        actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        resourceArns: [streamArn],
      }),
      grantWide(props.target, {
        actions: ['dynamodb:ListStreams'],
        resources: ['*'],
        reason:
          'Lambda asks for it when the mapping is made; the API knows no narrower resource, and reading is granted by ARN.',
      }),
      Grant.addToPrincipal({
        grantee: props.target,
        actions: ['sqs:SendMessage'],
        resourceArns: [letters.queue.queueArn],
      }),
    ];
    const mapping = new EventSourceMapping(this, 'Mapping', {
      target: props.target.function,
      eventSourceArn: streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 10,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 10,
      filters: props.filters.map((filter) => FilterCriteria.filter(filter)),
      onFailure: { bind: () => ({ destination: letters.queue.queueArn }) },
    });
    for (const grant of grants) grant.applyBefore(mapping);
  }
}
