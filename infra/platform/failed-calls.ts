import { Duration } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/**
 * Keeps an asynchronous call that a function failed on after all its tries. A rule's own dead-letter queue does
 * not: for EventBridge the event is delivered once Lambda has taken it, and Lambda then drops what keeps failing.
 */
export function keepFailedCalls(target: IFunction, letters: IQueue): void {
  // Not `SqsDestination`, which grants reading the queue's attributes as well.
  const grant = Grant.addToPrincipal({
    grantee: target,
    actions: ['sqs:SendMessage'],
    resourceArns: [letters.queueArn],
  });
  target.configureAsyncInvoke({
    onFailure: { bind: () => ({ destination: letters.queueArn }) },
    retryAttempts: 2,
    maxEventAge: Duration.hours(6),
  });
  const config = target.node.findChild('EventInvokeConfig');
  grant.applyBefore(config);
}
