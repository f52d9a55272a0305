import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../functions/change/catalogue.ts';
import type { TriageContext } from '../../functions/triage/context.ts';
import { isOfWorkload } from '../../functions/triage/membership.ts';
import { buildPlans } from '../../functions/triage/plans.ts';
import { anyText, context, flagOff, incident, shiftBack } from './incidents.ts';

const here = 'us-east-1:111122223333';
const place = { partition: 'aws', region: 'us-east-1', account: '111122223333' };

/** One plan of each action, and what must carry the workload's tags for it to be within the workload. */
const proposals: readonly {
  readonly action: string;
  readonly parameters: Record<string, unknown>;
  readonly arns: readonly string[];
}[] = [
  { ...shiftBack, arns: [`arn:aws:lambda:${here}:function:checkout`] },
  { ...flagOff, arns: [`arn:aws:ssm:${here}:parameter/checkout/flags/new-pricing`] },
  {
    action: 'lambda.set-reserved-concurrency',
    parameters: { functionName: 'checkout', fromConcurrency: 40, toConcurrency: 50 },
    arns: [`arn:aws:lambda:${here}:function:checkout`],
  },
  {
    action: 'ecs.set-desired-count',
    parameters: { cluster: 'shop', service: 'checkout', fromCount: 2, toCount: 4 },
    arns: [`arn:aws:ecs:${here}:service/shop/checkout`],
  },
  {
    action: 'ecs.set-task-definition',
    parameters: {
      cluster: 'shop',
      service: 'checkout',
      fromTaskDefinition: 'checkout:12',
      toTaskDefinition: 'checkout:11',
    },
    arns: [`arn:aws:ecs:${here}:service/shop/checkout`],
  },
  {
    action: 'autoscaling.set-desired-capacity',
    parameters: { groupName: 'checkout-web', fromCapacity: 2, toCapacity: 4 },
    arns: [`arn:aws:autoscaling:${here}:autoScalingGroup:6f1c:autoScalingGroupName/checkout-web`],
  },
  {
    action: 'appconfig.start-deployment',
    parameters: {
      applicationId: 'abc1234',
      environmentId: 'def5678',
      configurationProfileId: 'ghi9012',
      deploymentStrategyId: 'AppConfig.AllAtOnce',
      fromVersion: '2',
      toVersion: '1',
    },
    arns: [`arn:aws:appconfig:${here}:application/abc1234/environment/def5678`],
  },
  {
    action: 'dynamodb.set-capacity',
    parameters: {
      tableName: 'orders',
      fromReadCapacityUnits: 10,
      fromWriteCapacityUnits: 10,
      toReadCapacityUnits: 20,
      toWriteCapacityUnits: 10,
    },
    arns: [`arn:aws:dynamodb:${here}:table/orders`],
  },
  {
    action: 'events.set-rule-state',
    parameters: { ruleName: 'nightly', fromState: 'ENABLED', toState: 'DISABLED' },
    arns: [`arn:aws:events:${here}:rule/nightly`],
  },
  {
    action: 'events.set-rule-state',
    parameters: { ruleName: 'placed', eventBusName: 'shop', fromState: 'ENABLED', toState: 'DISABLED' },
    arns: [`arn:aws:events:${here}:rule/shop/placed`],
  },
  {
    action: 'sqs.redrive-dead-letters',
    parameters: {
      deadLetterQueueName: 'orders-dead',
      sourceQueueName: 'orders',
      atMostMessages: 500,
      messagesPerSecond: 10,
    },
    arns: [`arn:aws:sqs:${here}:orders-dead`, `arn:aws:sqs:${here}:orders`],
  },
  {
    action: 'ec2.reboot-instance',
    parameters: { instanceId: 'i-0123456789abcdef0' },
    arns: [`arn:aws:ec2:${here}:instance/i-0123456789abcdef0`],
  },
  {
    action: 'ssm.run-automation',
    parameters: {
      documentName: 'Checkout-EnableMaintenance',
      documentVersion: '3',
      targetParameterName: 'Service',
      targetType: 'ecs-service',
      targetValue: 'shop/checkout',
      inverse: { documentName: 'Checkout-DisableMaintenance', documentVersion: '2' },
    },
    arns: [
      `arn:aws:ssm:${here}:document/Checkout-EnableMaintenance`,
      `arn:aws:ssm:${here}:document/Checkout-DisableMaintenance`,
      `arn:aws:ecs:${here}:service/shop/checkout`,
    ],
  },
  {
    action: 'states.redrive-execution',
    parameters: {
      executionArn: `arn:aws:states:${here}:execution:order-import:2026-03-02-night`,
      fromRedriveCount: 0,
    },
    arns: [`arn:aws:states:${here}:stateMachine:order-import`],
  },
];

