import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { RecommendationStore } from '../../functions/autonomy/recommendation.store.ts';
import { rollbackPlanOf } from '../../functions/change/action-definition.ts';
import { shiftAlias } from '../../functions/change/actions/lambda-shift-alias/definition.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

const now = 1_795_392_000_000;
const parameters = { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '1' };
const passed = { name: 'target-exists', result: 'pass', reason: 'alias live is there' };
const failed = { name: 'target-exists', result: 'fail', reason: 'alias live is gone' };

let tables: TestTables;
let store: RecommendationStore;
beforeAll(async () => {
  tables = await freshTables();
  const ledger = new LedgerStore(tables.database, tables.ledgerTable, 'test-artefact');
  const settings = { operations: tables.operations, environment: 'local' };
  store = new RecommendationStore(tables.database, ledger, settings, () => now);
});

async function asked(changes: { decision?: object; plan?: object } = {}) {
  const incidentId = `inc-${randomBytes(10).toString('hex')}`;
  const plan: Plan = {
    schemaVersion: 1,
    incidentId,
    environment: 'local',
    agentRole: 'responder',
    action: 'lambda.shift-alias',
    parameters,
    target: shiftAlias.target(parameters),
    effect: shiftAlias.effect(parameters),
    rollbackPlan: rollbackPlanOf(shiftAlias, parameters),
    successCriteria: shiftAlias.successCriteria(parameters),
    evidence: [],
    citations: [],
  };
  const planDigest = planDigestOf(plan);
  const put = (item: Record<string, unknown>) => ({ kind: 'put' as const, table: tables.operations, item });
  await tables.database.transact([
    put({ ...itemKeys.plan(incidentId, planDigest), plan: { ...plan, ...changes.plan }, planDigest }),
    put({ ...itemKeys.triage(incidentId), round: 2, diagnosis: 'prose of a model', gaps: ['a gap'] }),
    put({
      ...itemKeys.decision(incidentId, planDigest),
      outcome: 'require-approval',
      clause: 'autonomy.matrix',
      reason: 'stage guarded, tier medium: needs 1 approval',
      tier: 'medium',
      ...changes.decision,
    }),
  ]);
  return { incidentId, planDigest };
}

describe('recommendation store', () => {
  it('writes recommendation and evidence together, and no prose of a model', async () => {
    const { incidentId, planDigest } = await asked();
    expect(await store.make({ incidentId, planDigest, checks: [passed] })).toMatchObject({
      outcome: 'recommended',
      failedChecks: [],
    });
    const item = await tables.database.get(
      tables.operations,
      itemKeys.recommendation(incidentId, planDigest),
    );
    expect(item).toMatchObject({
      summary: 'lambda.shift-alias on checkout:live: version 2 → version 1',
      triage: { id: `TRIAGE#${incidentId}`, round: 2 },
      madeAtEpochMs: now,
    });
    expect(JSON.stringify(item)).not.toContain('prose of a model');
    const entries = await tables.ledger.read(incidentChain(incidentId));
    expect(entries.map(({ type }) => type)).toStrictEqual(['recommendation.made']);
    expect(verifyChain(incidentChain(incidentId), entries)).toStrictEqual([]);
  });

  it('keeps the first of ten that race, and answers every caller from it', async () => {
    const { incidentId, planDigest } = await asked();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        store.make({ incidentId, planDigest, checks: [index % 2 === 0 ? passed : failed] }),
      ),
    );
    for (const answer of answers) expect(answer).toStrictEqual(answers[0]);
    expect(await tables.ledger.read(incidentChain(incidentId))).toHaveLength(1);
  });

  it('refuses a plan that was altered after it was decided on', async () => {
    const { incidentId, planDigest } = await asked({ plan: { environment: 'prod' } });
    expect(await store.make({ incidentId, planDigest, checks: [passed] })).toMatchObject({
      outcome: 'refused',
      failedChecks: ['plan-sound'],
    });
    expect(await tables.ledger.read(incidentChain(incidentId))).toStrictEqual([]);
  });

  it.each(['auto', 'deny'])('is made for no plan that was decided %s', async (outcome) => {
    const { incidentId, planDigest } = await asked({ decision: { outcome } });
    await expect(store.make({ incidentId, planDigest, checks: [passed] })).rejects.toMatchObject({
      code: 'recommendation.not-asked',
    });
  });
});
