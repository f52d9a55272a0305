import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreatePolicyCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../local/emulator.ts';
import { isRunning } from '../../local/processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'emulator test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the emulator as npm start runs it: IAM enforced, over TLS', () => {
  let emulator: Emulator;
  const crashes: string[] = [];

  beforeAll(async () => {
    emulator = await startEmulator({
      iam: true,
      tls: true,
      logFile: join(folder, 'emulator.log'),
      onCrash: (message) => crashes.push(message),
    });
  });
  afterAll(() => emulator.stop());

  const clientSettings = () => ({
    endpoint: emulator.endpointUrl,
    region: 'us-east-1',
    requestHandler: new NodeHttpHandler({
      httpsAgent: new Agent({ ca: readFileSync(emulator.caFile ?? '', 'utf8') }),
    }),
  });
  const asRoot = () => ({
    ...clientSettings(),
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });

  /** A role that may do everything, limited by a boundary that allows only putting events. */
  const asBoundedRole = async () => {
    const iam = new IAMClient(asRoot());
    const document = (Action: string[]) =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
    };
    const RoleName = 'bounded';
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }),
    );
    await iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'all', PolicyDocument: document(['*']) }),
    );
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: 'boundary', PolicyDocument: document(['events:*']) }),
    );
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: Policy?.Arn }));
    const { Credentials } = await new STSClient(asRoot()).send(
      new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'test' }),
    );
    return {
      ...clientSettings(),
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    };
  };

  it('lets a role do no more than its boundary, and put no event in the name of AWS', async () => {
    const settings = await asBoundedRole();
    const put = new PutParameterCommand({ Name: '/x', Value: 'y', Type: 'String' });
    await expect(new SSMClient(settings).send(put)).rejects.toThrow(/AccessDenied|not authorized/);
    await new SSMClient(asRoot()).send(put);

    const event = (Source: string) =>
      new PutEventsCommand({ Entries: [{ Source, DetailType: 'test', Detail: '{}' }] });
    const events = new EventBridgeClient(settings);
    expect(await events.send(event('interlock'))).toMatchObject({ FailedEntryCount: 0 });
    expect(await events.send(event('aws.cloudwatch'))).toMatchObject({
      Entries: [{ ErrorCode: 'NotAuthorizedForSourceException' }],
    });
  });

  it('is not trusted by a client that was not given the certificate', async () => {
    const { hostname, port } = new URL(emulator.endpointUrl);
    const failure = await new Promise<NodeJS.ErrnoException>((resolve, reject) => {
      const sent = request({ hostname, port, ca: [] }, () => reject(new Error('it was trusted')));
      sent.once('error', resolve).end();
    });
    expect(failure.code).toMatch(/SELF_SIGNED|UNABLE_TO/);
  });

  it('keeps the private key of its certificate to this user', () => {
    const { mode } = statSync(join(dirname(emulator.caFile ?? ''), 'key.pem'));
    expect(mode & 0o777).toBe(0o600);
  });
});

describe('the end of an emulator', () => {
  it('takes its folder along, and is not reported as a crash', async () => {
    const crashes: string[] = [];
    const logFile = join(folder, 'stopped.log');
    const emulator = await startEmulator({
      iam: false,
      tls: true,
      logFile,
      onCrash: (message) => crashes.push(message),
    });
    const runFolder = dirname(emulator.caFile ?? '');
    await emulator.stop();
    await emulator.stop();
    expect(existsSync(runFolder)).toBe(false);
    await expect(fetch(`${emulator.endpointUrl}/_ministack/health`)).rejects.toThrow();
    expect(crashes).toEqual([]);
  });

  it('comes with that of its starter, even when that is killed', async () => {
    const module = fileURLToPath(new URL('../../local/emulator.ts', import.meta.url));
    const script = `
      import { startEmulator } from ${JSON.stringify(module)};
      const { endpointUrl } = await startEmulator({ iam: false, tls: false, logFile: ${JSON.stringify(join(folder, 'orphan.log'))} });
      console.log(endpointUrl);
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let endpointUrl = '';
    for await (const line of createInterface({ input: starter.stdout })) {
      endpointUrl = line;
      break;
    }
    expect((await fetch(`${endpointUrl}/_ministack/health`)).status).toBe(200);
    starter.kill('SIGKILL');
    const isGone = async (): Promise<boolean> => {
      try {
        await fetch(`${endpointUrl}/_ministack/health`);
        return false;
      } catch {
        return true;
      }
    };
    while (!(await isGone())) await sleep(50);
    expect(isRunning(starter.pid ?? 0)).toBe(false);
  });

  it('is reported with the last log lines when it comes by itself', async () => {
    const crashed = Promise.withResolvers<string>();
    const logFile = join(folder, 'crash.log');
    const emulator = await startEmulator({ iam: false, tls: false, logFile, onCrash: crashed.resolve });
    process.kill(emulator.pid, 'SIGKILL');
    expect(await crashed.promise).toMatch(/was ended by a signal; the end of .*crash\.log:\n/);
    await emulator.stop();
  });

  it('is an error when it cannot start at all', async () => {
    const attempt = startEmulator({
      iam: false,
      tls: false,
      logFile: join(folder, 'no-python.log'),
      python: join(folder, 'no-such-python'),
    });
    await expect(attempt).rejects.toThrow(/ended with exit code 127/);
  });
});
