import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import { Database, type Item, type TransactResult, type Write } from '../../functions/platform/dynamodb.ts';
import { changeIdFor } from '../../functions/platform/ids.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import type { RoutingResult } from '../../functions/routing/routing-result.ts';
import type { TriageContext } from '../../functions/triage/context.ts';
import { TriageStore } from '../../functions/triage/triage.store.ts';
import { type TriagePorts, triage } from '../../functions/triage/triage.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import {
  allFailed,
  answered,
  anyText,
  boundary,
  context,
  flagOff,
  incident,
  shiftBack,
} from './incidents.ts';

const nowEpochMs = 1_795_392_000_000;
let tables: TestTables;
beforeAll(async () => {
  tables = await freshTables();
});

/** Stands for the process being killed: nothing after the `survives`-th transaction happens. */
class DyingDatabase extends Database {
  #left: number;
  constructor(survives: number) {
    super();
    this.#left = survives;
  }
  override async transact(writes: readonly Write[]): Promise<TransactResult> {
    if (this.#left === 0) throw new Error('killed');
    this.#left -= 1;
    return super.transact(writes);
  }
}

async function openIncident(): Promise<string> {
  const incidentId = `inc-${randomUUID()}`;
  const item: Item = {
    ...itemKeys.incident(incidentId),
    ...incident,
    incidentId,
    status: 'open',
    openedAtEpochMs: nowEpochMs,
  };
  await tables.database.transact([{ kind: 'put', table: tables.operations, item }]);
  return incidentId;
}

function portsWith(
  result: RoutingResult,
  database: Database = tables.database,
  gathered: TriageContext = context,
) {
  const ledger = new LedgerStore(database, tables.ledgerTable, 'test-artefact');
  const store = new TriageStore(database, ledger, tables.operations, () => nowEpochMs);
  const asked: string[] = [];
  const ports: TriagePorts = {
    incident: (id) => store.incident(id),
    find: (id, round) => store.find(id, round),
    earlier: (id) => store.earlier(id),
    gather: async () => gathered,
    recordAsked: (each, prompt, round) => store.recordAsked(each, prompt, round),
    ask: async (prompt) => {
      asked.push(prompt.user);
      return result;
    },
    recordAnswer: (triaged) => store.recordAnswer(triaged),
    boundary: () => boundary,
  };
  return { ports, asked };
}

const ledgerOf = (incidentId: string) => tables.ledger.read(incidentChain(incidentId));
const itemsOf = (incidentId: string) => tables.database.query(tables.operations, `TRIAGE#${incidentId}`);

describe('triage', () => {
  it('writes record, plans and evidence together', async () => {
    const incidentId = await openIncident();
    const { ports } = portsWith(answered([shiftBack, flagOff]));
    const outcome = await triage(incidentId, 1, ports);
    const items = await itemsOf(incidentId);
    const plans = items.filter(({ sk }) => String(sk).startsWith('PLAN#'));
    expect(outcome).toMatchObject({ outcome: 'planned', confidence: 0.9 });
    expect(plans).toHaveLength(2);
    for (const { plan, planDigest } of plans) expect(planDigestOf(plan as Plan)).toBe(planDigest);
    expect(items.find(({ sk }) => sk === 'TRIAGE')).toMatchObject({
      diagnosis: 'Version 2 is broken.',
      confidence: 0.9,
      reasons: [shiftBack.reason, flagOff.reason],
      model: { runtime: 'self-hosted', modelId: 'tiny', trigger: 'default', inputTokens: 900, latencyMs: 40 },
      thresholds: { confidence: 0.5 },
    });
    const entries = await ledgerOf(incidentId);
    expect(entries.map(({ type }) => type)).toStrictEqual([
      'triage.asked',
      'triage.answered',
      'plan.proposed',
      'plan.proposed',
    ]);
    expect(verifyChain(incidentChain(incidentId), entries)).toStrictEqual([]);
    expect(entries[2]?.detail).toMatchObject({
      action: 'lambda.shift-alias',
      targetKey: 'lambda-alias/checkout:live',
      resolution: 'resolved',
    });
    const text = JSON.stringify(entries);
    for (const prose of [shiftBack.reason, 'Version 2 is broken', 'version 1'])
      expect(text).not.toContain(prose);
  });

  it('never asks the model twice about an answer it has', async () => {
    const incidentId = await openIncident();
    const first = await triage(incidentId, 1, portsWith(answered([shiftBack])).ports);
    const before = await itemsOf(incidentId);
    const again = portsWith(answered([flagOff]));
    expect(await triage(incidentId, 1, again.ports)).toStrictEqual(first);
    expect(again.asked).toStrictEqual([]);
    expect(await itemsOf(incidentId)).toStrictEqual(before);
  });

  it('keeps one answer when eight runs race with different ones', async () => {
    const incidentId = await openIncident();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        triage(incidentId, 1, portsWith(answered([shiftBack], { confidence: index / 10 })).ports),
      ),
    );
    for (const outcome of outcomes) expect(outcome).toStrictEqual(outcomes[0]);
    const entries = await ledgerOf(incidentId);
    expect(entries.filter(({ type }) => type === 'triage.answered')).toHaveLength(1);
    expect(verifyChain(incidentChain(incidentId), entries)).toStrictEqual([]);
  });

