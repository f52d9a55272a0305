import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { LedgerStore, toEntry } from '../../functions/audit/ledger.store.ts';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { reportOn } from '../../functions/audit/ledger-report.ts';
import { factsOf, type RecordedFact } from '../../functions/audit/recorded-fact.ts';
import { type AutonomyPolicy, parseAutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { StageStore } from '../../functions/autonomy/stage.store.ts';
import { StageRequestStore } from '../../functions/autonomy/stage-request.store.ts';
import { Database } from '../../functions/platform/dynamodb.ts';
import { controlChain, itemKeys } from '../../functions/platform/item-keys.ts';
import type { AutonomyStage } from '../../functions/platform/vocabulary.ts';
import { PolicyArchive } from '../../functions/policy/policy-archive.store.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** 2026-11-23T08:00:00Z. */
const start = 1_795_420_800_000;
const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
const ana = { kind: 'person', id: 'arn:aws:iam::111122223333:user/ana' } as const;
const ben = 'arn:aws:iam::111122223333:user/ben';
const row = { low: 'recommend', medium: 'recommend', high: 'recommend' } as const;
const matrix = { observe: row, suggest: row, 'auto-low': row, guarded: row };

let tables: TestTables;
let now: number;
beforeEach(async () => {
  tables = await freshTables();
  now = start;
});

const policyOf = (...stages: AutonomyPolicy['stages']): AutonomyPolicy =>
  parseAutonomyPolicy({ version: 1, minimumConfidenceForAuto: 0.7, matrix, stages });
const declaring = (stage: AutonomyStage) => policyOf({ ...place, stage });
const archive = () => new PolicyArchive(tables.database, tables.ledger, tables);
const publish = (policy: AutonomyPolicy) =>
  archive().publish({ 'autonomy.json': JSON.stringify(policy) }, 'artefact', (now += 1));
const storeUnder = (policy: AutonomyPolicy) =>
  new StageStore(tables.database, tables.ledger, tables, policy, () => (now += 1));
const published = () => tables.ledger.read(controlChain('policy', start));

/** As two people raise it. */
async function raise(policy: AutonomyPolicy, to: AutonomyStage): Promise<void> {
  const stages = storeUnder(policy);
  const requests = new StageRequestStore(
    tables.database,
    tables.ledger,
    tables,
    stages,
    [],
    () => (now += 1),
  );
  const request = await requests.request(await stages.inForce(place), to, ana.id, 'earned', {} as never);
  if (request === 'unknown-person') throw new Error('the test asks as a person');
  expect(await requests.approve(request.requestId, ben, request)).toMatchObject({ outcome: 'raised' });
}

/** A database before whose first transaction somebody else gets in. */
function overtakenOnce(meanwhile: () => Promise<unknown>): Database {
  const client = new DynamoDBClient({});
  let isFirst = true;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (isFirst && context['commandName'] === 'TransactWriteItemsCommand') {
        isFirst = false;
        await meanwhile();
      }
      return next(args);
    },
    { step: 'initialize', name: 'overtaken' },
  );
  return new Database(client);
}

