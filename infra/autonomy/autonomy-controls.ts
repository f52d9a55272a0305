import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { heartbeatIntervalSeconds } from '../../functions/autonomy/heartbeat.ts';
import { DeadLetters } from '../platform/dead-letters.ts';
import { keepFailedCalls } from '../platform/failed-calls.ts';
import { InterlockFunction } from '../platform/interlock-function.ts';
import type { Platform } from '../platform/platform.ts';

export interface AutonomyControlsProps {
  readonly platform: Platform;
}

/**
 * What holds autonomy back: the kill switch can be engaged from the pages and is proven to stop a write, and what
 * did not work out loses its stage.
 */
export class AutonomyControls extends Construct {
  /** Engages the global kill switch and can do nothing else. Whoever is in front of people may invoke it. */
  readonly engageKillSwitch: InterlockFunction;

  constructor(scope: Construct, id: string, props: AutonomyControlsProps) {
    super(scope, id);
    this.engageKillSwitch = this.#engage(props.platform);
    this.#heartbeat(props.platform);
    this.#review(props.platform);
  }

  #engage(platform: Platform): InterlockFunction {
    const engage = new InterlockFunction(this, 'EngageFunction', {
      platform,
      name: 'engage-kill-switch',
      tables: ['controls', 'ledger'],
    });
    platform.tables.grantControls(engage, [], { verbs: ['PutItem'], keys: ['SWITCH'] });
    platform.tables.grantLedger(engage, ['control#kill-switch#*']);
    // Whoever stopped everything may have gone on to something else before it failed.
    this.#alarm(platform, 'EngageFails', {
      metric: engage.function.metricErrors({ period: Duration.minutes(1), statistic: 'Sum' }),
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
      says: 'somebody stopped everything on the pages and it failed. Look at `interlock kill-switch status`; stop it there if that was meant',
    });
    return engage;
  }

  #heartbeat(platform: Platform): void {
    const heartbeat = new InterlockFunction(this, 'HeartbeatFunction', {
      platform,
      name: 'kill-switch-heartbeat',
      tables: ['controls', 'operations', 'ledger'],
      environment: { PERSON_TOPIC_ARN: platform.personTopic.topicArn },
    });
    platform.tables.grantControls(heartbeat, ['GetItem', 'ConditionCheckItem'], {
      verbs: ['PutItem'],
      keys: ['SWITCH-CANARY', 'HEARTBEAT'],
    });
    platform.tables.grantOperations(heartbeat, [], {
      verbs: ['PutItem'],
      keys: ['FINDING#*', 'ANNOUNCEMENT#*'],
    });
    platform.tables.grantLedger(heartbeat, ['control#heartbeat#*']);
    platform.grantTellPeople(heartbeat);
    const interval = Duration.seconds(heartbeatIntervalSeconds);
    new Rule(this, 'Heartbeat', {
      description: 'Interlock: proves that an engaged kill switch stops a write',
      schedule: Schedule.rate(interval),
      targets: [new LambdaFunction(heartbeat.function, { retryAttempts: 0 })],
    });
    this.#alarm(platform, 'HeartbeatFails', {
      metric: heartbeat.function.metricErrors({ period: interval, statistic: 'Sum' }),
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: 0,
      periods: 1,
      missing: TreatMissingData.NOT_BREACHING,
      says: 'the heartbeat of the kill switch could not be made. Look at its log; until it beats again, do not rely on the switch',
    });
    this.#alarm(platform, 'HeartbeatAbsent', {
      metric: heartbeat.function.metricInvocations({ period: interval, statistic: 'Sum' }),
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      periods: 3,
      missing: TreatMissingData.BREACHING,
      says: 'no heartbeat of the kill switch for three intervals. Look at its schedule',
    });
  }

  #alarm(
    platform: Platform,
    id: string,
    alarm: {
      readonly metric: IMetric;
      readonly comparison: ComparisonOperator;
      readonly threshold: number;
      readonly periods: number;
      readonly missing: TreatMissingData;
      readonly says: string;
    },
  ): void {
    new Alarm(this, id, {
      alarmDescription: `Interlock (${platform.settings.stage}): ${alarm.says}.`,
      metric: alarm.metric,
      comparisonOperator: alarm.comparison,
      threshold: alarm.threshold,
      evaluationPeriods: alarm.periods,
      treatMissingData: alarm.missing,
    }).addAlarmAction(new SnsAction(platform.personTopic));
  }

  #review(platform: Platform): void {
    const review = new InterlockFunction(this, 'ReviewFunction', {
      platform,
      name: 'review-autonomy',
      tables: ['controls', 'operations', 'ledger'],
    });
    platform.tables.grantControls(review, ['Query'], { verbs: ['PutItem'], keys: ['STAGE'] });
    platform.tables.grantOperations(review, ['GetItem'], {
      verbs: ['PutItem'],
      keys: ['FINDING#*', 'ANNOUNCEMENT#*'],
    });
    platform.tables.grantOperationsByStatus(review);
    platform.tables.grantLedger(review, ['control#autonomy#*']);
    const letters = new DeadLetters(this, 'ReviewFailed', {
      platform,
      holds: 'reviews of the autonomy stages that failed; each is repeated after five minutes',
    });
    keepFailedCalls(review.function, letters.queue);
    new Rule(this, 'Review', {
      description: 'Interlock: lowers autonomy stages whose thresholds were breached',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(review.function, { retryAttempts: 0 })],
    });
  }
}
