import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DesiredCapacityClient } from '../../../functions/change/actions/autoscaling-set-desired-capacity/desired-capacity.client.ts';
import { DesiredCountClient } from '../../../functions/change/actions/ecs-set-desired-count/desired-count.client.ts';
import { TaskDefinitionClient } from '../../../functions/change/actions/ecs-set-task-definition/task-definition.client.ts';
import { ReservedConcurrencyClient } from '../../../functions/change/actions/lambda-set-reserved-concurrency/reserved-concurrency.client.ts';

/** One function, one group and one service, as Lambda, Auto Scaling and ECS tell them. */
const arn = 'arn:aws:ecs:us-east-1:000000000000:task-definition/checkout:12';
const deployment = {
  id: 'ecs-svc/1',
  status: 'PRIMARY',
  rolloutState: 'COMPLETED',
  updatedAt: 1_700_000_000,
};
const service = {
  serviceName: 'checkout',
  status: 'ACTIVE',
  desiredCount: 2,
  taskDefinition: arn,
  deployments: [deployment as Partial<typeof deployment>],
};
const group = (more = '') =>
  `<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>
  <AutoScalingGroupName>web</AutoScalingGroupName><AutoScalingGroupARN>arn:1</AutoScalingGroupARN>
  <MinSize>1</MinSize><MaxSize>6</MaxSize><DesiredCapacity>2</DesiredCapacity>${more}
  </member></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`;

type Protocol = 'json' | 'xml';
/** What the service does with a write, or with every request of a service too busy to be read. */
type Answer = (response: ServerResponse, protocol: Protocol) => void;

let writes: string[];
let answer: Answer;
let describedService: object;
let describedGroup: string;
let server: Server;

