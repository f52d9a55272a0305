import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import type { CriterionFinding } from '../validation.ts';

/** Asks CloudWatch how an alarm stands now. */
export class AlarmClient {
  readonly #client: CloudWatchClient;

  constructor(client: CloudWatchClient = new CloudWatchClient({})) {
    this.#client = client;
  }

  async look(alarmName: string): Promise<CriterionFinding> {
    try {
      const { MetricAlarms = [], CompositeAlarms = [] } = await this.#client.send(
        new DescribeAlarmsCommand({
          AlarmNames: [alarmName],
          AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        }),
      );
      const alarm = [...MetricAlarms, ...CompositeAlarms].find((found) => found.AlarmName === alarmName);
      switch (alarm?.StateValue) {
        case 'OK':
          return { result: 'pass', reason: 'alarm: it is OK' };
        case 'ALARM':
          return { result: 'not-yet', reason: 'alarm: it is still in ALARM' };
        case 'INSUFFICIENT_DATA':
          return { result: 'no-data', reason: 'alarm: it has insufficient data' };
        case undefined:
        default:
          return { result: 'no-data', reason: 'alarm: it does not exist' };
      }
    } catch (error) {
      return { result: 'unreadable', reason: `alarm: ${error instanceof Error ? error.name : 'unreadable'}` };
    }
  }
}