  it.each([0, 1])('ends the same when killed after %d of its two transactions', async (survives) => {
    const reference = await openIncident();
    await triage(reference, 1, portsWith(answered([shiftBack])).ports);
    const crashed = await openIncident();
    const dying = portsWith(answered([shiftBack]), new DyingDatabase(survives));
    await expect(triage(crashed, 1, dying.ports)).rejects.toThrow('killed');
    await triage(crashed, 1, portsWith(answered([shiftBack])).ports);
    const withoutIds = async (id: string) =>
      JSON.parse(
        JSON.stringify(await itemsOf(id))
          .replaceAll(id, 'ID')
          .replaceAll(/[0-9a-f]{64}/g, 'DIGEST'),
      ) as unknown;
    expect(await withoutIds(crashed)).toStrictEqual(await withoutIds(reference));
    const entries = await ledgerOf(crashed);
    expect(verifyChain(incidentChain(crashed), entries)).toStrictEqual([]);
    // Each time a model was about to be asked is on record; what it led to, once.
    expect(entries.map(({ type }) => type)).toStrictEqual([
      ...Array.from({ length: survives }, () => 'triage.asked'),
      'triage.asked',
      'triage.answered',
      'plan.proposed',
    ]);
  });

  it('records that the rules answered when every model failed', async () => {
    const incidentId = await openIncident();
    const outcome = await triage(incidentId, 1, portsWith(allFailed).ports);
    expect(outcome).toMatchObject({ outcome: 'no-plan' });
    const [, entry] = await ledgerOf(incidentId);
    expect(entry).toMatchObject({
      type: 'triage.answered',
      actor: { kind: 'system' },
      detail: { runtime: 'rules', trigger: 'all-failed', plans: 0 },
    });
    expect(await triage(incidentId, 1, portsWith(answered([shiftBack])).ports)).toStrictEqual(outcome);
  });

