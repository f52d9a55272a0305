import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateFunctionCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { beforeAll, describe, expect, it } from 'vitest';
import { storedZip } from '../platform/stored-zip.ts';

/**
 * The incident machine itself on the emulator's Step Functions, with one function that answers for all: what it
 * is asked tells it who it is. It closes with what it was told, so that the output shows what the machine carried.
 */
const answers = `
exports.handler = async (asked) => {
  const { incidentId, planDigest, operation, checks, round, result, reason } = asked;
  const behaviour = incidentId.split('-')[1];
  if (result !== undefined) return { outcome: 'closed', result: result + ': ' + reason };
  if (checks !== undefined) {
    const failedChecks = checks.filter((check) => check.result === 'fail').map((check) => check.name);
    const seen = checks.map((check) => check.name + '=' + check.result).join();
    return { outcome: 'recommended', failedChecks, reason: planDigest + ' checked ' + seen };
  }
  if (operation === 'pre-check') {
    if (behaviour === 'broken') throw new Error('the target could not be asked');
    const result = behaviour === 'impossible' ? 'fail' : 'pass';
    return { outcome: 'checked', checks: [{ name: 'target', result, reason: 'looked' }] };
  }
  if (round !== undefined) return { outcome: 'planned', planDigests: ['plan' + round], confidence: 0.9 };
  const isFirst = behaviour === 'moved' && planDigest === 'plan1';
  return {
    outcome: isFirst ? 'auto' : behaviour === 'impossible' ? 'require-approval' : 'recommend',
    clause: 'autonomy.matrix',
    reason: 'stage observe',
    action: 'lambda.shift-alias',
    changeId: incidentId + '-' + planDigest,
  };
};`;

/** Refuses every change because somebody else changed its target. */
const refusingChange = {
  StartAt: 'Refuse the change',
  QueryLanguage: 'JSONata',
  States: {
    'Refuse the change': {
      Type: 'Pass',
      Output: { outcome: 'refused', refusal: 'target-changed', reason: 'somebody else moved the alias' },
      End: true,
    },
  },
};

const sfn = new SFNClient({});
const roleArn = 'arn:aws:iam::000000000000:role/test';
const suffix = randomUUID().slice(0, 8);
let machineArn = '';

beforeAll(async () => {
  const lambda = new LambdaClient({});
  const FunctionName = `incident-answers-${suffix}`;
  const { FunctionArn = '' } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: roleArn,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 20,
      Code: { ZipFile: storedZip('index.js', answers) },
    }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, minDelay: 1, maxWaitTime: 30 }, { FunctionName });
  const change = await sfn.send(
    new CreateStateMachineCommand({
      name: `refusing-change-${suffix}`,
      roleArn,
      definition: JSON.stringify(refusingChange),
    }),
  );
  const definition = readFileSync(new URL('../../state-machines/incident.asl.json', import.meta.url), 'utf8')
    .replaceAll('${ActionFunctionArns}', JSON.stringify({ 'lambda.shift-alias': FunctionArn }))
    .replaceAll('${ChangeStateMachineArn}', change.stateMachineArn ?? '')
    .replaceAll('${ApprovalSeconds}', '5')
    .replace(/\$\{\w+FunctionArn\}/g, FunctionArn);
  const machine = await sfn.send(
    new CreateStateMachineCommand({ name: `incident-${suffix}`, roleArn, definition }),
  );
  machineArn = machine.stateMachineArn ?? '';
}, 60_000);

/** How an incident is closed, in the machine's own words. */
async function close(behaviour: string): Promise<unknown> {
  const incidentId = `inc-${behaviour}-${suffix}`;
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn: machineArn, input: JSON.stringify({ incidentId }) }),
  );
  for (let looks = 0; looks < 300; looks++) {
    const { status, output = '{}', cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'SUCCEEDED') return (JSON.parse(output) as { result: unknown }).result;
    if (status !== 'RUNNING') throw new Error(`${status}: ${cause}`);
    await sleep(100);
  }
  throw new Error('does not end');
}

describe('the incident machine on Step Functions', () => {
  it('pre-checks and recommends', async () => {
    expect(await close('plain')).toBe('recommended: plan1 checked target=pass');
  });

  it('recommends with unknown checks when the pre-check breaks', async () => {
    expect(await close('broken')).toBe('recommended: plan1 checked pre-check=unknown');
  });

  it('passes over a plan that cannot succeed without asking anybody', async () => {
    expect(await close('impossible')).toBe('needs-person: plan1 checked target=fail');
  });

  it('plans anew once when the target was changed by somebody else', async () => {
    expect(await close('moved')).toBe('recommended: plan2 checked target=pass');
  });
});
