import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { redriveExecution } from '../../../functions/change/actions/states-redrive-execution/definition.ts';
import { ExecutionClient } from '../../../functions/change/actions/states-redrive-execution/execution.client.ts';
import { executionTarget } from '../../../functions/change/actions/states-redrive-execution/execution-target.ts';
import {
  machineArnOf,
  type StepFunctionsStandIn,
  startStepFunctionsStandIn,
} from './step-functions.stand-in.ts';

const executionArn = 'arn:aws:states:eu-west-1:111122223333:execution:order-import:2026-03-02';
const parameters = { executionArn, fromRedriveCount: 1 };
const failed = { status: 'FAILED', redriveCount: 1, isRedrivable: true };

describe('parameters', () => {
  it.each([
    ['its own', { executionArn, fromRedriveCount: 0 }, true],
    ['a count of 1,000', { executionArn, fromRedriveCount: 1_000 }, true],
    ['a count of 1,001', { executionArn, fromRedriveCount: 1_001 }, false],
    ['a count of −1', { executionArn, fromRedriveCount: -1 }, false],
    ['a fraction', { executionArn, fromRedriveCount: 0.5 }, false],
    ['no count', { executionArn }, false],
    ['an unknown member', { ...parameters, clientToken: 'mine' }, false],
    ['a state machine', { ...parameters, executionArn: machineArnOf(executionArn) }, false],
    [
      'an express execution',
      { ...parameters, executionArn: executionArn.replace('execution', 'express') },
      false,
    ],
    ['a map run', { ...parameters, executionArn: `${executionArn}:9` }, false],
    ['a wildcard', { ...parameters, executionArn: executionArn.replace('2026-03-02', '*') }, false],
    ['text around it', { ...parameters, executionArn: ` ${executionArn}\n` }, false],
    ['a look-alike letter', { ...parameters, executionArn: executionArn.replace('o', 'о') }, false],
  ])('%s', (_, given, isTaken) => {
    expect(z.safeParse(redriveExecution.parameters, given).success).toBe(isTaken);
  });

  it('name the target that policies see and that is locked', () => {
    expect(redriveExecution.target(parameters)).toStrictEqual({
      type: 'states-execution',
      id: 'order-import:2026-03-02',
      key: 'states-execution/order-import:2026-03-02',
    });
    expect(
      redriveExecution.targetArn(parameters, {
        partition: 'aws',
        region: 'eu-west-1',
        account: '111122223333',
      }),
    ).toBe('arn:aws:states:eu-west-1:111122223333:stateMachine:order-import');
  });
});

describe('an execution', () => {
  it.each([
    [failed, true, false],
    [{ ...failed, status: 'TIMED_OUT' }, true, false],
    [{ ...failed, status: 'ABORTED' }, true, false],
    [{ ...failed, isRedrivable: false }, false, false],
    [{ ...failed, status: 'RUNNING' }, false, false],
    [{ ...failed, status: 'SUCCEEDED' }, false, false],
    [{ ...failed, status: 'failed' }, false, false],
    [{ ...failed, redriveCount: 0 }, false, false],
    [{ status: 'RUNNING', redriveCount: 2, isRedrivable: false }, false, true],
    [{ ...failed, redriveCount: 2 }, false, true],
    [{ ...failed, redriveCount: 3 }, false, false],
  ])('%j stands before: %s, after: %s', (state, isBefore, isAfter) => {
    expect(executionTarget.isBefore(parameters, state)).toBe(isBefore);
    expect(executionTarget.isAfter(parameters, state)).toBe(isAfter);
  });

  it.each([
    ['RUNNING', true],
    ['SUCCEEDED', true],
    ['FAILED', false],
    ['TIMED_OUT', false],
    ['ABORTED', false],
    ['PENDING_REDRIVE', false],
  ])('that is %s after its redrive passes validation: %s', (status, passes) => {
    const [criterion] = redriveExecution.successCriteria(parameters);
    const readBack = executionTarget.readBack({ status, redriveCount: 2, isRedrivable: false });
    expect(criterion).toStrictEqual({ kind: 'read-back', expected: expect.any(String) });
    expect(criterion?.kind === 'read-back' && criterion.expected === readBack).toBe(passes);
  });

  it('that was redriven once more by somebody else does not pass', () => {
    const [criterion] = redriveExecution.successCriteria(parameters);
    const readBack = executionTarget.readBack({ status: 'RUNNING', redriveCount: 3, isRedrivable: false });
    expect(criterion).not.toMatchObject({ expected: readBack });
  });
});

describe('the client', () => {
  let stepFunctions: StepFunctionsStandIn;
  let client: ExecutionClient;
  beforeAll(async () => {
    stepFunctions = await startStepFunctionsStandIn();
    const sdk = new SFNClient({
      endpoint: stepFunctions.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    client = new ExecutionClient(sdk, sdk);
  });
  afterAll(() => stepFunctions.stop());
  beforeEach(() => {
    stepFunctions.executions.set(executionArn, { status: 'FAILED', redriveCount: 1, tokens: new Set() });
    stepFunctions.tagged.add(machineArnOf(executionArn));
  });

  it('reads an execution of a tagged state machine', async () => {
    expect(await client.read(parameters)).toStrictEqual({ outcome: 'found', state: failed });
  });

  it('refuses one whose state machine may not be read', async () => {
    stepFunctions.tagged.clear();
    expect(await client.read(parameters)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('not tagged for this environment'),
    });
  });

  it('redrives once for one change, and again for a later one', async () => {
    const execution = { status: 'FAILED' as const, redriveCount: 1, tokens: new Set<string>() };
    stepFunctions.executions.set(executionArn, execution);
    expect(await client.apply(parameters, failed)).toStrictEqual({ outcome: 'written' });
    expect(await client.apply(parameters, failed)).toStrictEqual({ outcome: 'written' });
    expect(execution).toMatchObject({ status: 'RUNNING', redriveCount: 2 });
    const later = { ...parameters, fromRedriveCount: 2 };
    expect(await client.apply(later, { ...failed, redriveCount: 2 })).toStrictEqual({
      outcome: 'target-changed',
    });
    expect(execution.redriveCount).toBe(2);
  });

  it('sends a token that Step Functions takes: at most 64 printable characters', async () => {
    await client.apply(parameters, failed);
    const [token] = stepFunctions.executions.get(executionArn)?.tokens ?? [];
    expect(token).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not pretend to take a redrive back', async () => {
    expect(await client.restore()).toMatchObject({ outcome: 'failed' });
    expect(stepFunctions.executions.get(executionArn)).toMatchObject({ status: 'FAILED', redriveCount: 1 });
  });
});
