import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  InvokeCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rollbackPlanOf } from '../../functions/change/action-definition.ts';
import {
  type PutParameterParameters,
  putParameter,
} from '../../functions/change/actions/ssm-put-parameter/definition.ts';
import type { Plan, SuccessCriterion } from '../../functions/change/plan.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { changeMachine } from './asl-interpreter.ts';
import { bundleZip } from './lambda-zip.ts';
import { policyDigest, shiftPlan, World } from './world.ts';

/**
 * The state machine itself, with the real handlers as Lambdas, real tables, a real alias and a real parameter,
 * all on the emulator.
 */
const lambda = new LambdaClient({});
const sfn = new SFNClient({});
const ssm = new SSMClient({});
const cloudWatch = new CloudWatchClient({});
const suffix = randomUUID().slice(0, 8);
const role = 'arn:aws:iam::000000000000:role/test';

let tables: TestTables;
let environment: Record<string, string>;
let machineArn: string;
let slowMachineArn: string;
let forgetfulMachineArn: string;
let unclearMachineArn: string;
let stepwiseMachineArn: string;
let personArn: string;
let recoverArn: string;
let workload: Server;
let workloadUrl: string;
let workloadStatus = 200;

beforeAll(async () => {
  tables = await freshTables();
  const topic = await new SNSClient({}).send(new CreateTopicCommand({ Name: `people-${suffix}` }));
  await new S3Client({ forcePathStyle: true }).send(
    new CreateBucketCommand({ Bucket: `snapshots-${suffix}` }),
  );
  workload = createServer((_, response) => response.writeHead(workloadStatus).end('checkout'));
  await new Promise<void>((done) => workload.listen(0, '127.0.0.1', done));
  const address = workload.address();
  workloadUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
  environment = {
    ENVIRONMENT: 'local',
    ARTEFACT_VERSION: 'test-artefact',
    POLICY_DIGEST: policyDigest,
    CONTROLS_TABLE: tables.controls,
    OPERATIONS_TABLE: tables.operations,
    LEDGER_TABLE: tables.ledgerTable,
    LOCK_LEASE_SECONDS: '300',
    VALIDATION_SECONDS: '6',
    PERSON_TOPIC_ARN: topic.TopicArn ?? '',
    PLACE: 'aws:us-east-1:000000000000',
    SNAPSHOT_BUCKET: `snapshots-${suffix}`,
    SNAPSHOT_RETENTION_SECONDS: '86400',
  };
  const entry = (path: string) => `export { handler } from '../../functions/change/${path}.handler.ts';`;
  const shift = 'actions/lambda-shift-alias/lambda-shift-alias';
  // Carries the change out and dies before it can say so.
  const forgetful = `
    import { handler as real } from '../../functions/change/${shift}.handler.ts';
    export const handler = async (event, context) => {
      const answer = await real(event, context);
      if (event.operation === 'execute') throw new Error('died after the effect');
      return answer;
    };`;
  // Cannot tell whether the change helped.
  const unclear = `
    import { handler as real } from '../../functions/change/${shift}.handler.ts';
    export const handler = async (event, context) =>
      event.operation === 'validate' ? { outcome: 'inconclusive', reason: 'test' } : real(event, context);`;
  // A person who has stored their answer answers the task at once.
  const person = `
    import { SFNClient, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
    import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
    export const handler = async ({ approvalId, incidentId, planDigest, taskToken }) => {
      const key = { pk: { S: 'APPROVAL#' + approvalId }, sk: { S: 'APPROVAL' } };
      const answer = { incidentId: { S: incidentId }, planDigest: { S: planDigest }, status: { S: 'approved' } };
      await new DynamoDBClient({}).send(
        new PutItemCommand({ TableName: process.env.OPERATIONS_TABLE, Item: { ...key, ...answer } }));
      const output = JSON.stringify({ outcome: 'approved' });
      await new SFNClient({}).send(new SendTaskSuccessCommand({ taskToken, output }));
      return { outcome: 'requested' };
    };`;
  // Makes the steps, and takes the metrics of the first two as good: a complete minute of them takes too long here.
  const stepwise = `
    import { handler as real } from '../../functions/change/${shift}.handler.ts';
    let looks = 0;
    export const handler = async (event, context) =>
      event.operation === 'validate' && ++looks <= 2
        ? { outcome: 'step-passed', reason: 'test' }
        : real(event, context);`;
  const control = await deploy('change-control', entry('change-control'));
  personArn = await deploy('person', person);
  const shiftArn = await deploy('shift-alias', entry(shift));
  const arns = {
    'lambda.shift-alias': shiftArn,
    'ssm.put-parameter': await deploy('put-parameter', entry('actions/ssm-put-parameter/ssm-put-parameter')),
  };
  machineArn = await createMachine('change', arns, control, 1);
  slowMachineArn = await createMachine('change-slow', arns, control, 60);
  forgetfulMachineArn = await createMachine(
    'change-forgetful',
    { ...arns, 'lambda.shift-alias': await deploy('forgetful', forgetful) },
    control,
    1,
  );
  unclearMachineArn = await createMachine(
    'change-unclear',
    { ...arns, 'lambda.shift-alias': await deploy('unclear', unclear) },
    control,
    1,
  );
  stepwiseMachineArn = await createMachine(
    'change-stepwise',
    { ...arns, 'lambda.shift-alias': await deploy('stepwise', stepwise) },
    control,
    1,
  );
  environment['CHANGE_STATE_MACHINE_ARN'] = slowMachineArn;
  recoverArn = await deploy('recover-change', entry('recover-change'));
}, 120_000);

