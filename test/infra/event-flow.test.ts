import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseTaxonomy, type Taxonomy } from '../../functions/intake/taxonomy.ts';
import { treeRoot } from '../../infra/platform/tree.ts';
import { synthesis } from './synthesis.ts';
import {
  type CloudTemplate,
  functionNamed,
  type NamedResource,
  readable,
  resourceAt,
  resourcesOf,
  type Statement,
} from './template.ts';

let template: CloudTemplate;
let taxonomy: Taxonomy;
beforeAll(async () => {
  template = (await synthesis('prod')).template;
  taxonomy = parseTaxonomy(JSON.parse(readFileSync(join(treeRoot, 'policies/event-taxonomy.json'), 'utf8')));
});

const priorities = ['P0', 'P1', 'P2'] as const;

describe('signals', () => {
  test('each rule of the taxonomy is a rule that feeds the queue of its priority, and there is no other', () => {
    const expected = taxonomy.classes.flatMap(({ rules }) =>
      rules.map(({ id, priority, pattern }) => ({
        path: `Intake/Rules/${id}`,
        pattern,
        targets: [`<Intake/${priority}/Queue>`],
      })),
    );
    const built = resourcesOf(template, 'AWS::Events::Rule')
      .filter(({ path }) => path.startsWith('Intake/Rules/'))
      .map(({ path, Properties }) => ({
        path,
        pattern: Properties.EventPattern,
        targets: Properties.Targets.map((target: { Arn: unknown }) => readable(template, target.Arn)),
      }));
    expect(expected.length).toBeGreaterThan(5);
    expect(built).toEqual(expect.arrayContaining(expected));
    expect(built).toHaveLength(expected.length);
  });

  test.each([
    ['P0', 10],
    ['P1', 5],
    ['P2', 2],
  ] as const)('%s has its own queue, dead letters, alarm and share of intake', (priority, concurrency) => {
    const queue = resourceAt(template, 'AWS::SQS::Queue', `Intake/${priority}/Queue`);
    const letters = resourceAt(template, 'AWS::SQS::Queue', `Intake/${priority}/DeadLetters/Queue`);
    const intake = functionNamed(template, 'intake');
    expect(queue.Properties.SqsManagedSseEnabled).toBe(true);
    expect(queue.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * intake.Properties.Timeout);
    expect(queue.Properties.RedrivePolicy.maxReceiveCount).toBe(5);
    expect(readable(template, queue.Properties.RedrivePolicy.deadLetterTargetArn)).toBe(`<${letters.path}>`);
    expect(letters.Properties.MessageRetentionPeriod).toBe(14 * 24 * 3_600);
    const mapping = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').find(
      ({ Properties }) => readable(template, Properties.EventSourceArn) === `<${queue.path}>`,
    );
    expect(mapping?.Properties.ScalingConfig).toEqual({ MaximumConcurrency: concurrency });
    expect(mapping?.Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
  });

  test('only the rules of its priority may send to a queue, and only over TLS', () => {
    for (const priority of priorities) {
      const policy = resourceAt(template, 'AWS::SQS::QueuePolicy', `Intake/${priority}/Queue/Policy`);
      const statements: Statement[] = policy.Properties.PolicyDocument.Statement;
      expect(statements).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
      const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
      const sources = allowed.map(({ Condition }) =>
        readable(template, (Condition as { ArnEquals: Record<string, unknown> }).ArnEquals['aws:SourceArn']),
      );
      const rules = taxonomy.classes.flatMap((entry) =>
        entry.rules.filter((rule) => rule.priority === priority),
      );
      expect(sources.toSorted()).toEqual(rules.map(({ id }) => `<Intake/Rules/${id}>`).toSorted());
      for (const { Principal } of allowed) expect(Principal).toEqual({ Service: 'events.amazonaws.com' });
    }
  });
});

test('a signal that cannot be put into its queue is kept, and its rule may put it there', () => {
  const letters = resourceAt(template, 'AWS::SQS::Queue', 'Intake/Rules/Undelivered/Queue');
  const rules = resourcesOf(template, 'AWS::Events::Rule').filter(({ path }) =>
    path.startsWith('Intake/Rules/'),
  );
  expect(rules.length).toBeGreaterThan(5);
  for (const { Properties } of rules) {
    for (const target of Properties.Targets) {
      expect(readable(template, target.DeadLetterConfig?.Arn)).toBe(`<${letters.path}>`);
    }
  }
  const policy = resourceAt(template, 'AWS::SQS::QueuePolicy', `${letters.path}/Policy`);
  const statements: Statement[] = policy.Properties.PolicyDocument.Statement;
  const senders = statements
    .filter(({ Effect, Action }) => Effect === 'Allow' && Action === 'sqs:SendMessage')
    .map(({ Condition }) =>
      readable(template, (Condition as { ArnEquals: Record<string, unknown> }).ArnEquals['aws:SourceArn']),
    );
  expect(senders.toSorted()).toEqual(rules.map(({ path }) => `<${path}>`).toSorted());
});

