import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { DeadLetters } from './dead-letters.ts';
import { keepFailedCalls } from './failed-calls.ts';
import type { Platform } from './platform.ts';

export interface AbnormalEndProps {
  readonly platform: Platform;
  readonly machine: IStateMachine;
  readonly target: IFunction;
  /** What an event in the dead-letter queue means. */
  readonly holds: string;
}

/**
 * Tells a function of every execution of a state machine that did not end by itself. The dead-letter queue gets
 * the event that could not be delivered, and the one that the function failed on three times.
 */
export function abnormalEnd(scope: Construct, id: string, props: AbnormalEndProps): void {
  const letters = new DeadLetters(scope, `${id}Failed`, { platform: props.platform, holds: props.holds });
  keepFailedCalls(props.target, letters.queue);
  new Rule(scope, id, {
    description: 'Interlock: an execution that failed, timed out or was stopped',
    eventPattern: {
      source: ['aws.states'],
      detailType: ['Step Functions Execution Status Change'],
      detail: {
        stateMachineArn: [props.machine.stateMachineArn],
        status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
      },
    },
    targets: [
      new LambdaFunction(props.target, {
        deadLetterQueue: letters.queue,
        retryAttempts: 20,
        maxEventAge: Duration.hours(6),
      }),
    ],
  });
}