afterAll(() => {
  workload.close();
});

describe('the deployed change machine', () => {
  it('keeps an alias shift that helped', async () => {
    const world = await aliasWorld();
    expect(await run(world)).toMatchObject({ outcome: 'kept' });
    expect(await versionOf(world)).toBe('1');
    expect(await world.types()).toStrictEqual([
      'change.lock-acquired',
      'change.snapshot-taken',
      'change.started',
      'change.executed',
      'change.validated',
      'change.released',
    ]);
  });

  it('keeps a parameter that helped, after an approval', async () => {
    const world = await parameterWorld('on', 'off');
    expect(await run(world)).toMatchObject({ outcome: 'kept' });
    expect(await parameterOf(world)).toBe('off');
  });

  it('stops under the kill switch', async () => {
    const world = await aliasWorld();
    await world.killSwitch(true);
    expect(await run(world)).toMatchObject({
      outcome: 'stopped',
      reason: 'the kill switch (global) is engaged',
    });
    expect(await versionOf(world)).toBe('2');
  });

  it('rolls back when the probe answers wrongly', async () => {
    const world = await aliasWorld([{ kind: 'http-probe', url: workloadUrl, expectStatus: 200 }]);
    workloadStatus = 503;
    expect(await run(world)).toMatchObject({
      outcome: 'rolled-back',
      reason: 'fail: probe: status 503 instead of 200',
    });
    workloadStatus = 200;
    expect(await versionOf(world)).toBe('2');
  });

  it('waits for the alarm and rolls back when it stays in ALARM', async () => {
    const world = await aliasWorld();
    await setAlarm(world, 'ALARM');
    expect(await run(world)).toMatchObject({
      outcome: 'rolled-back',
      reason: 'fail: alarm: it is still in ALARM at the deadline',
    });
    expect(await versionOf(world)).toBe('2');
  });

  it('rolls a parameter back to what was read', async () => {
    const world = await parameterWorld('on', 'off', [{ kind: 'alarm-ok', alarmName: 'no-such-alarm' }]);
    expect(await run(world)).toMatchObject({ outcome: 'rolled-back' });
    expect(await parameterOf(world)).toBe('on');
  });

  it('rolls back when execute dies after its effect', async () => {
    const world = await aliasWorld();
    expect(await run(world, forgetfulMachineArn)).toMatchObject({ outcome: 'rolled-back' });
    expect(await versionOf(world)).toBe('2');
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', lock: 'free', chainFaults: [] });
  });

  it('shifts an alias in steps, each through the gate', async () => {
    const world = await aliasWorld([], { progressive: true });
    expect(await run(world, stepwiseMachineArn)).toMatchObject({ outcome: 'kept' });
    expect(await versionOf(world)).toBe('1');
    expect(await world.settled()).toMatchObject({ status: 'kept', starts: 3, lock: 'free', chainFaults: [] });
  });

  it('keeps what a person judged, on their stored answer', async () => {
    const world = await aliasWorld();
    expect(await run(world, unclearMachineArn)).toMatchObject({
      outcome: 'kept',
      reason: 'a person decided to keep it; inconclusive: test',
    });
    expect(await world.types()).toContain('change.person-asked');
  });

  it('undoes a change that was kept, on the word of a person', async () => {
    const world = await aliasWorld();
    expect(await run(world)).toMatchObject({ outcome: 'kept' });
    const undo = { mode: 'undo', requestedBy: 'arn:aws:iam::000000000000:user/ada', reason: 'too slow' };
    const executionArn = await begin(world, machineArn, `${world.changeId}-undo-1`, undo);
    expect(await resultOf(executionArn)).toMatchObject({
      outcome: 'rolled-back',
      reason: 'undone by a person: too slow',
    });
    expect(await versionOf(world)).toBe('2');
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', lock: 'free', chainFaults: [] });
  });

  it('gives up on a locked target', async () => {
    const world = await aliasWorld();
    await world.put(tables.controls, {
      ...itemKeys.lock(world.targetKey),
      phase: 'held',
      fencingToken: 4,
      changeId: 'chg-other',
      incidentId: 'inc-other',
      leaseExpiresAtEpochMs: Date.now() + 600_000,
    });
    expect(await run(world)).toMatchObject({
      outcome: 'refused',
      reason: 'the target is locked by chg-other',
    });
    expect(await versionOf(world)).toBe('2');
    await world.remove(tables.controls, itemKeys.lock(world.targetKey));
  });

  it('refuses a SecureString', async () => {
    const world = await parameterWorld('on', 'off', [], 'SecureString');
    expect(await run(world)).toMatchObject({
      outcome: 'refused',
      reason: 'the parameter is not plain text (SecureString is refused)',
    });
  });

  it('refuses a target that does not stand where the plan begins', async () => {
    const world = await aliasWorld();
    await lambda.send(
      new UpdateAliasCommand({ FunctionName: world.functionName, Name: 'live', FunctionVersion: '1' }),
    );
    expect(await run(world)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('target-changed'),
      refusal: 'target-changed',
    });
  });

  it('recovers a change whose execution was stopped during the bake', async () => {
    const world = await aliasWorld();
    const executionArn = await begin(world, slowMachineArn);
    await until(async () => (await world.changes.find(world.changeId))?.status === 'executed');
    expect(await versionOf(world)).toBe('1');
    await sfn.send(new StopExecutionCommand({ executionArn, error: 'Test', cause: 'stopped by the test' }));
    const event = {
      'detail-type': 'Step Functions Execution Status Change',
      source: 'aws.states',
      detail: { name: world.changeId, stateMachineArn: slowMachineArn, status: 'ABORTED', executionArn },
    };
    await lambda.send(new InvokeCommand({ FunctionName: recoverArn, Payload: JSON.stringify(event) }));
    await until(async () => (await world.settled()).lock === 'free');
    expect(await world.settled()).toMatchObject({ status: 'rolled-back', chainFaults: [], releases: 1 });
    expect(await versionOf(world)).toBe('2');
  });
});

