import { EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { rebootInstance } from '../../../functions/change/actions/ec2-reboot-instance/definition.ts';
import { InstanceClient } from '../../../functions/change/actions/ec2-reboot-instance/instance.client.ts';
import { instanceTarget } from '../../../functions/change/actions/ec2-reboot-instance/instance-target.ts';
import { bodyOf, type HttpServer, startHttpServer } from './http-server.ts';

const parameters = { instanceId: 'i-0123456789abcdef0' };

describe('parameters', () => {
  it.each([
    ['i-0123456789abcdef0', true],
    ['i-01234567', true],
    ['i-012345678', false],
    ['i-0123456789abcdef', false],
    ['i-0123456789abcdef01', false],
    ['i-0123456789ABCDEF0', false],
    ['i-*', false],
    ['i-0123456789abcdef0,i-1123456789abcdef0', false],
    ['r-0123456789abcdef0', false],
    ['', false],
  ])('%s', (instanceId, isTaken) => {
    expect(z.safeParse(rebootInstance.parameters, { instanceId }).success).toBe(isTaken);
  });

  it('take no second member', () => {
    expect(z.safeParse(rebootInstance.parameters, { ...parameters, force: true }).success).toBe(false);
  });
});

describe('an instance', () => {
  const running = { name: 'running', launchedAtEpochMs: 1_772_445_600_000 };

  it.each(['pending', 'stopping', 'stopped', 'shutting-down', 'terminated', 'Running'])(
    'that is %s is not rebooted',
    (name) => expect(instanceTarget.isBefore(parameters, { ...running, name })).toBe(false),
  );

  it('that was stopped and started since the snapshot is not the one that was read', () => {
    expect(instanceTarget.isUntouched(running, running)).toBe(true);
    expect(instanceTarget.isUntouched(running, { ...running, launchedAtEpochMs: 1_772_445_600_001 })).toBe(
      false,
    );
    expect(instanceTarget.isUntouched(running, { ...running, name: 'stopping' })).toBe(false);
  });

  it('is never said to be rebooted or restored: nothing that EC2 shows tells', () => {
    expect(instanceTarget.isAfter(parameters, running)).toBe(false);
    expect(instanceTarget.isRestored(running, running)).toBe(false);
  });
});

describe('the client', () => {
  let ec2: HttpServer;
  let client: InstanceClient;
  let answer: { status: number; text: string };
  let sent: URLSearchParams[] = [];
  const error = (status: number, code: string) => ({
    status,
    text: `<Response><Errors><Error><Code>${code}</Code><Message>m</Message></Error></Errors><RequestID>1</RequestID></Response>`,
  });

  beforeAll(async () => {
    ec2 = await startHttpServer((request, response) => {
      void (async () => {
        sent.push(new URLSearchParams((await bodyOf(request)).toString()));
        response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.text);
      })();
    });
    const sdk = (maxAttempts: number) =>
      new EC2Client({
        endpoint: ec2.url,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        maxAttempts,
      });
    client = new InstanceClient(sdk(1), sdk(1));
  });
  afterAll(() => ec2.stop());
  beforeEach(() => {
    sent = [];
  });

  it.each([
    [412, 'DryRunOperation', 'allowed'],
    [403, 'UnauthorizedOperation', 'denied'],
    [400, 'InvalidInstanceID.NotFound', 'unknown'],
    [503, 'RequestLimitExceeded', 'unknown'],
    [500, 'InternalError', 'unknown'],
  ])('takes %i %s as an answer to a dry run: %s', async (status, code, outcome) => {
    answer = error(status, code);
    expect(await client.dryRun(parameters)).toMatchObject({ outcome });
    expect(sent.map((body) => body.get('DryRun'))).toStrictEqual(['true']);
  });

  it('does not believe a dry run that was answered like a real one', async () => {
    answer = {
      status: 200,
      text: '<RebootInstancesResponse><return>true</return></RebootInstancesResponse>',
    };
    expect(await client.dryRun(parameters)).toMatchObject({ outcome: 'unknown' });
  });

  it('asks for one reboot, of this instance, for real', async () => {
    answer = {
      status: 200,
      text: '<RebootInstancesResponse><return>true</return></RebootInstancesResponse>',
    };
    expect(await client.apply(parameters)).toStrictEqual({ outcome: 'written' });
    expect(
      sent.map((body) => [body.get('Action'), body.get('InstanceId.1'), body.get('DryRun')]),
    ).toStrictEqual([['RebootInstances', parameters.instanceId, null]]);
  });

  it('fails where EC2 refused, and throws where the reboot may be on its way', async () => {
    answer = error(400, 'IncorrectInstanceState');
    expect(await client.apply(parameters)).toMatchObject({ outcome: 'failed' });
    answer = error(500, 'InternalError');
    await expect(client.apply(parameters)).rejects.toMatchObject({ name: 'InternalError' });
    expect(sent).toHaveLength(2);
  });

  it('refuses an instance that it was not asked about', async () => {
    answer = {
      status: 200,
      text: '<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>',
    };
    expect(await client.read(parameters)).toMatchObject({ outcome: 'refused' });
  });
});