describe('dead letters', () => {
  const letters = (): NamedResource[] =>
    resourcesOf(template, 'AWS::SQS::Queue').filter(
      ({ Properties }) => Properties.RedrivePolicy === undefined,
    );

  test('each dead-letter queue alarms people at the first message', () => {
    expect(letters().length).toBe(11);
    for (const queue of letters()) {
      const alarm = resourcesOf(template, 'AWS::CloudWatch::Alarm').find(({ Properties }) =>
        JSON.stringify(Properties.Dimensions).includes(queue.logicalId),
      );
      expect(alarm?.Properties).toMatchObject({
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Threshold: 0,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'notBreaching',
      });
      expect(readable(template, alarm?.Properties.AlarmActions[0])).toBe('<Platform/PersonTopic>');
    }
  });
});

describe('streams', () => {
  const mappingsOf = (table: string) =>
    resourcesOf(template, 'AWS::Lambda::EventSourceMapping').filter(
      ({ Properties }) =>
        readable(template, Properties.EventSourceArn) === `<Platform/Tables/${table}.StreamArn>`,
    );

  test.each([
    [
      'Operations',
      'approval-callback',
      [
        { eventName: ['MODIFY'], dynamodb: { Keys: { sk: { S: ['APPROVAL'] } } } },
        { eventName: ['MODIFY'], dynamodb: { Keys: { sk: { S: ['INCIDENT'] } } } },
      ],
    ],
    [
      'Operations',
      'approval-notices',
      [
        { eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'NOTICE#' }] } } } },
        { eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'ANNOUNCEMENT#' }] } } } },
      ],
    ],
    ['Ledger', 'ledger-watch', [{ eventName: ['MODIFY', 'REMOVE'] }]],
  ] as const)('%s wakes %s for what concerns it', (table, name, expected) => {
    const mapping = mappingsOf(table).find(
      ({ Properties }) => Properties.FunctionName.Ref === functionNamed(template, name).logicalId,
    );
    const filters = mapping?.Properties.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) =>
      JSON.parse(Pattern),
    );
    expect(filters).toEqual(expected);
    expect(mapping?.Properties).toMatchObject({ BisectBatchOnFunctionError: true, MaximumRetryAttempts: 10 });
    expect(readable(template, mapping?.Properties.DestinationConfig.OnFailure.Destination)).toMatch(
      /Failed\/Queue>$/,
    );
  });

  test('no stream has more than the two readers that DynamoDB serves without slowing them', () => {
    expect([mappingsOf('Operations').length, mappingsOf('Ledger').length]).toEqual([2, 1]);
  });
});

describe('recovery', () => {
  test.each([
    ['IncidentClose/AbnormalEnd', '<Incident/Workflow/StateMachine>', 'close-incident'],
    ['Change/AbnormalEnd', '<Change/Workflow/StateMachine>', 'recover-change'],
  ] as const)('%s hears of every execution that did not end by itself', (path, machine, name) => {
    const { Properties } = resourceAt(template, 'AWS::Events::Rule', path);
    const { stateMachineArn, status } = Properties.EventPattern.detail;
    expect(Properties.EventPattern.source).toEqual(['aws.states']);
    expect(stateMachineArn.map((arn: unknown) => readable(template, arn))).toEqual([machine]);
    expect(status).toEqual(['FAILED', 'TIMED_OUT', 'ABORTED']);
    expect(readable(template, Properties.Targets[0].Arn)).toBe(`<${functionNamed(template, name).path}>`);
  });

  test.each([
    ['Approvals/UndeliveredSweep', 'rate(1 minute)', 'approval-callback'],
    ['Approvals/Notices/Sweep', 'rate(1 minute)', 'approval-notices'],
    ['Change/ExpiredLeaseSweep', 'rate(5 minutes)', 'recover-change'],
    ['IncidentClose/IncidentSweep', 'rate(5 minutes)', 'sweep-incidents'],
    ['AutonomyControls/Review', 'rate(5 minutes)', 'review-autonomy'],
    ['AutonomyControls/Heartbeat', 'rate(5 minutes)', 'kill-switch-heartbeat'],
  ] as const)('%s runs %s', (path, schedule, name) => {
    const { Properties } = resourceAt(template, 'AWS::Events::Rule', path);
    expect(Properties.ScheduleExpression).toBe(schedule);
    expect(readable(template, Properties.Targets[0].Arn)).toBe(`<${functionNamed(template, name).path}>`);
  });

  test.each([
    ['close-incident', 'IncidentClose/AbnormalEndFailed/Queue'],
    ['sweep-incidents', 'IncidentClose/SweepFailed/Queue'],
    ['recover-change', 'Change/AbnormalEndFailed/Queue'],
    ['review-autonomy', 'AutonomyControls/ReviewFailed/Queue'],
  ] as const)('a call that %s failed on three times is kept in %s', (name, path) => {
    const config = resourcesOf(template, 'AWS::Lambda::EventInvokeConfig').find(
      ({ Properties }) => Properties.FunctionName.Ref === functionNamed(template, name).logicalId,
    );
    expect(config?.Properties).toMatchObject({
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 6 * 3_600,
    });
    expect(readable(template, config?.Properties.DestinationConfig.OnFailure.Destination)).toBe(`<${path}>`);
  });
});
