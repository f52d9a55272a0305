import { CloudWatchClient, PutMetricAlarmCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, test } from 'vitest';

/** Facts about MiniStack and our launcher that the local mode rests on: measured again at every test run. */
const cloudwatch = new CloudWatchClient({});
const events = new EventBridgeClient({});
const sqs = new SQSClient({});

describe('CloudWatch alarm events on the bus', () => {
  let queueUrl: string;

  beforeAll(async () => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'alarm-events' }));
    queueUrl = QueueUrl ?? '';
    await events.send(
      new PutRuleCommand({
        Name: 'alarm-events',
        EventPattern: JSON.stringify({
          source: ['aws.cloudwatch'],
          'detail-type': ['CloudWatch Alarm State Change'],
          detail: { alarmName: [{ prefix: 'probe-' }] },
        }),
      }),
    );
    await events.send(
      new PutTargetsCommand({
        Rule: 'alarm-events',
        Targets: [{ Id: 'queue', Arn: 'arn:aws:sqs:us-east-1:000000000000:alarm-events' }],
      }),
    );
  });

  const receive = async (): Promise<Record<string, unknown>[]> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 5, MaxNumberOfMessages: 10 }),
    );
    return Messages.map((message) => JSON.parse(message.Body ?? '{}') as Record<string, unknown>);
  };

  test('an alarm that PutMetricData turns gives the event that AWS documents', async () => {
    await cloudwatch.send(
      new PutMetricAlarmCommand({
        AlarmName: 'probe-errors',
        AlarmDescription: 'Checkout fails',
        Namespace: 'Probe',
        MetricName: 'ProbeErrors',
        Dimensions: [{ Name: 'Service', Value: 'checkout' }],
        Statistic: 'Sum',
        Period: 10,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      }),
    );
    await cloudwatch.send(
      new PutMetricDataCommand({ Namespace: 'Probe', MetricData: [{ MetricName: 'ProbeErrors', Value: 3 }] }),
    );

    const [event, ...others] = await receive();
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      version: '0',
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      account: '000000000000',
      region: 'us-east-1',
      resources: ['arn:aws:cloudwatch:us-east-1:000000000000:alarm:probe-errors'],
      detail: {
        alarmName: 'probe-errors',
        state: { value: 'ALARM', timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+\+0000$/) },
        previousState: { value: 'INSUFFICIENT_DATA' },
        configuration: {
          description: 'Checkout fails',
          metrics: [
            {
              metricStat: {
                metric: { namespace: 'Probe', name: 'ProbeErrors', dimensions: { Service: 'checkout' } },
                period: 10,
                stat: 'Sum',
              },
              returnData: true,
            },
          ],
        },
      },
    });
    const { detail } = event as { detail: { state: { reasonData: string } } };
    expect(JSON.parse(detail.state.reasonData)).toMatchObject({
      recentDatapoints: [3],
      threshold: 1,
      period: 10,
    });
  });

  test('the root key may put alarm events, each with an id of its own', async () => {
    const entry = {
      Source: 'aws.cloudwatch',
      DetailType: 'CloudWatch Alarm State Change',
      Detail: JSON.stringify({ alarmName: 'probe-duplicate' }),
    };
    const { FailedEntryCount } = await events.send(new PutEventsCommand({ Entries: [entry, entry] }));
    expect(FailedEntryCount).toBe(0);
    const received: Record<string, unknown>[] = [];
    while (received.length < 2) received.push(...(await receive()));
    expect(new Set(received.map((event) => event['id'])).size).toBe(2);
  });
});
