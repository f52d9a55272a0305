import { randomUUID } from 'node:crypto';
import { CreateStateMachineCommand, DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, it } from 'vitest';
import { UndoExecutions, type UndoRequest } from '../../cli/undo-executions.ts';

/** A machine that waits as long as it is told by the reason and says it was refused. */
const definition = {
  StartAt: 'Wait a while',
  QueryLanguage: 'JSONata',
  States: {
    'Wait a while': { Type: 'Wait', Seconds: '{% $number($states.input.reason) %}', Next: 'Report the end' },
    'Report the end': { Type: 'Pass', Output: { outcome: 'refused', reason: 'tried' }, End: true },
  },
};

const client = new SFNClient({});
let machineArn = '';
beforeAll(async () => {
  const { stateMachineArn = '' } = await client.send(
    new CreateStateMachineCommand({
      name: `undo-${randomUUID().slice(0, 8)}`,
      roleArn: 'arn:aws:iam::000000000000:role/none',
      definition: JSON.stringify(definition),
    }),
  );
  machineArn = stateMachineArn;
});

const request = (changeId: string, reason: string): UndoRequest => ({
  changeId,
  incidentId: 'inc-1',
  planDigest: 'd'.repeat(64),
  action: 'lambda.shift-alias',
  requestedBy: 'arn:aws:iam::000000000000:user/ana',
  reason,
});

async function ended(executions: UndoExecutions, name: string) {
  for (let looks = 0; looks < 200; looks++) {
    const seen = await executions.describe(name);
    if (seen !== undefined && seen.status !== 'RUNNING') return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} does not end`);
}

describe('executions that undo a change', () => {
  it('hand the machine who asks for what and why, and nothing else', async () => {
    const executions = new UndoExecutions(machineArn, {});
    const started = await executions.start(request('chg-a', '0'));
    expect(started).toStrictEqual({ name: 'chg-a-undo-1', outcome: 'started' });
    const { input = '' } = await client.send(
      new DescribeExecutionCommand({
        executionArn: `${machineArn.replace(':stateMachine:', ':execution:')}:chg-a-undo-1`,
      }),
    );
    expect(JSON.parse(input)).toStrictEqual({ ...request('chg-a', '0'), mode: 'undo' });
    expect(JSON.parse((await ended(executions, 'chg-a-undo-1')).output ?? '')).toMatchObject({
      outcome: 'refused',
    });
  });

  it('begin anew after one that ended, and join one that runs', async () => {
    const executions = new UndoExecutions(machineArn, {});
    await executions.start(request('chg-b', '0'));
    await ended(executions, 'chg-b-undo-1');
    expect(await executions.start(request('chg-b', '20'))).toStrictEqual({
      name: 'chg-b-undo-2',
      outcome: 'started',
    });
    expect(await executions.start(request('chg-b', '20'))).toStrictEqual({
      name: 'chg-b-undo-2',
      outcome: 'running',
    });
  });

  it('are one when five people ask at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => new UndoExecutions(machineArn, {}).start(request('chg-c', '20'))),
    );
    expect(new Set(answers.map(({ name }) => name))).toStrictEqual(new Set(['chg-c-undo-1']));
    expect(answers.filter(({ outcome }) => outcome === 'started')).toHaveLength(1);
  });

  it('know of none that was never asked for', async () => {
    expect(await new UndoExecutions(machineArn, {}).describe('chg-none-undo-1')).toBeUndefined();
  });
});