beforeEach(async () => {
  writes = [];
  describedService = service;
  describedGroup = group();
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    request.on('end', () => respond(request, text, response));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  for (const name of ['', '_LAMBDA', '_ECS', '_AUTO_SCALING']) vi.stubEnv(`AWS_ENDPOINT_URL${name}`, url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

function respond(request: IncomingMessage, text: string, response: ServerResponse): void {
  const target = request.headers['x-amz-target'];
  if (target === 'AmazonEC2ContainerServiceV20141113.DescribeServices') {
    response.end(JSON.stringify({ services: [describedService], failures: [] }));
  } else if (text.startsWith('Action=DescribeAutoScalingGroups')) {
    response.end(describedGroup);
  } else if (request.method === 'GET') {
    response.end('{"ReservedConcurrentExecutions":20}');
  } else {
    writes.push(`${request.method} ${request.url} ${text}`);
    answer(response, text.startsWith('Action=') ? 'xml' : 'json');
  }
}
const refuses =
  (status: number, name: string): Answer =>
  (response, protocol) => {
    response.writeHead(status, { 'x-amzn-errortype': name });
    response.end(
      protocol === 'json'
        ? JSON.stringify({ __type: name, message: name })
        : `<ErrorResponse><Error><Type>Sender</Type><Code>${name}</Code><Message>no</Message></Error></ErrorResponse>`,
    );
  };
const losesItsAnswer: Answer = (response) => response.destroy();

const reserve = { functionName: 'checkout', fromConcurrency: 20, toConcurrency: 25 } as const;
const size = { groupName: 'web', fromCapacity: 2, toCapacity: 4 };
const sized = { desiredCapacity: 2, minSize: 1, maxSize: 6, groupArn: 'arn:1' };
const place = { cluster: 'shop', service: 'checkout' };
const count = { ...place, fromCount: 2, toCount: 4 };
const release = { ...place, fromTaskDefinition: 'checkout:12', toTaskDefinition: 'checkout:11' };
const running = {
  taskDefinition: arn,
  desiredCount: 2,
  schedulingStrategy: 'REPLICA',
  deploymentIds: ['ecs-svc/1'],
  deploymentUpdatedAtEpochMs: 1_700_000_000_000,
  rolloutState: 'COMPLETED',
} as const;

const cases: [string, () => Promise<unknown>][] = [
  ['a reservation that is set', () => new ReservedConcurrencyClient().apply(reserve, { reserved: 20 })],
  [
    'a reservation that is removed',
    () => new ReservedConcurrencyClient().apply({ ...reserve, toConcurrency: 'none' }, { reserved: 20 }),
  ],
  [
    'a reservation that is brought back',
    () => new ReservedConcurrencyClient().restore(reserve, { reserved: 15 }, { reserved: 20 }),
  ],
  ['a group that is resized', () => new DesiredCapacityClient().apply(size, sized)],
  ['a group that is brought back', () => new DesiredCapacityClient().restore(size, sized, sized)],
  ['a service that is resized', () => new DesiredCountClient().apply(count, running)],
  ['a service that is brought back', () => new DesiredCountClient().restore(count, running, running)],
  ['a release', () => new TaskDefinitionClient().apply(release, running)],
  ['a release that is brought back', () => new TaskDefinitionClient().restore(release, running, running)],
];

describe.each(cases)('%s', (_what, write) => {
  it.each([
    ['loses its answer', losesItsAnswer],
    ['answers with a fault of its own', refuses(500, 'ServerException')],
  ])('is written once and its outcome left open when the service %s', async (_, given) => {
    answer = given;
    await expect(write()).rejects.toThrow();
    expect(writes).toHaveLength(1);
  });

  it.each([
    [429, 'TooManyRequestsException'],
    [400, 'ThrottlingException'],
    [400, 'Throttling'],
  ])('is to be tried again after %s %s', async (status, name) => {
    answer = refuses(status, name);
    await expect(write()).rejects.toMatchObject({ name: 'DependencyUnavailableError', retryable: true });
    expect(writes).toHaveLength(1);
  });

  it('has failed, by the name of the error, when the service will never do it', async () => {
    answer = refuses(403, 'AccessDeniedException');
    expect(await write()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('AccessDeniedException') as unknown,
    });
  });
});

describe('what is sent', () => {
  it('to a group ignores its cooldown', async () => {
    answer = (response) => response.end('<SetDesiredCapacityResponse/>');
    expect(await new DesiredCapacityClient().apply(size, sized)).toStrictEqual({ outcome: 'written' });
    expect(writes[0]).toMatch(/DesiredCapacity=4&HonorCooldown=false/);
  });

  it('to a service names one full task definition and nothing else of the service', async () => {
    answer = (response) => response.end(JSON.stringify({ service }));
    expect(await new TaskDefinitionClient().apply(release, running)).toStrictEqual({ outcome: 'written' });
    expect(JSON.parse(writes[0]?.replace('POST / ', '') ?? '')).toStrictEqual({
      ...place,
      taskDefinition: 'arn:aws:ecs:us-east-1:000000000000:task-definition/checkout:11',
    });
  });
});

describe('a deployment by somebody else that shows in the answer to ours', () => {
  it.each([
    ['drains beside the one that was there', ['ecs-svc/1', 'ecs-svc/2'], 'failed'],
    ['is alone', ['ecs-svc/2'], 'failed'],
    ['is none', ['ecs-svc/1'], 'written'],
    ['is none, and the old one is gone', [], 'written'],
  ])('%s', async (_, draining, outcome) => {
    const deployments = [
      ...draining.map((id) => ({ ...deployment, id, status: 'ACTIVE' })),
      { ...deployment, id: 'ecs-svc/3' },
    ];
    answer = (response) => response.end(JSON.stringify({ service: { ...service, deployments } }));
    expect(await new TaskDefinitionClient().apply(release, running)).toMatchObject({ outcome });
  });
});

describe('what is read', () => {
  const { rolloutState: _, ...silent } = deployment;

  it('of a service that deploys is its primary deployment, wherever it is listed', async () => {
    const old = { ...deployment, id: 'ecs-svc/0', status: 'ACTIVE' };
    const primary = { ...deployment, rolloutState: 'IN_PROGRESS' };
    describedService = { ...service, deployments: [old, primary] };
    expect(await new DesiredCountClient().read(count)).toStrictEqual({
      outcome: 'found',
      state: { ...running, deploymentIds: ['ecs-svc/1', 'ecs-svc/0'], rolloutState: 'IN_PROGRESS' },
    });
  });

  it.each([
    ['is draining', { status: 'DRAINING' }],
    ['is another one', { serviceName: 'Checkout' }],
    ['has no primary deployment', { deployments: [{ ...deployment, status: 'ACTIVE' }] }],
    ['is behind a Classic Load Balancer', { deployments: [silent] }],
    ['has no count', { desiredCount: undefined }],
    ['is deployed by CodeDeploy', { deploymentController: { type: 'CODE_DEPLOY' } }],
  ])('is refused of a service that %s', async (_what, changed) => {
    describedService = { ...service, ...changed };
    expect(await new TaskDefinitionClient().read(release)).toMatchObject({ outcome: 'refused' });
  });

  it.each([
    ['is being deleted', group('<Status>Delete in progress</Status>')],
    ['is another one', group().replaceAll('>web<', '>Web<')],
    ['has no limits', group().replace('<MinSize>1</MinSize>', '')],
  ])('is refused of a group that %s', async (_what, xml) => {
    describedGroup = xml;
    expect(await new DesiredCapacityClient().read(size)).toMatchObject({ outcome: 'refused' });
  });

  it.each([
    ['function', () => new ReservedConcurrencyClient().read(reserve)],
    ['group', () => new DesiredCapacityClient().read(size)],
    ['service', () => new DesiredCountClient().read(count)],
  ])('is to be asked again of a %s when the service is too busy', async (_what, read) => {
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
    server.removeAllListeners('request');
    server.on('request', (request, response: ServerResponse) => {
      request.resume();
      const isQuery =
        request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
      refuses(400, 'ThrottlingException')(response, isQuery ? 'xml' : 'json');
    });
    await expect(read()).rejects.toMatchObject({ name: 'DependencyUnavailableError' });
  });
});
