import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { demo } from './names.ts';

/** Customers of the demo workload: requests that do not stop, and a metric of how many of them failed. */
export interface Traffic {
  /** Results of the last requests, newest last; at most 40 (ten seconds). */
  readonly recent: () => readonly boolean[];
  readonly stop: () => Promise<void>;
}

const requestEveryMs = 250;
const reportEveryMs = 1_000;

/**
 * Calls the workload up to four times a second over its URL, one request at a time (each concurrent one would
 * start another Lambda worker), and reports the results to CloudWatch once a second: 1 for a failed request, 0
 * for a good one.
 *
 * @param metricName Each alarm watches a metric of its own: the emulator ignores dimensions.
 */
export function startTraffic(url: string, metricName: string): Traffic {
  const cloudWatch = new CloudWatchClient({});
  const recent: boolean[] = [];
  let unreported: boolean[] = [];
  const stopping = new AbortController();

  const request = async (): Promise<void> => {
    const ok = await succeeds(url);
    recent.push(ok);
    if (recent.length > 40) recent.shift();
    unreported.push(ok);
  };
  const report = async (): Promise<void> => {
    const results = unreported;
    unreported = [];
    if (results.length === 0) return;
    const Timestamp = new Date();
    const MetricData = results.map((ok) => ({ MetricName: metricName, Value: ok ? 0 : 1, Timestamp }));
    // The next report carries on where one failed; a gap in a metric is normal.
    await cloudWatch
      .send(new PutMetricDataCommand({ Namespace: demo.namespace, MetricData }))
      .catch(() => {});
  };
  const repeat = async (everyMs: number, run: () => Promise<void>): Promise<void> => {
    while (!stopping.signal.aborted) {
      const nextAt = Date.now() + everyMs;
      await run();
      await sleep(Math.max(nextAt - Date.now(), 0), undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const loops = [repeat(requestEveryMs, request), repeat(reportEveryMs, report)];
  return {
    recent: () => recent,
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

async function succeeds(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}
