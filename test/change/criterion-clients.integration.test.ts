import { randomUUID } from 'node:crypto';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CreateFunctionCommand, LambdaClient, TagResourceCommand } from '@aws-sdk/client-lambda';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { MetricClient } from '../../functions/change/actions/metric.client.ts';
import { OwnershipClient } from '../../functions/change/actions/ownership.client.ts';
import type { MetricCriterion } from '../../functions/change/metric-criterion.ts';
import { bundleZip } from './lambda-zip.ts';

const suffix = randomUUID().slice(0, 8);
/** Nothing listens there. */
const nowhere = { endpoint: 'http://127.0.0.1:9', maxAttempts: 1 };

describe('a metric', () => {
  const cloudWatch = new CloudWatchClient({});
  const client = new MetricClient(cloudWatch);
  const minuteMs = 60_000;
  /** A whole minute some time ago, so that every period of the test is complete. */
  const first = Math.floor(Date.now() / minuteMs) * minuteMs - 30 * minuteMs;
  const criterion: MetricCriterion = {
    kind: 'metric',
    namespace: `Test-${suffix}`,
    metricName: 'Errors',
    dimensions: { FunctionName: 'checkout', ExecutedVersion: '3' },
    statistic: 'Sum',
    periodSeconds: 60,
    comparison: 'at-most',
    threshold: 0,
  };
  const put = (
    minuteNumber: number,
    value: number,
    dimensions: Record<string, string> = criterion.dimensions,
  ) =>
    cloudWatch.send(
      new PutMetricDataCommand({
        Namespace: criterion.namespace,
        MetricData: [
          {
            MetricName: criterion.metricName,
            Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
            Timestamp: new Date(first + minuteNumber * minuteMs + 10_000),
            Value: value,
          },
        ],
      }),
    );
  const minute = (number: number, seconds = 0) => first + number * minuteMs + seconds * 1_000;
  const look = (from: number, until: number, of: 'change' | 'step' = 'change', more: object = {}) =>
    client.look({ ...criterion, ...more }, of, from, until);

  beforeAll(async () => {
    await put(0, 7);
    await put(1, 2);
    await put(1, 3);
    await put(2, 0);
    await put(2, 9, { FunctionName: 'checkout', ExecutedVersion: '2' });
  });

  it.each([
    ['a breach, then none', minute(1), minute(3), 'change', {}, 'pass'],
    ['a breach, then none, in a step', minute(1), minute(3), 'step', {}, 'fail'],
    ['a breach', minute(1), minute(2), 'change', {}, 'not-yet'],
    ['no breach, in a step', minute(2), minute(3), 'step', {}, 'pass'],
    ['nothing before the minute is over', minute(2), minute(2, 59), 'change', {}, 'no-data'],
    ['nothing of the minute in which the effect came', minute(2, 1), minute(3), 'change', {}, 'no-data'],
    ['nothing where nothing was put', minute(5), minute(9), 'change', {}, 'no-data'],
    ['the sum of what was put', minute(1), minute(2), 'change', { threshold: 5 }, 'pass'],
    ['more than a lower sum', minute(1), minute(2), 'change', { threshold: 4 }, 'not-yet'],
    [
      'enough of what was put',
      minute(1),
      minute(2),
      'change',
      { comparison: 'at-least', threshold: 5 },
      'pass',
    ],
    ['nothing under another name', minute(0), minute(3), 'change', { metricName: 'Other' }, 'no-data'],
  ] as const)('shows %s', async (_, from, until, of, more, result) => {
    expect(await look(from, until, of, more)).toMatchObject({ result });
  });

  it('that cannot be asked for is unreadable, not bad', async () => {
    const unreachable = new MetricClient(new CloudWatchClient(nowhere));
    expect(await unreachable.look(criterion, 'step', minute(1), minute(3))).toMatchObject({
      result: 'unreadable',
    });
  });
});

describe('an owner', () => {
  const lambda = new LambdaClient({});
  const client = new OwnershipClient();
  const arns: Record<string, string> = {};

  beforeAll(async () => {
    for (const name of ['owned', 'tagged']) {
      const { FunctionArn = '' } = await lambda.send(
        new CreateFunctionCommand({
          FunctionName: `${name}-${suffix}`,
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/test',
          Code: { ZipFile: await bundleZip("export const handler = async () => 'ok';") },
        }),
      );
      arns[name] = FunctionArn;
      const Tags = name === 'owned' ? { 'aws:cloudformation:stack-name': 'checkout' } : { team: 'shop' };
      await lambda.send(new TagResourceCommand({ Resource: FunctionArn, Tags }));
    }
  });

  it('is the stack that CloudFormation says', async () => {
    expect(await client.ownerOf(arns['owned'] ?? '')).toStrictEqual({ outcome: 'owned', stack: 'checkout' });
  });

  it('is nobody where there are other tags only', async () => {
    expect(await client.ownerOf(arns['tagged'] ?? '')).toStrictEqual({ outcome: 'not-owned' });
  });

  it.each([
    ['does not exist', `arn:aws:lambda:us-east-1:000000000000:function:none-${suffix}`],
    ['is not known to the tagging API', 'arn:aws:ssm:us-east-1:000000000000:parameter/none'],
    ['is no ARN', 'none'],
  ])('of what %s is unknown, which is no error', async (_, arn) => {
    expect(await client.ownerOf(arn)).toMatchObject({ outcome: 'unknown' });
  });

  it('is unknown where nobody can be asked', async () => {
    const unreachable = new OwnershipClient(new ResourceGroupsTaggingAPIClient(nowhere));
    expect(await unreachable.ownerOf(arns['owned'] ?? '')).toMatchObject({ outcome: 'unknown' });
  });
});
