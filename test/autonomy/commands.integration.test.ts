import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CloudFormationClient,
  CreateStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { Database, type Item } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { PolicyArchive } from '../../functions/policy/policy-archive.store.ts';
import { type Emulator, startEmulator } from '../../local/emulator.ts';
import { createPeople } from '../../local/people.ts';
import { region, rootCredentials } from '../../local/places.ts';

/** The commands as people run them, as different people, against a stack of tables and a topic. */
const interlock = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const operations = 'Operations';
let emulator: Emulator;
let folder: string;
let database: Database;
const put = (table: string, item: Item) => database.transact([{ kind: 'put', table, item }]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interlock-commands-'));
  emulator = await startEmulator({ iam: false, tls: false, logFile: join(folder, 'emulator.log') });
  const config = { endpoint: emulator.endpointUrl, region, credentials: rootCredentials };
  database = new Database(new DynamoDBClient(config));
  const topic = await new SNSClient(config).send(new CreateTopicCommand({ Name: 'people' }));
  const cloudFormation = new CloudFormationClient(config);
  await cloudFormation.send(
    new CreateStackCommand({ StackName: 'Interlock-local', TemplateBody: template(topic.TopicArn ?? '') }),
  );
  await waitUntilStackCreateComplete(
    { client: cloudFormation, minDelay: 1, maxWaitTime: 30 },
    { StackName: 'Interlock-local' },
  );
  writeFileSync(join(folder, 'ca.pem'), rootCertificates[0] ?? '');
  writeFileSync(
    join(folder, 'local.json'),
    JSON.stringify({
      endpointUrl: emulator.endpointUrl,
      caFile: join(folder, 'ca.pem'),
      region,
      frontDoorUrl: emulator.endpointUrl,
      people: await createPeople(new IAMClient(config)),
    }),
  );
});
afterAll(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('interlock autonomy', () => {
  const place = ['local', 'responder', 'traffic'];

  it('lowers at once, and raises only with a second person, on evidence', async () => {
    expect(await cli('--as', 'ana', 'autonomy', 'set', ...place, 'suggest', '--reason', 'odd')).toMatchObject(
      {
        code: 0,
        out: expect.stringContaining('from guarded to suggest: in force now'),
      },
    );
    const asked = await json(
      '--as',
      'ana',
      'autonomy',
      'set',
      ...place,
      'auto-low',
      '--reason',
      'fine again',
    );
    expect(asked).toMatchObject({ outcome: 'requested', request: { from: 'suggest', to: 'auto-low' } });
    const { requestId } = (asked as { request: { requestId: string } }).request;
    expect((await cli('autonomy', 'requests')).out).toMatch(
      /raise-[\s\S]*no success rate[\s\S]*incidents[\s\S]*since the last change[\s\S]*last lowered .*user\/ana: odd/,
    );
    const own = await cli('--as', 'ana', 'autonomy', 'approve', requestId);
    expect(own).toMatchObject({ code: 1, err: expect.stringContaining('a second person has to approve') });
    const owner = await cli('--as', 'mia', 'autonomy', 'approve', requestId);
    expect(owner).toMatchObject({ code: 1, err: expect.stringContaining('you answer for agent responder') });
    expect((await cli('--as', 'ben', 'autonomy', 'approve', requestId)).code).toBe(0);
    expect(await json('autonomy', 'show')).toContainEqual(
      expect.objectContaining({
        environment: 'local',
        actionClass: 'traffic',
        stage: 'auto-low',
        declared: 'guarded',
        changedBy: 'arn:aws:iam::000000000000:user/ben',
        cause: 'raised',
      }),
    );
    expect((await cli('autonomy', 'history')).out).toMatch(
      /autonomy\.lowered[\s\S]*autonomy\.raise-requested[\s\S]*autonomy\.raised/,
    );
  });

  it.each<[string[], number, RegExp]>([
    [['set', 'local', 'responder', 'traffik', 'observe', '--reason', 'x'], 1, /known are .*traffic/],
    [['set', ...place, 'Guarded', '--reason', 'x'], 2, /observe, suggest, auto-low, guarded/],
    [['set', ...place, 'observe'], 2, /--reason/],
    [['approve', 'raise-nothing'], 1, /autonomy requests/],
  ])('refuses %j with exit code %d and says what there is', async (args, code, message) => {
    const refused = await cli('autonomy', ...args);
    expect([refused.code, refused.err]).toStrictEqual([code, expect.stringMatching(message)]);
  });

  it('shows what was declared by a publication', async () => {
    const ledger = new LedgerStore(database, 'Ledger', 'test');
    const stages = [
      { environment: 'local', agentRole: 'responder', actionClass: 'repair', stage: 'guarded' },
    ];
    const files = { 'autonomy.json': JSON.stringify({ stages }) };
    await new PolicyArchive(database, ledger, operations).publish(files, 'artefact', Date.now());
    expect((await cli('autonomy', 'history')).out).toMatch(
      /autonomy\.declared .*actionClass=repair .*stage=guarded/,
    );
    expect((await cli('autonomy', 'history')).out).not.toContain('policy.published');
    expect(await json('autonomy', 'evidence', 'local', 'responder', 'repair')).toMatchObject({
      evidence: { sinceLastChange: { ended: 0 } },
    });
  });

  it('does not skip a stage on the way up', async () => {
    await cli('autonomy', 'set', ...place, 'observe', '--reason', 'start over');
    const refused = await cli('--as', 'ana', 'autonomy', 'set', ...place, 'guarded', '--reason', 'x');
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('ask for suggest') });
  });
});