async function deploy(name: string, source: string): Promise<string> {
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: `${name}-${suffix}`,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: role,
      Timeout: 30,
      Code: { ZipFile: await bundleZip(source) },
      Environment: { Variables: environment },
    }),
  );
  return FunctionArn ?? '';
}

async function createMachine(
  name: string,
  arns: object,
  control: string,
  bakeSeconds: number,
): Promise<string> {
  const verdict = {
    askPersonFunctionArn: personArn,
    settleApprovalFunctionArn: 'never-invoked',
    seconds: 60,
  };
  const definition = structuredClone(changeMachine(arns, control, bakeSeconds, verdict));
  // The same machine with pauses a test can wait for.
  Object.assign(definition.States['Set the bounds']?.Assign ?? {}, {
    maxLockTries: 2,
    lockPauseSeconds: 1,
    validatePauseSeconds: 1,
    settleSeconds: 1,
  });
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({
      name: `${name}-${suffix}`,
      definition: JSON.stringify(definition),
      roleArn: role,
    }),
  );
  return stateMachineArn ?? '';
}

async function aliasWorld(
  criteria: readonly SuccessCriterion[] = [],
  more: { readonly progressive?: boolean } = {},
): Promise<World> {
  const world = new World(tables);
  const code = (answer: string) => bundleZip(`export const handler = async () => '${answer}';`);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: world.functionName,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: role,
      Code: { ZipFile: await code('good') },
    }),
  );
  await lambda.send(new PublishVersionCommand({ FunctionName: world.functionName }));
  await lambda.send(
    new UpdateFunctionCodeCommand({ FunctionName: world.functionName, ZipFile: await code('bad') }),
  );
  await lambda.send(new PublishVersionCommand({ FunctionName: world.functionName }));
  await lambda.send(
    new CreateAliasCommand({ FunctionName: world.functionName, Name: 'live', FunctionVersion: '2' }),
  );
  const plan = shiftPlan(world.incidentId, world.functionName, '1', more);
  return readyWorld(world, { ...plan, successCriteria: [...plan.successCriteria, ...criteria] });
}

