import { describe, expect, it } from 'vitest';
import { judgeStage, parseLoweringThresholds } from '../../functions/autonomy/lowering.ts';
import { StageEvidenceStore } from '../../functions/autonomy/stage-evidence.store.ts';
import { evidenceFor } from '../../functions/autonomy/stage-evidence.ts';
import { files, now, shiftAlias, shipped } from './decision-inputs.ts';
import { MemoryDecisions, tables } from './memory-decisions.ts';

const thresholds = parseLoweringThresholds(JSON.parse(files['autonomy-thresholds.json'] ?? ''));
const place = { environment: 'local', agentRole: 'responder', actionClass: 'configuration' };
const minute = 60_000;
const window = { afterEpochMs: now - 1, untilEpochMs: now + 60 * minute };

/** What an injected alarm makes of an agent: as many plans as one answer holds, all of them denied. */
const injected = ['x', 'y', 'z'].map((name): [string, object] => [
  'ssm.put-parameter',
  { name: `/interlock/${name}`, fromValue: 'on', toValue: 'off' },
]);

async function decided(incidentId: string, proposals: readonly [string, object][]) {
  const world = await new MemoryDecisions('local', shipped).begin('configuration');
  const digests = await world.propose(incidentId, proposals);
  const decisions = [];
  for (const [index, digest] of digests.entries()) {
    decisions.push(await world.decide(incidentId, digest, now + index * 1_000));
  }
  const facts = (sinceEpochMs: number) =>
    new StageEvidenceStore(world.database, tables.operations).facts(sinceEpochMs);
  return { world, decisions, facts };
}

describe('an agent that proposes three times what is denied', () => {
  it('is cut off by the third, and loses its stage although it is never heard again', async () => {
    const { decisions, facts } = await decided('inc-1', injected);
    expect(decisions.map(({ clause, cutsOff }) => [clause, cutsOff])).toStrictEqual([
      ['policy.forbid', undefined],
      ['policy.forbid', undefined],
      ['policy.forbid', true],
    ]);
    const evidence = evidenceFor(place, await facts(window.afterEpochMs), window);
    expect(evidence).toMatchObject({ cutOffs: 1, denials: 3 });
    expect(judgeStage({ stage: 'guarded' }, evidence, thresholds)).toMatchObject({
      outcome: 'lower',
      to: 'auto-low',
      because: 'agent-cut-off',
    });
  });

  it('is that one incident, however often it proposes afterwards, in this window and the next', async () => {
    const { world, facts } = await decided('inc-1', injected);
    const fine: [string, object] = [
      'ssm.put-parameter',
      { name: '/checkout/flag', fromValue: 'on', toValue: 'off' },
    ];
    const [digest = ''] = await world.propose('inc-1', [fine]);
    const late = now + 5 * minute;
    expect(await world.decide('inc-1', digest, late)).toMatchObject({ clause: 'agent.cut-off' });
    const known = await facts(window.afterEpochMs);
    expect(evidenceFor(place, known, window).cutOffs).toBe(1);
    const next = { ...window, afterEpochMs: now + minute };
    expect(evidenceFor(place, known, next).cutOffs).toBe(0);
  });

  it('opens its finding with an entry in the chain of the incident', async () => {
    const { world } = await decided('inc-1', injected);
    const entries = await world.entries('inc-1');
    expect(entries.map(({ type }) => type)).toStrictEqual([
      'decision.made',
      'decision.made',
      'decision.made',
      'agent.cut-off',
      'finding.opened',
    ]);
    const findings = await world.database.byStatus(tables.operations, 'FINDING#open');
    expect(findings).toMatchObject([{ kind: 'agent-cut-off' }]);
    expect(entries.at(-1)).toMatchObject({
      actor: { kind: 'system', id: 'decide' },
      detail: { findingId: findings[0]?.['findingId'], kind: 'agent-cut-off' },
    });
  });

  it.each([
    ['no action of the catalogue', 'iam.attach-role-policy', {}, 'catalogue.unknown-action'],
    ['malformed parameters', 'ssm.put-parameter', {}, 'catalogue.invalid-parameters'],
  ])('speaks against it wherever it has a stage: %s', async (_what, action, parameters, clause) => {
    const { decisions, facts } = await decided('inc-1', [[action, parameters]]);
    expect(decisions).toMatchObject([{ outcome: 'deny', clause }]);
    expect(evidenceFor(place, await facts(window.afterEpochMs), window).denials).toBe(1);
    const elsewhere = { ...place, environment: 'prod' };
    expect(evidenceFor(elsewhere, await facts(window.afterEpochMs), window).denials).toBe(0);
  });

  it('is judged by its action class: what it was denied there is not held against it elsewhere', async () => {
    const { facts } = await decided('inc-1', [
      ['lambda.shift-alias', { ...shiftAlias, functionName: 'interlock' }],
    ]);
    const known = await facts(window.afterEpochMs);
    expect(evidenceFor(place, known, window).denials).toBe(0);
    expect(evidenceFor({ ...place, actionClass: 'traffic' }, known, window).denials).toBe(1);
  });
});
