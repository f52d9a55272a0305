import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { longestApprovalSeconds } from '../../functions/approvals/approval-times.ts';
import { startHorizonMs } from '../../functions/autonomy/permitted-until.ts';
import { stepsOf } from '../../functions/change/action-definition.ts';
import { catalogue } from '../../functions/change/catalogue.ts';
import { changeMachineSeconds, mostSteps, parseStageSettings, stages } from '../../infra/stage-settings.ts';

/** What a cloud stage cannot do without: a way to reach people. */
const reached = (stage: string) => (stage === 'local' ? {} : { notifyEmail: 'oncall@example.com' });

describe('parseStageSettings', () => {
  test.each(stages)('in %s nobody may start a change later than decisions look ahead', (stage) => {
    const { approvalTimeout, approvalUsable } = parseStageSettings({
      stage,
      ...reached(stage),
      approvalSeconds: String(longestApprovalSeconds),
    });
    const longest = approvalTimeout.toMilliseconds() + approvalUsable.toMilliseconds();
    expect(longest).toBeLessThan(startHorizonMs);
  });

  test.each([
    ['local', 1_800, 5, 60, 485],
    ['dev', 3_600, 60, 600, 1_560],
    ['test', 3_600, 60, 600, 1_560],
    ['prod', 14_400, 300, 600, 1_800],
  ] as const)('%s', (stage, approvalSeconds, bakeSeconds, validationSeconds, leaseSeconds) => {
    const settings = parseStageSettings({ stage, ...reached(stage) });
    expect(settings.environment).toBe(stage);
    expect(settings.approvalTimeout.toSeconds()).toBe(approvalSeconds);
    expect(settings.bake.toSeconds()).toBe(bakeSeconds);
    expect(settings.validation.toSeconds()).toBe(validationSeconds);
    expect(settings.lockLease.toSeconds()).toBe(leaseSeconds);
  });

  test.each(stages)(
    '%s: discardable data exists in local only, and no sign-in or channel that nobody named',
    (stage) => {
      const settings = parseStageSettings({ stage, ...reached(stage) });
      expect(settings.signIn).toBeUndefined();
      expect(settings.channels).toEqual(reached(stage));
      expect(settings.discardable).toBe(stage === 'local');
      expect(settings.nag).toBe(stage !== 'local');
      expect(settings.model.bedrockEndpointUrl).toBeUndefined();
    },
  );

  test('local is pinned to an account that no real credentials have', () => {
    expect(parseStageSettings({ stage: 'local' }).pinnedTo).toEqual({
      account: '000000000000',
      region: 'us-east-1',
    });
    expect(parseStageSettings({ stage: 'prod', ...reached('prod') }).pinnedTo).toBeUndefined();
  });

  test('a lease outlives what it covers, also when bake and validation are set by hand', () => {
    const { lockLease } = parseStageSettings({
      stage: 'dev',
      ...reached('dev'),
      bakeSeconds: '500',
      validationSeconds: '800',
    });
    expect(lockLease.toSeconds()).toBe(2_200);
  });

  test.each([
    ['prod', '800', 500],
    ['prod', undefined, 700],
    ['dev', '1', 1_299],
    ['local', undefined, 1_400],
    ['local', '800', 660],
  ] as const)(
    '%s, validation %s: three steps fit the change machine with a bake of %i s and no second more',
    (stage, validationSeconds, limit) => {
      const bakeOf = (bakeSeconds: number) =>
        parseStageSettings({
          stage,
          ...reached(stage),
          bakeSeconds: String(bakeSeconds),
          ...(validationSeconds === undefined ? {} : { validationSeconds }),
        });
      for (const bakeSeconds of [limit - 1, limit]) {
        const { bake, validation, verdictTimeout } = bakeOf(bakeSeconds);
        expect(bake.toSeconds()).toBe(bakeSeconds);
        const steps = mostSteps * (bake.toSeconds() + validation.toSeconds());
        expect(300 + steps + verdictTimeout.toSeconds()).toBeLessThan(changeMachineSeconds);
      }
      const together = limit + 1 + Number(validationSeconds ?? (stage === 'local' ? 60 : 600));
      expect(() => bakeOf(limit + 1)).toThrow(
        `bakeSeconds ${limit + 1} and validationSeconds ${together - limit - 1} are ${together} s together and may be ${together - 1} s`,
      );
    },
  );

  test('the limits are those of the machine and of the catalogue', () => {
    const machine = (name: string) =>
      readFileSync(new URL(`../../state-machines/${name}.asl.json`, import.meta.url), 'utf8');
    expect(machine('change')).toMatch(new RegExp(`^  "TimeoutSeconds": ${changeMachineSeconds},$`, 'm'));
    const [, outer] =
      /"Carry out the change": \{[\s\S]*?"TimeoutSeconds": (\d+)/.exec(machine('incident')) ?? [];
    expect(Number(outer)).toBeGreaterThan(changeMachineSeconds);
    const steps = catalogue.flatMap((action) =>
      action.examples.map((example) => stepsOf(action, { ...example, progressive: true }).length),
    );
    expect(Math.max(...steps)).toBe(mostSteps);
  });

  test('a person may be given a day to answer and no second more', () => {
    const { approvalTimeout } = parseStageSettings({
      stage: 'prod',
      ...reached('prod'),
      approvalSeconds: '86400',
    });
    expect(approvalTimeout.toSeconds()).toBe(longestApprovalSeconds);
    for (const stage of stages) {
      const { approvalTimeout: own } = parseStageSettings({ stage, ...reached(stage) });
      expect(own.toSeconds()).toBeLessThanOrEqual(86_400);
    }
  });

  test('arguments arrive as text', () => {
    const settings = parseStageSettings({
      stage: 'local',
      approvalSeconds: '42',
      modelBaseUrl: 'http://127.0.0.1:8080/v1',
      modelName: 'smollm2',
      publicBaseUrl: 'http://localhost:4000',
      bedrockEndpointUrl: 'http://127.0.0.1:9000',
    });
    expect(settings.approvalTimeout.toSeconds()).toBe(42);
    expect(settings.model.baseUrl).toBe('http://127.0.0.1:8080/v1');
    expect(settings.model.name).toBe('smollm2');
    expect(settings.model.bedrockEndpointUrl).toBe('http://127.0.0.1:9000');
    expect(settings.publicBaseUrl).toBe('http://localhost:4000');
  });

  test("the CLI's own context is ignored", () => {
    const context = {
      stage: 'dev',
      ...reached('dev'),
      '@aws-cdk/core:checkSecretUsage': true,
      'aws:cdk:bundling-stacks': ['**'],
      'cli-telemetry': false,
    };
    expect(parseStageSettings(context).stage).toBe('dev');
  });

  test.each([
    [{}, 'choose a stage with -c stage=<local|dev|test|prod>'],
    [{ stage: 'production' }, 'choose a stage'],
    [{ stage: 'Prod' }, 'choose a stage'],
    [{ stage: 'constructor' }, 'choose a stage'],
    [{ stage: ['prod'] }, 'choose a stage'],
    [{ satge: 'dev', stage: 'dev' }, 'satge'],
    [{ stage: 'dev', toString: 'x' }, 'toString'],
    [{ stage: 'dev', localLogin: 'true' }, 'localLogin'],
    [{ stage: 'dev', nag: 'false' }, 'nag'],
    [{ stage: 'dev', publicBaseUrl: 'javascript:alert(1)' }, 'publicBaseUrl'],
    [{ stage: 'dev', modelBaseUrl: 'ftp://models' }, 'modelBaseUrl'],
    [{ stage: 'dev', bedrockModelId: '*' }, 'bedrockModelId'],
    [{ stage: 'dev', bedrockModelId: 'us.model/../*' }, 'bedrockModelId'],
    [{ stage: 'dev', approvalSeconds: '4' }, 'approvalSeconds'],
    [{ stage: 'dev', approvalSeconds: '86401' }, 'approvalSeconds'],
    [{ stage: 'dev', approvalSeconds: 'soon' }, 'approvalSeconds'],
    [{ stage: 'dev', bakeSeconds: '0' }, 'bakeSeconds'],
    [{ stage: 'dev', validationSeconds: '801' }, 'validationSeconds'],
    [{ stage: 'prod', bedrockEndpointUrl: 'http://127.0.0.1:9000' }, 'bedrockEndpointUrl'],
  ])('refuses %j', (context, named) => {
    expect(() => parseStageSettings(context)).toThrow(named);
  });
});
