import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { EpochMs } from '../../platform/clock.ts';
import { completePeriods, type MetricCriterion } from '../metric-criterion.ts';
import { type CriterionFinding, judgeMetric } from '../validation.ts';

/** Asks CloudWatch what a metric has shown since an instant. */
export class MetricClient {
  readonly #client: CloudWatchClient;

  constructor(client: CloudWatchClient = new CloudWatchClient({})) {
    this.#client = client;
  }

  async look(
    criterion: MetricCriterion,
    of: 'change' | 'step',
    sinceEpochMs: EpochMs,
    now: EpochMs,
  ): Promise<CriterionFinding> {
    try {
      const periods = completePeriods(criterion.periodSeconds, sinceEpochMs, now);
      const values = periods === undefined ? [] : await this.#values(criterion, periods);
      return judgeMetric(criterion, values, of);
    } catch (error) {
      return {
        result: 'unreadable',
        reason: `metric: ${error instanceof Error ? error.name : 'unreadable'}`,
      };
    }
  }

  async #values(
    { namespace, metricName, dimensions, statistic, periodSeconds }: MetricCriterion,
    { from, until }: { readonly from: EpochMs; readonly until: EpochMs },
  ): Promise<number[]> {
    const { MetricDataResults = [] } = await this.#client.send(
      new GetMetricDataCommand({
        StartTime: new Date(from),
        EndTime: new Date(until),
        ScanBy: 'TimestampAscending',
        MetricDataQueries: [
          {
            Id: 'criterion',
            MetricStat: {
              Metric: {
                Namespace: namespace,
                MetricName: metricName,
                Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
              },
              Period: periodSeconds,
              Stat: statistic,
            },
          },
        ],
      }),
    );
    const [result] = MetricDataResults;
    if (result === undefined || result.StatusCode === 'InternalError' || result.StatusCode === 'Forbidden') {
      throw Object.assign(new Error('CloudWatch did not answer for the metric'), {
        name: result?.StatusCode ?? 'NoResult',
      });
    }
    const { Timestamps = [], Values = [] } = result;
    return Values.filter((_, index) => {
      const at = Timestamps[index]?.getTime();
      return at !== undefined && at >= from && at + periodSeconds * 1_000 <= until;
    });
  }
}
