import { describe, expect, it } from 'vitest';
import { decide } from '../../functions/autonomy/decision.ts';
import type { DecisionInput } from '../../functions/autonomy/decision-input.ts';
import { decisionRules } from '../../functions/autonomy/decision-rules.ts';
import { speaksAgainstAgent } from '../../functions/autonomy/denial-count.ts';
import { judgeStage, parseLoweringThresholds } from '../../functions/autonomy/lowering.ts';
import { replayDecision } from '../../functions/autonomy/replay.ts';
import { StageEvidenceStore } from '../../functions/autonomy/stage-evidence.store.ts';
import { evidenceFor } from '../../functions/autonomy/stage-evidence.ts';
import { base, files, flagKey, flagOff, proposed, shiftAlias, shipped, wasm } from './decision-inputs.ts';
import { MemoryDecisions, tables } from './memory-decisions.ts';

const thresholds = parseLoweringThresholds(JSON.parse(files['autonomy-thresholds.json'] ?? ''));
const christmas = Date.parse('2026-12-25T10:00:00Z');
const hour = 3_600_000;
const inSteps = proposed('lambda.shift-alias', { ...shiftAlias, progressive: true });

/** A sound change of traffic in prod, proposed within the change freeze. */
const frozen: DecisionInput = {
  ...base,
  action: inSteps,
  environment: 'prod',
  planEnvironment: 'prod',
  nowEpochMs: christmas,
};

/** An incident in prod in which one answer holds three plans, and what a review makes of it an hour later. */
async function incident(nowEpochMs: number, actionClass: string, proposals: readonly [string, object][]) {
  const world = await new MemoryDecisions('prod', shipped).begin(actionClass);
  const digests = await world.propose('inc-1', proposals);
  const decisions = [];
  for (const [index, digest] of digests.entries()) {
    decisions.push(await world.decide('inc-1', digest, nowEpochMs + index * 1_000));
  }
  const window = { afterEpochMs: nowEpochMs - hour, untilEpochMs: nowEpochMs + hour };
  const facts = await new StageEvidenceStore(world.database, tables.operations).facts(window.afterEpochMs);
  const evidence = evidenceFor({ environment: 'prod', agentRole: 'responder', actionClass }, facts, window);
  const findings = await world.database.byStatus(tables.operations, 'FINDING#open');
  return {
    decisions,
    evidence,
    findings,
    judgement: judgeStage({ stage: 'guarded' }, evidence, thresholds),
  };
}

describe('an agent that proposes within a change freeze what is sound on any other day', () => {
  it.each(['2026-12-25T10:00:00Z', '2026-12-19T23:59:10Z'])(
    'is not cut off and keeps its stage: %s',
    async (at) => {
      const proposals = ['6', '5', '4'].map((toVersion): [string, object] => [
        'lambda.shift-alias',
        { ...shiftAlias, fromVersion: '7', toVersion, progressive: true },
      ]);
      const { decisions, evidence, findings, judgement } = await incident(
        Date.parse(at),
        'traffic',
        proposals,
      );
      expect(decisions.map(({ clause, cutsOff }) => [clause, cutsOff])).toStrictEqual(
        Array.from({ length: 3 }, () => ['policy.closed-now', undefined]),
      );
      expect(decisions[0]?.determiningPolicies).toStrictEqual(['forbid-change-freeze']);
      expect(evidence).toMatchObject({ cutOffs: 0, denials: 0 });
      expect(judgement.outcome).not.toBe('lower');
      expect(findings).toStrictEqual([]);
      expect(replayDecision(decisions[0] as never, shipped).outcome).toBe('identical');
    },
  );

  it('also where the tags of its target cannot be read', () => {
    const targetTags = { reading: 'unreadable', reason: 'throttled' } as const;
    expect(decide({ ...frozen, targetTags }, shipped).clause).toBe('policy.closed-now');
  });
});

describe('a change freeze is no cover for what is denied on any other day', () => {
  it('an agent that proposes three times what is forbidden is cut off and lowered', async () => {
    const injected = ['x', 'y', 'z'].map((name): [string, object] => [
      'ssm.put-parameter',
      { name: `/interlock/${name}`, fromValue: 'on', toValue: 'off' },
    ]);
    const { decisions, judgement } = await incident(christmas, 'configuration', injected);
    expect(decisions.map(({ clause, cutsOff }) => [clause, cutsOff])).toStrictEqual([
      ['policy.forbid', undefined],
      ['policy.forbid', undefined],
      ['policy.forbid', true],
    ]);
    expect(judgement).toMatchObject({ outcome: 'lower', because: 'agent-cut-off' });
  });

  const manyAtOnce = {
    ...frozen,
    action: { ...inSteps, blastRadius: { resources: 999, capacityPercent: 100 } },
  };
  it.each<[string, Partial<DecisionInput>, string]>([
    ['all traffic at once', { action: proposed('lambda.shift-alias', shiftAlias) }, 'policy.forbid'],
    ['no policy permits it', { agentRole: 'gardener' }, 'policy.forbid'],
    ['the target belongs to another workload', { targetKey: flagKey }, 'plan.outside-workload'],
    ['the plan is not what it claims', { planFault: 'the effect is another one' }, 'plan.unsound'],
    [
      'its owner protects the target',
      { targetTags: { reading: 'read', tags: { 'interlock:protected': 'true' } } },
      'policy.forbid',
    ],
    ['its blast radius is too large', manyAtOnce as Partial<DecisionInput>, 'limits.blast-radius'],
  ])('%s', (_what, change, clause) => {
    const decision = decide({ ...frozen, ...change }, shipped);
    expect(decision).toMatchObject({ outcome: 'deny', clause });
    expect(speaksAgainstAgent(decision.clause)).toBe(true);
    const lastMinute = Date.parse('2026-12-19T23:59:10Z');
    const before = decide({ ...frozen, ...change, nowEpochMs: lastMinute }, shipped);
    expect(speaksAgainstAgent(before.clause)).toBe(true);
  });

  it('a policy that names a time and a target together is one about the time, as a whole', () => {
    const mixed = `@reason("no flags on Mondays")
      forbid (principal, action, resource)
      when { context.time.weekday == "mon" && resource.name like "*flags*" };`;
    const rules = decisionRules({ ...files, 'forbid-mixed.cedar': mixed }, wasm);
    const flag = { ...base, action: proposed('ssm.put-parameter', flagOff), targetKey: flagKey };
    expect(decide(flag, rules)).toMatchObject({
      clause: 'policy.closed-now',
      determiningPolicies: ['forbid-mixed'],
    });
  });
});
