import { beforeAll, describe, expect, it } from 'vitest';
import { toEntry } from '../../functions/audit/ledger.store.ts';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { reportOn } from '../../functions/audit/ledger-report.ts';
import { factsOf, type RecordedFact } from '../../functions/audit/recorded-fact.ts';
import type { AutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { breakGlassEntry, newBreakGlass } from '../../functions/autonomy/break-glass.ts';
import { KillSwitchStore } from '../../functions/autonomy/kill-switch.store.ts';
import { StageStore } from '../../functions/autonomy/stage.store.ts';
import { evidenceFor } from '../../functions/autonomy/stage-evidence.ts';
import { StageRequestStore } from '../../functions/autonomy/stage-request.store.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { ExceptionStore } from '../../functions/policy/exception.store.ts';
import { PolicyArchive } from '../../functions/policy/policy-archive.store.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** 2026-11-23T08:00:00Z. */
const start = 1_795_420_800_000;
const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
const policy = { stages: [{ ...place, stage: 'suggest' }] } as unknown as AutonomyPolicy;
const ana = 'arn:aws:iam::111122223333:user/ana';
const ben = 'arn:aws:iam::111122223333:user/ben';

let tables: TestTables;
let now = start;
beforeAll(async () => {
  tables = await freshTables();
  const { database, ledger, controls, operations } = tables;
  const clock = () => now++;
  const person = { kind: 'person', id: ana } as const;

  const switches = new KillSwitchStore(database, ledger, controls, operations);
  await switches.set('engaged', person, 'drill', clock());
  await switches.set('released', person, 'drill over', clock());
  await switches.set('engaged', person, 'deploying', clock(), 'environment#prod');

  const stages = new StageStore(database, ledger, tables, policy, clock);
  const requests = new StageRequestStore(database, ledger, tables, stages, [], clock);
  await stages.lower(place, 'observe', person, 'surprises');
  const nothing = { decisions: [], changes: [], incidents: [] };
  const evidence = evidenceFor(place, nothing, { afterEpochMs: start - 86_400_000, untilEpochMs: start });
  const asked = await requests.request(await stages.inForce(place), 'suggest', ana, 'went well', evidence);
  if (asked === 'unknown-person') throw new Error('the test asks as a person');
  expect(await requests.approve(asked.requestId, ben, asked)).toMatchObject({ outcome: 'raised' });

  const exceptions = new ExceptionStore(database, ledger, operations, async () => []);
  for (const [ticket, decisions] of [
    ['OPS-1', []],
    ['OPS-2', ['approved']],
    ['OPS-3', ['rejected']],
    ['OPS-4', ['approved', 'revoked']],
  ] as const) {
    const exception = await exceptions.request(
      {
        owner: 'checkout',
        ticket,
        reason: 'the launch of tomorrow',
        agentRole: 'responder',
        action: 'lambda.shift-alias',
        targetKey: 'lambda-alias/checkout:live',
        environment: 'prod',
        expiresAtEpochMs: start + 86_400_000,
      },
      ana,
      clock(),
    );
    for (const decision of decisions)
      expect(await exceptions.decide(exception.exceptionId, decision, ben, clock(), exception)).toMatchObject(
        {
          outcome: 'decided',
        },
      );
  }

  const archive = new PolicyArchive(database, ledger, { controls, operations });
  for (const text of ['permit (principal, action, resource);', 'forbid (principal, action, resource);'])
    await archive.publish({ 'a.cedar': text }, 'artefact', clock());

  const glass = newBreakGlass({ incidentId: 'inc-1', by: ana, reason: 'fire', minutes: 10 }, 'prod', clock());
  await ledger.commit(
    'incident#inc-1',
    [breakGlassEntry(glass)],
    [{ kind: 'put', table: controls, item: { ...itemKeys.breakGlass('inc-1'), ...glass } }],
  );
});

async function report() {
  const { database, controls, operations, ledgerTable } = tables;
  const facts: RecordedFact[] = [];
  for (const table of [controls, operations])
    for await (const item of database.scan(table)) facts.push(...factsOf(item));
  const entries: LedgerEntry[] = [];
  for await (const item of database.scan(ledgerTable)) entries.push(toEntry(item));
  return { facts, ...reportOn(entries, facts) };
}

describe('what the stores of the controls write', () => {
  it('agrees with the ledger', async () => {
    const { facts, faults } = await report();
    expect(faults).toStrictEqual([]);
    expect(facts.map(({ type }) => type).toSorted()).toStrictEqual([
      'autonomy.raised',
      'break-glass.opened',
      'exception.approved',
      'exception.rejected',
      'exception.requested',
      'exception.revoked',
      'kill-switch.engaged',
      'kill-switch.released',
      'policy.published',
    ]);
  });

  it('no longer does once somebody writes a switch without the store', async () => {
    const { database, controls } = tables;
    const key = itemKeys.killSwitch('environment#prod');
    const item = await database.get(controls, key);
    await database.transact([{ kind: 'put', table: controls, item: { ...item, ...key, engaged: false } }]);
    expect((await report()).faults).toStrictEqual([
      { chainId: 'control#kill-switch#2026-11-23', sequence: 4, fault: 'missing-entry' },
    ]);
  });
});