describe('publishing a lower stage', () => {
  it('lowers what was raised at run time, in one transaction with its entry', async () => {
    await publish(declaring('suggest'));
    await raise(declaring('suggest'), 'auto-low');
    await publish(policyOf());
    expect(await storeUnder(policyOf()).inForce(place)).toMatchObject({
      stage: 'observe',
      version: 2,
      from: 'set-at-run-time',
      changedBy: 'publish-policies',
      cause: 'lowered',
      reason: 'policies/autonomy.json declares observe now; before, it declared suggest',
    });
    expect((await published()).slice(-3).map(({ type, detail }) => ({ type, detail }))).toMatchObject([
      { type: 'policy.published' },
      { type: 'autonomy.lowered', detail: { ...place, from: 'auto-low', to: 'observe', version: 2 } },
      { type: 'autonomy.declared', detail: { ...place, stage: 'observe', previous: 'suggest' } },
    ]);
    expect((await published()).at(-2)?.actor).toStrictEqual({ kind: 'system', id: 'publish-policies' });
  });

  it('lowers to what is declared now, and no further', async () => {
    await publish(declaring('guarded'));
    await storeUnder(declaring('guarded')).lower(place, 'auto-low', ana, 'odd');
    await publish(declaring('suggest'));
    expect(await storeUnder(declaring('suggest')).inForce(place)).toMatchObject({
      stage: 'suggest',
      version: 2,
    });
  });

  it('does it once, however often it is delivered', async () => {
    await publish(declaring('guarded'));
    await storeUnder(declaring('guarded')).lower(place, 'auto-low', ana, 'odd');
    const results = await Promise.all([publish(policyOf()), publish(policyOf()), publish(policyOf())]);
    expect(results.filter(({ outcome }) => outcome === 'published')).toHaveLength(1);
    await raise(policyOf(), 'suggest');
    expect(await publish(policyOf())).toStrictEqual({ outcome: 'already-current' });
    expect(await storeUnder(policyOf()).inForce(place)).toMatchObject({ stage: 'suggest', version: 3 });
  });

  it.each<[string, AutonomyPolicy, AutonomyStage]>([
    ['the same declaration again', declaring('suggest'), 'auto-low'],
    ['a higher declaration', declaring('guarded'), 'auto-low'],
  ])('never lowers what people raised on %s', async (_case, next, stands) => {
    await publish(declaring('suggest'));
    await raise(declaring('suggest'), 'auto-low');
    // Something else is new in it.
    await publish({ ...next, minimumConfidenceForAuto: 0.8 });
    expect(await storeUnder(next).inForce(place)).toMatchObject({ stage: stands, version: 1 });
  });

  it('leaves a stage alone that stands no higher, or cannot be read', async () => {
    await publish(declaring('guarded'));
    await storeUnder(declaring('guarded')).lower(place, 'suggest', ana, 'odd');
    await publish(declaring('suggest'));
    expect(await storeUnder(declaring('suggest')).inForce(place)).toMatchObject({ version: 1 });
    const item = { ...itemKeys.stage(place), stage: 'full', version: 2 };
    await tables.database.transact([{ kind: 'put', table: tables.controls, item }]);
    await publish(policyOf());
    expect(await tables.database.get(tables.controls, itemKeys.stage(place))).toStrictEqual(item);
  });

  it.each<[string, AutonomyStage[], () => Promise<unknown>]>([
    [
      'lowers a place that was only declared',
      [],
      () => storeUnder(declaring('guarded')).lower(place, 'auto-low', ana, 'odd'),
    ],
    ['raises a place that stood low enough', ['observe'], () => raise(declaring('guarded'), 'suggest')],
    [
      'lowers a place that stood too high',
      ['auto-low'],
      () => storeUnder(declaring('guarded')).lower(place, 'suggest', ana, 'odd'),
    ],
  ])(
    'leaves nothing above it when somebody %s right before it is written',
    async (_case, earlier, meanwhile) => {
      await publish(declaring('guarded'));
      for (const stage of earlier) await storeUnder(declaring('guarded')).lower(place, stage, ana, 'odd');
      const database = overtakenOnce(meanwhile);
      const late = new PolicyArchive(database, new LedgerStore(database, tables.ledgerTable, 'test'), tables);
      expect(
        await late.publish({ 'autonomy.json': JSON.stringify(policyOf()) }, 'artefact', now),
      ).toMatchObject({
        outcome: 'published',
      });
      expect(await storeUnder(policyOf()).inForce(place)).toMatchObject({
        stage: 'observe',
        changedBy: 'publish-policies',
      });
    },
  );

  it('agrees with the ledger, also for a decision that was made at the lowered stage', async () => {
    await publish(declaring('guarded'));
    await storeUnder(declaring('guarded')).lower(place, 'auto-low', ana, 'odd');
    await publish(declaring('suggest'));
    const decided = {
      incidentId: 'inc-1',
      planDigest: 'p1',
      outcome: 'recommend',
      stage: 'suggest',
      stageVersion: 2,
      stageKey: itemKeys.stage(place).sk,
    };
    const item = { ...itemKeys.decision('inc-1', 'p1'), ...decided };
    await tables.ledger.commit(
      'incident#inc-1',
      [
        {
          type: 'decision.made',
          atEpochMs: (now += 1),
          actor: { kind: 'system', id: 'decide' },
          detail: { planDigest: 'p1', outcome: 'recommend', stage: 'suggest', stageVersion: 2 },
        },
      ],
      [{ kind: 'put', table: tables.operations, item }],
    );
    const facts: RecordedFact[] = [];
    for (const table of [tables.controls, tables.operations])
      for await (const stored of tables.database.scan(table)) facts.push(...factsOf(stored));
    const entries: LedgerEntry[] = [];
    for await (const stored of tables.database.scan(tables.ledgerTable)) entries.push(toEntry(stored));
    expect(facts.map(({ type }) => type)).toContain('autonomy.lowered');
    expect(reportOn(entries, facts).faults).toStrictEqual([]);
  });

  it('is refused as a whole when it lowers more than a transaction takes, and says what to do', async () => {
    const many = Array.from({ length: 97 }, (_, index) => ({
      ...place,
      actionClass: `class-${index}`,
      stage: 'guarded' as const,
    }));
    await publish(policyOf(...many));
    await expect(publish(policyOf())).rejects.toThrow(/lowers 97 stages at once.*publish it in steps/);
    expect(await publish(policyOf(...many.slice(50)))).toMatchObject({ outcome: 'published' });
    expect(await publish(policyOf())).toMatchObject({ outcome: 'published' });
  });
});
