import { randomUUID } from 'node:crypto';
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { beforeAll, describe, expect, it } from 'vitest';
import { AlarmClient } from '../../functions/change/actions/alarm.client.ts';
import { AliasClient } from '../../functions/change/actions/lambda-shift-alias/alias.client.ts';
import { aliasTarget } from '../../functions/change/actions/lambda-shift-alias/alias-target.ts';
import { SnapshotStore } from '../../functions/change/actions/snapshot.store.ts';
import { ParameterClient } from '../../functions/change/actions/ssm-put-parameter/parameter.client.ts';
import { bundleZip } from './lambda-zip.ts';

const suffix = randomUUID().slice(0, 8);

describe('an alias', () => {
  const lambda = new LambdaClient({});
  const client = new AliasClient(lambda);
  const parameters = { functionName: `alias-${suffix}`, aliasName: 'live', fromVersion: '2', toVersion: '1' };
  const foreign = (version: string, weights: Record<string, number> = {}) =>
    lambda.send(
      new UpdateAliasCommand({
        FunctionName: parameters.functionName,
        Name: 'live',
        FunctionVersion: version,
        RoutingConfig: { AdditionalVersionWeights: weights },
      }),
    );
  const read = async () => {
    const reading = await client.read(parameters);
    if (reading.outcome !== 'found') throw new Error(reading.reason);
    return reading.state;
  };

  beforeAll(async () => {
    const FunctionName = parameters.functionName;
    const code = (answer: string) => bundleZip(`export const handler = async () => '${answer}';`);
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: 'arn:aws:iam::000000000000:role/test',
        Code: { ZipFile: await code('one') },
      }),
    );
    for (const answer of ['two', 'three']) {
      await lambda.send(new PublishVersionCommand({ FunctionName }));
      await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: await code(answer) }));
    }
    await lambda.send(new PublishVersionCommand({ FunctionName }));
    await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '2' }));
  });

  it('is moved and brought back with its weights', async () => {
    await foreign('2', { '3': 0.25 });
    const snapshot = await read();
    expect(snapshot).toMatchObject({ functionVersion: '2', additionalWeights: { '3': 0.25 } });
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'written' });
    const moved = await read();
    expect(moved).toMatchObject({ functionVersion: '1', additionalWeights: {} });
    expect(await client.restore(parameters, snapshot, moved)).toStrictEqual({ outcome: 'written' });
    expect(await read()).toMatchObject({ functionVersion: '2', additionalWeights: { '3': 0.25 } });
  });

  it('is moved in steps, each behind the write that was read, and brought back from any of them', async () => {
    await foreign('2');
    const progressive = { ...parameters, progressive: true };
    const snapshot = await read();
    const routes: unknown[] = [];
    for (const index of [0, 1, 2]) {
      const current = await read();
      expect(await client.apply(progressive, snapshot, { index, current })).toStrictEqual({
        outcome: 'written',
      });
      const { functionVersion, additionalWeights } = await read();
      routes.push([functionVersion, additionalWeights]);
      expect(aliasTarget.isAtStep?.(progressive, await read(), index)).toBe(true);
      // What was read before this step is no longer what stands there.
      expect(await client.apply(progressive, snapshot, { index, current })).toStrictEqual({
        outcome: 'target-changed',
      });
    }
    expect(routes).toStrictEqual([
      ['2', { '1': 0.1 }],
      ['2', { '1': 0.5 }],
      ['1', {}],
    ]);
    expect(await client.apply(progressive, snapshot, { index: 1, current: await read() })).toStrictEqual({
      outcome: 'written',
    });
    expect(await client.restore(progressive, snapshot, await read())).toStrictEqual({ outcome: 'written' });
    expect(await read()).toMatchObject({ functionVersion: '2', additionalWeights: {} });
  });

  it('that somebody else has written since is left alone', async () => {
    await foreign('2');
    const snapshot = await read();
    await foreign('3');
    await foreign('2');
    expect(await client.apply(parameters, snapshot)).toStrictEqual({ outcome: 'target-changed' });
    expect(await client.restore(parameters, { ...snapshot, functionVersion: '1' }, snapshot)).toStrictEqual({
      outcome: 'target-changed',
    });
    expect(await read()).toMatchObject({ functionVersion: '2' });
  });

  it('that does not exist is refused', async () => {
    expect(await client.read({ ...parameters, aliasName: 'nowhere' })).toMatchObject({ outcome: 'refused' });
    expect(await client.read({ ...parameters, functionName: 'nowhere' })).toMatchObject({
      outcome: 'refused',
    });
  });
});