  it('stores any proposal so that its digest is the same when read back', async () => {
    const hostile = fc.record({
      action: anyText(130),
      parameters: fc.oneof(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constant({ constructor: { name: 'Set' } }),
        fc.constant(JSON.parse('{"__proto__":{"x":1}}') as Record<string, unknown>),
      ),
      reason: anyText(500),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 3 }), async (proposals) => {
        const incidentId = await openIncident();
        await triage(incidentId, 1, portsWith(answered(proposals)).ports);
        const items = await itemsOf(incidentId);
        expect(items.some(({ sk }) => sk === 'TRIAGE')).toBe(true);
        for (const { plan, planDigest } of items.filter(({ sk }) => String(sk).startsWith('PLAN#'))) {
          expect(planDigestOf(plan as Plan)).toBe(planDigest);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('refuses an incident that does not exist', async () => {
    await expect(triage('inc-none', 1, portsWith(answered([])).ports)).rejects.toMatchObject({
      code: 'triage.incident-not-found',
    });
  });
});

describe('the second round', () => {
  /** Somebody moved the alias on to version 3 meanwhile. */
  const moved: TriageContext = {
    ...context,
    functions: context.functions.map((each) => ({
      ...each,
      aliases: [{ aliasName: 'live', version: '3' }],
    })),
  };
  const fromThree = { ...shiftBack, parameters: { ...shiftBack.parameters, fromVersion: '3' } };

  /** Round 1 proposed to shift back; its change was refused because the target had been changed. */
  async function refusedOnce(): Promise<{ incidentId: string; planDigest: string }> {
    const incidentId = await openIncident();
    const first = await triage(incidentId, 1, portsWith(answered([shiftBack])).ports);
    const [planDigest = ''] = first.outcome === 'planned' ? first.planDigests : [];
    const put = (item: Item) => ({ kind: 'put' as const, table: tables.operations, item });
    await tables.database.transact([
      put({ ...itemKeys.decision(incidentId, planDigest), outcome: 'auto', reason: 'carried out' }),
      put({
        ...itemKeys.change(changeIdFor(incidentId, planDigest)),
        status: 'refused',
        statusReason: 'the alias was changed by somebody else',
      }),
    ]);
    return { incidentId, planDigest };
  }

  it('replaces the record where confidence is read, keeps the first, and tells the model what became of it', async () => {
    const { incidentId, planDigest } = await refusedOnce();
    const second = portsWith(answered([fromThree], { confidence: 0.4 }), tables.database, moved);
    const outcome = await triage(incidentId, 2, second.ports);
    const items = await itemsOf(incidentId);
    const [newDigest] = outcome.outcome === 'planned' ? outcome.planDigests : [];
    expect(newDigest).not.toBe(planDigest);
    expect(items.find(({ sk }) => sk === 'TRIAGE')).toMatchObject({
      round: 2,
      confidence: 0.4,
      planDigests: [newDigest],
    });
    expect(items.find(({ sk }) => sk === 'TRIAGE#1')).toMatchObject({
      round: 1,
      confidence: 0.9,
      planDigests: [planDigest],
    });
    expect(second.asked[0]).toContain('the alias was changed by somebody else');
    expect(second.asked[0]).toContain('"ended":"refused"');
    const entries = await ledgerOf(incidentId);
    expect(
      entries.filter(({ type }) => type === 'triage.answered').map(({ detail }) => detail['round']),
    ).toStrictEqual([1, 2]);
    expect(verifyChain(incidentChain(incidentId), entries)).toStrictEqual([]);
  });

  it('answers each round from its own record, and asks no model again', async () => {
    const { incidentId, planDigest } = await refusedOnce();
    const second = await triage(
      incidentId,
      2,
      portsWith(answered([fromThree]), tables.database, moved).ports,
    );
    const again = portsWith(answered([flagOff]));
    expect(await triage(incidentId, 2, again.ports)).toStrictEqual(second);
    expect(await triage(incidentId, 1, again.ports)).toMatchObject({ planDigests: [planDigest] });
    expect(again.asked).toStrictEqual([]);
  });

  it('never proposes the same plan again', async () => {
    const { incidentId } = await refusedOnce();
    const outcome = await triage(incidentId, 2, portsWith(answered([shiftBack])).ports);
    expect(outcome).toMatchObject({ outcome: 'no-plan', reason: expect.stringContaining('already tried') });
    expect((await itemsOf(incidentId)).filter(({ sk }) => String(sk).startsWith('PLAN#'))).toHaveLength(1);
  });

  it('keeps one answer when eight runs of it race', async () => {
    const { incidentId } = await refusedOnce();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        triage(
          incidentId,
          2,
          portsWith(answered([fromThree], { confidence: index / 10 }), tables.database, moved).ports,
        ),
      ),
    );
    for (const outcome of outcomes) expect(outcome).toStrictEqual(outcomes[0]);
    const answers = (await ledgerOf(incidentId)).filter(({ type }) => type === 'triage.answered');
    expect(answers).toHaveLength(2);
  });

  it('needs a first one', async () => {
    const incidentId = await openIncident();
    await expect(triage(incidentId, 2, portsWith(answered([shiftBack])).ports)).rejects.toMatchObject({
      code: 'triage.no-earlier-round',
    });
  });
});
