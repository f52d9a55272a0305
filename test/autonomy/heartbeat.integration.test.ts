import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { HeartbeatStore } from '../../functions/autonomy/heartbeat.store.ts';
import { Database, type TransactResult, type Write } from '../../functions/platform/dynamodb.ts';
import { controlChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** 2026-11-23T08:00:00Z. */
const start = 1_795_420_800_000;

/** Loses its conditions on switches, as a gate with a mistake in it would. */
class CarelessDatabase extends Database {
  override transact(writes: readonly Write[]): Promise<TransactResult> {
    return super.transact(writes.filter(({ kind }) => kind !== 'check'));
  }
}

let tables: TestTables;
let now: number;
const store = (database = tables.database) => new HeartbeatStore(database, tables.ledger, tables, () => now);
const chain = () => tables.ledger.read(controlChain('heartbeat', start));
const findings = () => tables.database.byStatus(tables.operations, 'FINDING#open');

beforeEach(async () => {
  tables = await freshTables();
  now = start;
});

describe('heartbeat of the kill switch', () => {
  it('proves that the engaged switch stops a write and the released one does not', async () => {
    expect(await store().last()).toBeUndefined();
    expect(await store().beat()).toMatchObject({ outcome: 'beaten', result: 'passed' });
    expect(await store().last()).toMatchObject({
      result: 'passed',
      lastBeatAtEpochMs: start,
      lastPassedAtEpochMs: start,
    });
    expect((await chain()).map(({ type, detail }) => [type, detail['result']])).toStrictEqual([
      ['kill-switch.heartbeat', 'passed'],
    ]);
    expect(await findings()).toStrictEqual([]);
  });

  it('touches neither the switches of people nor their chain', async () => {
    await store().beat();
    expect(await tables.database.query(tables.controls, 'SWITCH')).toStrictEqual([]);
    expect(await tables.ledger.read(controlChain('kill-switch', start))).toStrictEqual([]);
  });

  it('fails when the condition on the switch is lost, with one finding and one announcement for the whole outage', async () => {
    await store().beat();
    const careless = new CarelessDatabase(new DynamoDBClient({}));
    for (const minutes of [5, 10]) {
      now = start + minutes * 60_000;
      expect(await store(careless).beat()).toMatchObject({
        result: 'failed',
        reason: 'a guarded write went through an engaged switch',
        lastPassedAtEpochMs: start,
      });
    }
    expect((await findings()).map(({ findingId, kind }) => [findingId, kind])).toStrictEqual([
      [`heartbeat-failed-${start}`, 'heartbeat-failed'],
    ]);
    const announced = await tables.database.byStatus(tables.operations, 'NOTICE#due');
    expect(announced.map(({ announcementId }) => announcementId)).toStrictEqual([
      `heartbeat-failed-${start}`,
    ]);
    expect(await store().last()).toMatchObject({ result: 'failed', lastBeatAtEpochMs: start + 600_000 });
    expect((await chain()).map(({ type }) => type)).toStrictEqual([
      'kill-switch.heartbeat',
      'kill-switch.heartbeat',
      'finding.opened',
      'kill-switch.heartbeat',
    ]);
    now = start + 900_000;
    expect(await store().beat()).toMatchObject({ result: 'passed' });
    expect(verifyChain(controlChain('heartbeat', start), await chain())).toStrictEqual([]);
  });

  it('never mistakes another beat for a broken switch', async () => {
    const beats = await Promise.all(Array.from({ length: 8 }, () => store().beat()));
    const beaten = beats.filter(({ outcome }) => outcome === 'beaten');
    expect(beaten.length).toBeGreaterThan(0);
    for (const beat of beaten) expect(beat).toMatchObject({ result: 'passed' });
    expect(await findings()).toStrictEqual([]);
  });

  it.each([
    [59_999, 'busy'],
    [60_000, 'busy'],
    [60_001, 'beaten'],
  ])('leaves the canary of a beat that is %d ms old: %s', async (ageMs, outcome) => {
    await tables.database.transact([
      {
        kind: 'put',
        table: tables.controls,
        item: { ...itemKeys.canarySwitch(), engaged: true, beatId: 'dead', engagedAtEpochMs: start },
      },
    ]);
    now = start + ageMs;
    expect((await store().beat()).outcome).toBe(outcome);
  });
});