describe('a parameter', () => {
  const ssm = new SSMClient({});
  const client = new ParameterClient(ssm);
  const named = (name: string) => ({ name: `/test-${suffix}/${name}`, fromValue: 'on', toValue: 'off' });
  const put = (Name: string, Value: string, Type: 'String' | 'StringList' | 'SecureString' = 'String') =>
    ssm.send(new PutParameterCommand({ Name, Value, Type, Overwrite: true }));
  const valueOf = async (Name: string) => (await ssm.send(new GetParameterCommand({ Name }))).Parameter;

  it.each(['String', 'StringList'] as const)('of type %s is set and brought back', async (type) => {
    const parameters = named(type);
    await put(parameters.name, 'on', type);
    const snapshot = await client.read(parameters);
    if (snapshot.outcome !== 'found') throw new Error(snapshot.reason);
    expect(await client.apply(parameters, snapshot.state)).toStrictEqual({ outcome: 'written' });
    expect(await valueOf(parameters.name)).toMatchObject({ Value: 'off', Type: type });
    const current = await client.read(parameters);
    if (current.outcome !== 'found') throw new Error(current.reason);
    expect(await client.restore(parameters, snapshot.state, current.state)).toStrictEqual({
      outcome: 'written',
    });
    expect(await valueOf(parameters.name)).toMatchObject({ Value: 'on', Type: type });
  });

  it('notices a write that got in between its read and its own write', async () => {
    const parameters = named('raced');
    await put(parameters.name, 'on');
    const snapshot = await client.read(parameters);
    if (snapshot.outcome !== 'found') throw new Error(snapshot.reason);
    await put(parameters.name, 'maybe');
    expect(await client.apply(parameters, snapshot.state)).toMatchObject({ outcome: 'failed' });
  });

  it('that is a SecureString is refused, and its value not asked for', async () => {
    const parameters = named('secret');
    await put(parameters.name, 'hunter2', 'SecureString');
    const reading = await client.read(parameters);
    expect(reading).toMatchObject({ outcome: 'refused' });
    expect(JSON.stringify(reading)).not.toContain('hunter2');
  });

  it('that does not exist is refused', async () => {
    expect(await client.read(named('nowhere'))).toMatchObject({ outcome: 'refused' });
  });
});

describe('a snapshot', () => {
  const bucket = `snapshots-clients-${suffix}`;
  const store = new SnapshotStore(bucket, new S3Client({ forcePathStyle: true }));
  beforeAll(async () => {
    await new S3Client({ forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: bucket }));
  });

  it('stays what it was first, also when two are written at once', async () => {
    expect(await store.find('a/1.json')).toBeUndefined();
    expect(await store.keepFirst('a/1.json', '{"first":true}')).toBe('{"first":true}');
    expect(await store.keepFirst('a/1.json', '{"second":true}')).toBe('{"first":true}');
    const kept = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        store.keepFirst('a/2.json', JSON.stringify({ index, text: 'é✓' })),
      ),
    );
    expect(new Set(kept).size).toBe(1);
    expect(await store.find('a/2.json')).toBe(kept[0]);
  });
});

describe('an alarm', () => {
  const cloudWatch = new CloudWatchClient({});
  const client = new AlarmClient(cloudWatch);
  const AlarmName = `alarm-${suffix}`;

  it.each([
    ['OK', 'pass'],
    ['ALARM', 'not-yet'],
    ['INSUFFICIENT_DATA', 'no-data'],
  ] as const)('in state %s: %s', async (StateValue, result) => {
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName,
        MetricName: AlarmName,
        Namespace: 'Test',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    );
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'test' }));
    expect(await client.look(AlarmName)).toMatchObject({ result });
  });

  it('that does not exist has no data; one that cannot be asked is unreadable', async () => {
    expect(await client.look(`nowhere-${suffix}`)).toMatchObject({ result: 'no-data' });
    const unreachable = new CloudWatchClient({ endpoint: 'http://127.0.0.1:1', maxAttempts: 1 });
    expect(await new AlarmClient(unreachable).look(AlarmName)).toMatchObject({ result: 'unreadable' });
  });
});
