import { describe, expect, it } from 'vitest';
import { accessMatrix } from '../../functions/autonomy/access-matrix.ts';
import { decide } from '../../functions/autonomy/decision.ts';
import { decisionRules } from '../../functions/autonomy/decision-rules.ts';
import { replayDecision } from '../../functions/autonomy/replay.ts';
import { parseRunbookPolicy } from '../../functions/change/actions/ssm-run-automation/runbook-policy.ts';
import { catalogueExamples } from '../../functions/policy/policy-tables.ts';
import { base, files, lowRisk, now, resolved, shipped, wasm } from './decision-inputs.ts';

const freezeAll = {
  ...files,
  'forbid-everything.cedar': '@reason("closed for today") forbid (principal, action, resource);',
};

describe('a decision made again', () => {
  const stored = { ...decide(base, shipped), inputs: base };

  it('is identical under the policies it was made under', () => {
    expect(replayDecision(stored, decisionRules(files, wasm))).toMatchObject({
      outcome: 'identical',
      differences: [],
    });
  });

  it('shows what other policies would have decided', () => {
    const replay = replayDecision(stored, decisionRules(freezeAll, wasm));
    expect(replay.outcome).toBe('different');
    expect(replay.differences).toContainEqual({
      member: 'outcome',
      stored: '"require-approval"',
      again: '"deny"',
    });
    expect(replay.again.determiningPolicies).toStrictEqual(['forbid-everything']);
  });

  it('shows limits and matrix of the other set too', () => {
    const limits = JSON.parse(files['limits.json'] ?? '') as { environments: { local: object } };
    limits.environments.local = { ...limits.environments.local, maximumResources: 0 };
    const strict = decisionRules({ ...files, 'limits.json': JSON.stringify(limits) }, wasm);
    expect(replayDecision(stored, strict).again.clause).toBe('limits.blast-radius');
  });

  it.each([
    { outcome: 'auto' as const },
    { reason: 'because' },
    { determiningPolicies: ['other'] },
    { quorum: 0 },
    { stageVersion: 3 },
  ])('notices a stored decision that was altered: %j', (change) => {
    expect(replayDecision({ ...stored, ...change }, shipped).outcome).toBe('different');
  });

  it('asks the runbooks of the other set, whether one was withdrawn or listed since', () => {
    const runbook = {
      documentName: 'Checkout-EnableMaintenance',
      documentVersion: '3',
      targetParameterName: 'Service',
      targetType: 'ecs-service',
      targetValue: 'shop/checkout',
    } as const;
    const listed = {
      document: 'Checkout-EnableMaintenance',
      version: '3',
      target: 'ecs-service',
      targetParameter: 'Service',
    };
    const withRunbooks = (...runbooks: object[]) => ({
      ...shipped,
      runbooks: parseRunbookPolicy({ version: 1, runbooks }),
    });
    const action = resolved('ssm.run-automation', runbook);
    const inputs = { ...base, action, targetKey: action.target.key, runbook };
    const [without, withIt] = [withRunbooks(), withRunbooks(listed)];
    const clauses = [without, withIt].flatMap((deployed) =>
      [without, withIt].map((candidate) => {
        const replay = replayDecision({ ...decide(inputs, deployed), inputs }, candidate);
        return [replay.outcome, replay.again.clause];
      }),
    );
    expect(clauses).toStrictEqual([
      ['identical', 'plan.unsound'],
      ['different', 'autonomy.matrix'],
      ['different', 'plan.unsound'],
      ['identical', 'autonomy.matrix'],
    ]);
  });

  it('is identical where an early version stored the fault of a runbook instead of the runbook', () => {
    const planFault = 'policies/runbooks.json does not list runbook Checkout-EnableMaintenance@3';
    const inputs = { ...base, planFault };
    expect(decide(inputs, shipped)).toMatchObject({ clause: 'plan.unsound', reason: planFault });
    expect(replayDecision({ ...decide(inputs, shipped), inputs }, shipped).outcome).toBe('identical');
  });

  it('notices altered inputs', () => {
    const { inputs: _, ...auto } = { ...decide(lowRisk, shipped), inputs: lowRisk };
    expect(replayDecision({ ...auto, inputs: base }, shipped).outcome).toBe('different');
  });

  it.each(['autonomy.json', 'limits.json', 'interlock.cedarschema'])('needs %s', (name) => {
    const { [name]: _, ...rest } = files;
    expect(() => decisionRules(rest, wasm)).toThrow(/policies\//);
  });
});

describe('who may do what', () => {
  const rows = (environment: string, rules = shipped, stage?: 'observe') =>
    accessMatrix(
      rules,
      catalogueExamples(),
      { environment, agentRoles: ['responder', 'gardener'], nowEpochMs: now },
      () => (stage === undefined ? undefined : { stage, version: 1 }),
    );

  it('is what would be decided, one row for each role, action and tier', () => {
    const local = rows('local');
    expect(local).toContainEqual(
      expect.objectContaining({
        agentRole: 'responder',
        action: 'ssm.put-parameter',
        tier: 'low',
        stage: 'guarded',
        outcome: 'auto',
      }),
    );
    const keys = local.map(({ agentRole, action, tier }) => `${agentRole} ${action} ${tier}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const row of local.filter(({ agentRole }) => agentRole === 'gardener'))
      expect(row.outcome).toBe('deny');
  });

  it('shows both answers where a parameter decides', () => {
    const shifts = rows('prod').filter(
      ({ agentRole, action }) => agentRole === 'responder' && action === 'lambda.shift-alias',
    );
    expect(shifts.map(({ outcome, determiningPolicies }) => [outcome, ...determiningPolicies])).toStrictEqual(
      [
        ['deny', 'forbid-traffic-at-once-in-prod'],
        ['recommend', 'permit-responder-lambda-shift-alias'],
      ],
    );
  });

  it('follows the stage that was set at run time, and a forbid', () => {
    for (const row of rows('local', shipped, 'observe').filter(({ agentRole }) => agentRole === 'responder'))
      expect(row.outcome).toBe('recommend');
    for (const row of rows('local', decisionRules(freezeAll, wasm))) {
      expect(row).toMatchObject({ outcome: 'deny' });
    }
  });
});