async function parameterWorld(
  fromValue: string,
  toValue: string,
  criteria: readonly SuccessCriterion[] = [],
  Type: 'String' | 'SecureString' = 'String',
): Promise<World> {
  const world = new World(tables);
  const parameters: PutParameterParameters = { name: `/checkout/${world.functionName}`, fromValue, toValue };
  await ssm.send(new PutParameterCommand({ Name: parameters.name, Value: fromValue, Type }));
  return readyWorld(world, {
    ...shiftPlan(world.incidentId, world.functionName),
    action: putParameter.id,
    parameters: { ...parameters },
    target: putParameter.target(parameters),
    effect: putParameter.effect(parameters),
    rollbackPlan: rollbackPlanOf(putParameter, parameters),
    successCriteria: [
      ...putParameter.successCriteria(parameters),
      { kind: 'alarm-ok', alarmName: `${world.functionName}-errors` },
      ...criteria,
    ],
  });
}

async function readyWorld(world: World, plan: Plan): Promise<World> {
  world.plan = plan;
  await setAlarm(world, 'OK');
  await world.prepare({ approval: { usableUntilEpochMs: Date.now() + 600_000 } });
  await world.killSwitch(false);
  return world;
}

async function setAlarm(world: World, StateValue: 'OK' | 'ALARM'): Promise<void> {
  const AlarmName = `${world.functionName}-errors`;
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
}

async function begin(
  world: World,
  stateMachineArn: string,
  name = world.changeId,
  more: object = { mode: 'apply' },
): Promise<string> {
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({
      stateMachineArn,
      name,
      input: JSON.stringify({ ...world.subject, action: world.plan.action, ...more }),
    }),
  );
  return executionArn ?? '';
}

async function run(world: World, stateMachineArn = machineArn): Promise<unknown> {
  return resultOf(await begin(world, stateMachineArn));
}

async function resultOf(executionArn: string): Promise<unknown> {
  let result: unknown;
  await until(async () => {
    const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status === 'RUNNING') return false;
    result = execution.output === undefined ? execution : JSON.parse(execution.output);
    return true;
  });
  return result;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await isSo()) return;
    await sleep(150);
  }
  throw new Error('did not happen within 45 s');
}

async function versionOf(world: World): Promise<string | undefined> {
  const alias = await lambda.send(new GetAliasCommand({ FunctionName: world.functionName, Name: 'live' }));
  return alias.FunctionVersion;
}

async function parameterOf(world: World): Promise<string | undefined> {
  const name = `/checkout/${world.functionName}`;
  return (await ssm.send(new GetParameterCommand({ Name: name }))).Parameter?.Value;
}
