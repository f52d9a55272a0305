import { describe, expect, it } from 'vitest';
import { accessMatrix } from '../../functions/autonomy/access-matrix.ts';
import { decide } from '../../functions/autonomy/decision.ts';
import { decisionRules } from '../../functions/autonomy/decision-rules.ts';
import { replayDecision } from '../../functions/autonomy/replay.ts';
import { catalogueExamples } from '../../functions/policy/policy-tables.ts';
import { base, files, lowRisk, now, shipped, wasm } from './decision-inputs.ts';

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

  it('follows the stage that was set at run time, and a forbid', () => {
    for (const row of rows('local', shipped, 'observe').filter(({ agentRole }) => agentRole === 'responder'))
      expect(row.outcome).toBe('recommend');
    for (const row of rows('local', decisionRules(freezeAll, wasm))) {
      expect(row).toMatchObject({ outcome: 'deny' });
    }
  });
});
