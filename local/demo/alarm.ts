import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import { demo } from './names.ts';

/** An alarm on the share of failed requests of the demo workload. */
export interface DemoAlarm {
  readonly alarmName: string;
  readonly metricName: string;
}

/** The one that the demo stack deploys. */
export const stackAlarm: DemoAlarm = { alarmName: demo.alarmName, metricName: demo.metricName };

const cloudWatch = () => new CloudWatchClient({});

/**
 * An alarm of its own for one run of a scenario: the cooldown window of another run's incident must not suppress
 * its signal. Same rule and same tags as the stack's.
 */
export async function createAlarm(suffix: string, description: string): Promise<DemoAlarm> {
  const alarm = { alarmName: `${demo.alarmName}-${suffix}`, metricName: `${demo.metricName}-${suffix}` };
  await cloudWatch().send(
    new PutMetricAlarmCommand({
      AlarmName: alarm.alarmName,
      AlarmDescription: description,
      Namespace: demo.namespace,
      MetricName: alarm.metricName,
      Statistic: 'Average',
      Period: 10,
      EvaluationPeriods: 1,
      Threshold: 0.5,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'missing',
      Tags: [
        { Key: 'interlock:environment', Value: 'local' },
        { Key: 'interlock:workload', Value: demo.workload },
      ],
    }),
  );
  return alarm;
}

export async function deleteAlarm({ alarmName }: DemoAlarm): Promise<void> {
  await cloudWatch().send(new DeleteAlarmsCommand({ AlarmNames: [alarmName] }));
}

export async function alarmState({ alarmName }: DemoAlarm): Promise<string> {
  const { MetricAlarms } = await cloudWatch().send(new DescribeAlarmsCommand({ AlarmNames: [alarmName] }));
  return MetricAlarms?.[0]?.StateValue ?? 'absent';
}
