import { beforeAll, describe, expect, test } from 'vitest';
import { synthesis } from './synthesis.ts';
import {
  type CloudTemplate,
  functionNamed,
  permissionsOf,
  readable,
  resourceAt,
  resourcesOf,
  roleIdOf,
} from './template.ts';

let template: CloudTemplate;
beforeAll(async () => {
  template = (await synthesis('prod')).template;
});

describe('the heartbeat of the kill switch', () => {
  test.each([
    ['AutonomyControls/Heartbeat', 'AutonomyControls/HeartbeatFunction/Function'],
    ['AutonomyControls/Review', 'AutonomyControls/ReviewFunction/Function'],
  ])('%s runs every five minutes', (rule, target) => {
    const { Properties } = resourceAt(template, 'AWS::Events::Rule', rule);
    expect(Properties.ScheduleExpression).toBe('rate(5 minutes)');
    expect(Properties.State).toBe('ENABLED');
    expect(Properties.Targets.map(({ Arn }: { Arn: unknown }) => readable(template, Arn))).toEqual([
      `<${target}>`,
    ]);
  });

  test('alarms people when it fails, and when there is none', () => {
    const alarms = ['HeartbeatFails', 'HeartbeatAbsent'].map(
      (id) => resourceAt(template, 'AWS::CloudWatch::Alarm', `AutonomyControls/${id}`).Properties,
    );
    expect(alarms).toMatchObject([
      { MetricName: 'Errors', Threshold: 0, EvaluationPeriods: 1, TreatMissingData: 'notBreaching' },
      { MetricName: 'Invocations', Threshold: 1, EvaluationPeriods: 3, TreatMissingData: 'breaching' },
    ]);
    for (const { Period, AlarmActions, Dimensions } of alarms) {
      expect(Period).toBe(300);
      expect(AlarmActions.map((action: unknown) => readable(template, action))).toEqual([
        '<Platform/PersonTopic>',
      ]);
      expect(readable(template, Dimensions[0].Value)).toBe('<AutonomyControls/HeartbeatFunction/Function>');
    }
  });

  test('writes its own switch and nobody else does, nor it the switch that people engage on the pages', () => {
    const writers = resourcesOf(template, 'AWS::IAM::Role').flatMap(({ logicalId, path }) =>
      permissionsOf(template, logicalId)
        .filter((line) => /^dynamodb:(Put|Update)Item/.test(line) && line.includes('SWITCH'))
        .map((line) => ({ path, keys: /LeadingKeys":(\[[^\]]*\])/.exec(line)?.[1] })),
    );
    expect(writers).toEqual([
      { path: 'AutonomyControls/EngageFunction/Role', keys: '["SWITCH"]' },
      { path: 'AutonomyControls/HeartbeatFunction/Role', keys: '["SWITCH-CANARY","HEARTBEAT"]' },
    ]);
  });
});

describe('stopping everything from the pages', () => {
  test('goes on longer than the API lets the pages wait, and tells people when it failed', () => {
    const timeoutOf = (name: 'approval-pages' | 'engage-kill-switch') =>
      functionNamed(template, name).Properties.Timeout;
    expect(timeoutOf('approval-pages')).toBe(29);
    expect(timeoutOf('engage-kill-switch')).toBe(60);
    const { Properties } = resourceAt(template, 'AWS::CloudWatch::Alarm', 'AutonomyControls/EngageFails');
    expect(Properties).toMatchObject({
      MetricName: 'Errors',
      Threshold: 0,
      TreatMissingData: 'notBreaching',
    });
    expect(readable(template, Properties.Dimensions[0].Value)).toBe(
      '<AutonomyControls/EngageFunction/Function>',
    );
    expect(Properties.AlarmActions.map((action: unknown) => readable(template, action))).toEqual([
      '<Platform/PersonTopic>',
    ]);
  });

  test('the pages are told which function does it', () => {
    const { Variables } = functionNamed(template, 'approval-pages').Properties.Environment;
    expect(readable(template, Variables.ENGAGE_KILL_SWITCH_ARN)).toBe(
      '<AutonomyControls/EngageFunction/Function>',
    );
  });
});

test('only the review and the publication write stages, and neither decides anything', () => {
  const stageWriters = resourcesOf(template, 'AWS::IAM::Role').filter(({ logicalId }) =>
    permissionsOf(template, logicalId).some((line) => line.includes('"STAGE"')),
  );
  expect(stageWriters.map(({ path }) => path)).toEqual([
    'AutonomyControls/ReviewFunction/Role',
    'Policy/PublishPoliciesFunction/Role',
  ]);
  const published = permissionsOf(template, roleIdOf(functionNamed(template, 'publish-policies'))).filter(
    (line) => /^dynamodb:(Put|Update)Item/.test(line),
  );
  expect(published).toHaveLength(3);
  for (const line of published)
    expect(line).toMatch(/"STAGE"|\["POLICY#\*","POLICY-CURRENT"\]|"control#policy#\*"/);
  const writes = permissionsOf(template, roleIdOf(functionNamed(template, 'review-autonomy'))).filter(
    (line) => /^dynamodb:(Put|Update)Item/.test(line),
  );
  expect(writes).toHaveLength(3);
  for (const line of writes) expect(line).toMatch(/"STAGE"|"FINDING#\*"|"control#autonomy#\*"/);
});