describe('interlock exception', () => {
  const wanted = (change: Record<string, string>) =>
    Object.entries({
      role: 'responder',
      action: 'lambda.shift-alias',
      target: 'lambda-alias/checkout:live',
      environment: 'local',
      owner: 'platform team',
      ticket: 'OPS-12',
      reason: 'the responder helps out this week',
      days: '1',
      ...change,
    }).flatMap(([name, value]) => [`--${name}`, value]);

  it('is approved by neither who asked nor the agent’s owner', async () => {
    const asked = await json('--as', 'ana', 'exception', 'request', ...wanted({}));
    const { exceptionId } = asked as { exceptionId: string };
    const approve = (as: string) => cli('--as', as, 'exception', 'approve', exceptionId);
    expect(await approve('ana')).toMatchObject({ code: 1, out: expect.stringContaining('a second person') });
    expect(await approve('mia')).toMatchObject({ code: 1, out: expect.stringContaining('agent-owner') });
    expect(await approve('ben')).toMatchObject({ code: 0 });
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ role: 'respondr' }, /no agent role "respondr"; known are responder/],
    [{ environment: 'locl' }, /no environment "locl"; known are local/],
    [{ action: 'lambda.shift-alais' }, /not in the action catalogue/],
    [{ target: 'bogus' }, /one target as kind\/name/],
    [{ target: 'ecs-service/shop:web' }, /whose keys are lambda-alias\//],
    [{ action: 'ssm.run-automation' }, /of another kind/],
  ])('cannot be requested with %j', async (change, message) => {
    const refused = await cli('--as', 'ana', 'exception', 'request', ...wanted(change));
    expect([refused.code, refused.err]).toStrictEqual([1, expect.stringMatching(message)]);
  });
});

describe('interlock policy', () => {
  it.each<[string[], RegExp]>([
    [['matrix', '--environment', 'nowhere'], /no environment "nowhere"; known are local/],
    [['replay', '--since', '1h', '--candidate', '/nonexistent'], /no directory \/nonexistent/],
    [['replay', '--since', '1h', '--candidate', interlock], /no directory .*main\.ts/],
  ])('refuses %j', async (args, message) => {
    const refused = await cli('policy', ...args);
    expect([refused.code, refused.err]).toStrictEqual([1, expect.stringMatching(message)]);
    expect(refused.err).not.toContain('unexpected');
  });

  it('shows the matrix of the stage that is named', async () => {
    expect(await json('policy', 'matrix', '--live')).toMatchObject({ environment: 'local' });
    expect(await json('--stage', 'prod', 'policy', 'matrix')).toMatchObject({ environment: 'prod' });
    expect(await json('policy', 'matrix', '--environment', 'local')).toMatchObject({ environment: 'local' });
  });
});