const everyArn = [...new Set(proposals.flatMap(({ arns }) => arns))];
const withTagged = (arns: readonly string[]): TriageContext => ({ ...context, membership: { place, arns } });
const planFor = (action: string, parameters: unknown, within: TriageContext) => {
  const answer = { diagnosis: 'd', confidence: 1, proposals: [{ action, parameters, reason: 'r' }] };
  const [plan] = buildPlans(answer as never, incident, within).plans;
  if (plan === undefined) throw new Error('expected a plan');
  return plan;
};
const resolutionOf = (action: string, parameters: unknown, arns: readonly string[]) =>
  planFor(action, parameters, withTagged(arns)).resolution;
const anyProposal = fc.constantFrom(...proposals);

describe('membership of a workload', () => {
  it('is tried with every action of the catalogue', () => {
    expect(new Set(proposals.map(({ action }) => action))).toStrictEqual(
      new Set(catalogue.map(({ id }) => id)),
    );
  });

  it.each(proposals)('$action has a target when all it touches is tagged', ({ action, parameters, arns }) => {
    expect(resolutionOf(action, parameters, arns)).toBe('resolved');
    expect(planFor(action, parameters, withTagged(arns)).plan).toHaveProperty('target');
  });

  it.each(proposals)('$action has none when any of it is not', ({ action, parameters, arns }) => {
    for (const missing of arns) {
      const others = everyArn.filter((arn) => arn !== missing);
      expect(resolutionOf(action, parameters, others)).toBe('outside-workload');
      expect(planFor(action, parameters, withTagged(others)).plan).not.toHaveProperty('target');
    }
  });

  it.each(proposals)('$action has none when the workload is not known', ({ action, parameters }) => {
    const { membership: _unknown, ...blind } = context;
    expect(planFor(action, parameters, blind).resolution).toBe('outside-workload');
  });

  it('never takes another ARN for the one that is tagged, however alike', () => {
    const alike = (arn: string) =>
      fc.oneof(
        fc.constant(arn.replace('111122223333', '111122223334')),
        fc.constant(arn.replace('us-east-1', 'us-east-2')),
        fc.constant(arn.replace('arn:aws:', 'arn:aws-cn:')),
        fc.constant(`${arn}-2`),
        fc.constant(arn.slice(0, -1)),
        fc.constant(`${arn}:1`),
        fc.constant(`${arn}/x`),
        fc.constant(arn.replace(/([/:])([^/:]+)$/, '$1x$2')),
        fc.constant(arn.replace(/[^/:]+$/, '*')),
        fc.constant(arn.toUpperCase()),
        fc.constant('*'),
        fc.constant(arn.split(':').fill('*').join(':')),
        anyText(100),
      );
    const tagged = anyProposal.chain((proposal) =>
      fc.tuple(
        fc.constant(proposal),
        fc.array(fc.constantFrom(...proposal.arns).chain(alike), { maxLength: 5 }),
      ),
    );
    fc.assert(
      fc.property(tagged, ([{ action, parameters, arns }, others]) => {
        fc.pre(!others.some((other) => arns.includes(other)));
        expect(resolutionOf(action, parameters, others)).toBe('outside-workload');
      }),
    );
  });

  it('gives no parameters a target but those that name what is tagged', () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        '*',
        '**',
        'checkout*',
        '..',
        '../payroll',
        'a:b',
        'a/b',
        '',
        '__proto__',
        'constructor',
      ),
      fc.constantFrom(...everyArn),
      anyText(40),
    );
    const changed = anyProposal.chain((proposal) => {
      const texts = Object.keys(proposal.parameters).filter(
        (name) => /name|cluster|service|targetValue|Id$|Arn$/i.test(name) && name !== 'targetParameterName',
      );
      const scope = texts.filter((name) => !/Strategy|Profile/.test(name));
      return fc.tuple(fc.constant(proposal), fc.constantFrom(...scope), hostile);
    });
    fc.assert(
      fc.property(changed, ([{ action, parameters }, name, text]) => {
        fc.pre(text !== parameters[name]);
        const { resolution, plan } = planFor(action, { ...parameters, [name]: text }, withTagged(everyArn));
        expect(resolution).not.toBe('resolved');
        expect(plan).not.toHaveProperty('target');
      }),
    );
  });

  it.each([
    ['another alias', 'lambda.shift-alias', { ...shiftBack.parameters, aliasName: 'canary' }],
    [
      'a parameter that was not read',
      'ssm.put-parameter',
      { ...flagOff.parameters, name: '/checkout/secret' },
    ],
  ])('leaves %s outside although it is tagged', (_what, action, parameters) => {
    const arns = [...everyArn, `arn:aws:ssm:${here}:parameter/checkout/secret`];
    expect(resolutionOf(action, parameters, arns)).toBe('outside-workload');
  });

  it.each([
    ['another instance', 'ec2-instance', 'i-0fedcba9876543210'],
    ['the same name as another kind', 'dynamodb-table', 'shop/checkout'],
    ['a tagged name as another kind', 'sqs-queue', 'checkout'],
    ['only the end of a name', 'ecs-service', 'checkout'],
    ['the beginning of a name', 'ec2-instance', 'i-0123456789abcdef'],
    ['an ARN of here', 'ecs-service', `arn:aws:ecs:${here}:service/shop/checkout`],
    ['an ARN of another account', 'ec2-instance', 'arn:aws:ec2:us-east-1:999999999999:instance/i-1'],
    ['part of an ARN', 'sqs-queue', `${here}:orders`],
    ['another name beside a tagged one', 'ecs-service', 'shop/checkout/../payroll'],
  ])('leaves a runbook on %s outside', (_what, targetType, targetValue) => {
    const { parameters } = proposals.find(({ action }) => action === 'ssm.run-automation') ?? {};
    const given = { ...parameters, targetType, targetValue };
    expect(resolutionOf('ssm.run-automation', given, everyArn)).toBe('outside-workload');
  });

  it('takes a runbook on anything of the workload that has a lock', () => {
    const { parameters } = proposals.find(({ action }) => action === 'ssm.run-automation') ?? {};
    for (const [targetType, targetValue] of [
      ['auto-scaling-group', 'checkout-web'],
      ['dynamodb-table', 'orders'],
      ['ec2-instance', 'i-0123456789abcdef0'],
      ['lambda-function', 'checkout'],
      ['sqs-queue', 'orders-dead'],
    ])
      expect(resolutionOf('ssm.run-automation', { ...parameters, targetType, targetValue }, everyArn)).toBe(
        'resolved',
      );
  });

  it.each([
    ['another account', 'arn:aws:states:us-east-1:999999999999:execution:order-import:night'],
    ['another region', 'arn:aws:states:eu-west-1:111122223333:execution:order-import:night'],
    ['another partition', 'arn:aws-cn:states:us-east-1:111122223333:execution:order-import:night'],
  ])('leaves an execution of a machine of the same name in %s outside', (_where, executionArn) => {
    const parameters = { executionArn, fromRedriveCount: 0 };
    expect(resolutionOf('states.redrive-execution', parameters, everyArn)).toBe('outside-workload');
  });

  it.each([
    ['', 'resolved'],
    ['6f1c:7a2d', 'outside-workload'],
    ['6f1c/7a2d', 'resolved'],
  ])('takes exactly one part for the id of an Auto Scaling group: %j', (id, resolution) => {
    const arn = `arn:aws:autoscaling:${here}:autoScalingGroup:${id}:autoScalingGroupName/checkout-web`;
    const parameters = { groupName: 'checkout-web', fromCapacity: 2, toCapacity: 4 };
    expect(resolutionOf('autoscaling.set-desired-capacity', parameters, [arn])).toBe(resolution);
  });

  it('takes no name for a pattern, whatever a definition lets through', () => {
    const [anyDefinition] = catalogue;
    if (anyDefinition === undefined) throw new Error('the catalogue is empty');
    const definition = { ...anyDefinition, id: 'some.action', targetArn: () => `arn:aws:sqs:${here}:*` };
    const within = withTagged(everyArn);
    expect(isOfWorkload({ outcome: 'resolved', definition, parameters: {} }, within)).toBe(false);
    const named = { ...definition, targetArn: () => `arn:aws:sqs:${here}:orders` };
    expect(isOfWorkload({ outcome: 'resolved', definition: named, parameters: {} }, within)).toBe(true);
  });
});