describe('interlock kill-switch', () => {
  it('stops one agent and says what else stands', async () => {
    await cli('kill-switch', 'off', '--reason', 'start of shift');
    const on = await cli('--as', 'ben', 'kill-switch', 'on', '--agent', 'responder', '--reason', 'odd');
    expect(on).toMatchObject({
      code: 0,
      out: expect.stringMatching(/nothing of agent responder[\s\S]*stopped/),
    });
    const status = await cli('kill-switch', 'status');
    expect(status.out).toMatch(
      /engaged: nothing of agent responder[\s\S]*user\/ben[\s\S]*HEARTBEAT: no switch/,
    );
    expect(await json('kill-switch', 'status')).toMatchObject({
      state: 'released',
      engaged: [{ scope: 'agent#responder' }],
      heartbeat: { stale: true },
    });
    const off = await cli('kill-switch', 'off', '--agent', 'responder', '--reason', 'understood');
    expect(off.out).not.toContain('still engaged');
  });

  it('reports what is covered and in flight, and does not wait for the rest', async () => {
    await put('Controls', {
      ...itemKeys.lock('lambda-alias/checkout:live'),
      phase: 'rolling-back',
      changeId: 'chg-1',
      incidentId: 'inc-1',
      fencingToken: 1,
    });
    const on = await cli('kill-switch', 'on', '--action', 'lambda.shift-alias', '--wait-seconds', '0');
    expect(on.code).toBe(3);
    expect(on.out).toMatch(/not stopped[\s\S]*is being rolled back \(always allowed\)/);
    await put('Controls', {
      ...itemKeys.lock('lambda-alias/checkout:live'),
      phase: 'free',
      fencingToken: 1,
    });
    expect(await json('kill-switch', 'on', '--action', 'lambda.shift-alias')).toMatchObject({
      scope: 'action#lambda.shift-alias',
      stopped: true,
    });
    expect((await cli('kill-switch', 'off', '--reason', 'over')).out).toContain(
      'still engaged: action#lambda.shift-alias',
    );
  });

  it.each<[string[], number, RegExp]>([
    [['on', '--action', 'lambda.shift-alais'], 1, /known are .*lambda\.shift-alias/],
    [['on', '--agent', 'responder', '--environment', 'local'], 2, /one of/],
  ])('refuses %j with exit code %d', async (args, code, message) => {
    const refused = await cli('kill-switch', ...args);
    expect([refused.code, refused.err]).toStrictEqual([code, expect.stringMatching(message)]);
  });
});

describe('interlock break-glass', () => {
  const incidentId = 'inc-00000000000000000001';

  it('is for those with the role, is shown, and is reviewed by somebody else', async () => {
    const signal = { environment: 'local' };
    await put(operations, { ...itemKeys.incident(incidentId), incidentId, status: 'open', signal });
    const open = ['break-glass', 'open', '--incident', incidentId, '--reason', 'nobody answers'];
    expect(await cli('--as', 'mia', ...open)).toMatchObject({
      code: 1,
      err: expect.stringContaining('may not break the glass'),
    });
    expect(await json('--as', 'ana', ...open, '--minutes', '5')).toMatchObject({ outcome: 'opened' });
    expect((await cli('break-glass', 'status', '--incident', incidentId)).out).toMatch(/is broken until/);
    const [finding] = (await json('findings')) as { findingId: string; overdue: boolean }[];
    expect(finding).toMatchObject({ kind: 'break-glass-review', owner: 'security', overdue: false });
    const close = ['findings', 'close', finding?.findingId ?? '', '--evidence', 'post-mortem 12'];
    expect(await cli('--as', 'ana', ...close)).toMatchObject({
      code: 1,
      err: expect.stringContaining('somebody else has to close it'),
    });
    expect((await cli('--as', 'ben', ...close)).code).toBe(0);
    expect((await cli('findings')).out).toBe('no open findings\n');
    expect((await cli('findings', '--closed')).out).toContain('user/ben');
  });

  it.each<[string[], number, RegExp]>([
    [['--incident', incidentId], 2, /--reason/],
    [['--incident', 'inc-none', '--reason', 'x'], 1, /there is no incident/],
  ])('refuses %j with exit code %d', async (args, code, message) => {
    const refused = await cli('--as', 'ana', 'break-glass', 'open', ...args);
    expect([refused.code, refused.err]).toStrictEqual([code, expect.stringMatching(message)]);
  });
});

async function json(...args: string[]): Promise<unknown> {
  const { code, out, err } = await cli(...args, '--json');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
  return JSON.parse(out);
}

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env['PATH'], INTERLOCK_LOCAL_STATE: join(folder, 'local.json') };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [interlock, ...args], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

/** Tables and outputs as `infra/` gives them, as far as these commands need them. */
function template(topicArn: string): string {
  const table = (TableName: string, withStatusIndex = false) => ({
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', ...(withStatusIndex ? ['statusKey', 'statusAt'] : [])].map(
        (AttributeName) => ({ AttributeName, AttributeType: 'S' }),
      ),
      KeySchema: keys('pk', 'sk'),
      ...(withStatusIndex
        ? {
            GlobalSecondaryIndexes: [
              {
                IndexName: 'byStatus',
                KeySchema: keys('statusKey', 'statusAt'),
                Projection: { ProjectionType: 'ALL' },
              },
            ],
          }
        : {}),
    },
  });
  const values = {
    ControlsTable: 'Controls',
    OperationsTable: operations,
    LedgerTable: 'Ledger',
    PersonTopicArn: topicArn,
    ChangeStateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:none',
    SnapshotRetentionDays: '7',
  };
  return JSON.stringify({
    Resources: { Controls: table('Controls'), Operations: table(operations, true), Ledger: table('Ledger') },
    Outputs: Object.fromEntries(Object.entries(values).map(([name, Value]) => [name, { Value }])),
  });
}

function keys(partition: string, sort: string) {
  return [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: sort, KeyType: 'RANGE' },
  ];
}
