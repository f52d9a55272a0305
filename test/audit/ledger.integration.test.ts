import { beforeAll, describe, expect, it } from 'vitest';
import { FindingStore } from '../../functions/audit/finding.store.ts';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { tamperingFinding } from '../../functions/audit/tampering.ts';
import { Database } from '../../functions/platform/dynamodb.ts';
import { conflictingClient } from '../platform/conflicting-database.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

let tables: TestTables;
beforeAll(async () => {
  tables = await freshTables();
});

const event = (type: string) => ({
  type,
  atEpochMs: 1_795_392_000_000,
  actor: { kind: 'system', id: 'test' } as const,
  detail: {},
});

describe('ledger store', () => {
  it.each([
    ['as the emulator does', () => tables.database],
    ['with conflicts as on DynamoDB', (busy: Set<string>) => new Database(conflictingClient(busy))],
  ])('gives each of 40 concurrent writers of one chain its place, %s', async (manner, connect) => {
    const chainId = `incident#race ${manner}`;
    const busy = new Set<string>();
    // Each writer is its own store: nothing but the table's conditions keeps them apart.
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        new LedgerStore(connect(busy), tables.ledgerTable, 'v1').commit(
          chainId,
          [event(`writer.${index}`)],
          [],
        ),
      ),
    );
    expect(results.map(({ outcome }) => outcome)).toStrictEqual(
      Array.from({ length: 40 }, () => 'committed'),
    );
    const entries = await tables.ledger.read(chainId);
    expect(entries.map(({ sequence }) => sequence)).toStrictEqual(
      Array.from({ length: 40 }, (_, n) => n + 1),
    );
    expect(new Set(entries.map(({ type }) => type)).size).toBe(40);
    expect(verifyChain(chainId, entries)).toStrictEqual([]);
  });

  it('writes no entry when a state write is refused', async () => {
    const put = {
      kind: 'put' as const,
      table: tables.operations,
      item: { pk: 'X', sk: 'X', n: 1 },
      condition: 'attribute_not_exists(pk)',
    };
    expect((await tables.ledger.commit('incident#refused', [event('first')], [put])).outcome).toBe(
      'committed',
    );
    const second = await tables.ledger.commit('incident#refused', [event('second')], [put]);
    expect(second).toStrictEqual({ outcome: 'refused', refusals: [{ item: { pk: 'X', sk: 'X', n: 1 } }] });
    expect((await tables.ledger.read('incident#refused')).map((entry) => entry.type)).toStrictEqual([
      'first',
    ]);
  });

  it('never overwrites: a writer that wrongly believes the chain is new appends behind it', async () => {
    await tables.ledger.commit('incident#new', [event('first')], [], { newChain: true });
    await tables.ledger.commit('incident#new', [event('second')], [], { newChain: true });
    const entries = await tables.ledger.read('incident#new');
    expect(entries.map((entry) => entry.type)).toStrictEqual(['first', 'second']);
    expect(verifyChain('incident#new', entries)).toStrictEqual([]);
  });

  it('opens one finding for a tampering reported twice', async () => {
    const findings = new FindingStore(tables.database, tables.ledger, tables.operations);
    const finding = tamperingFinding(
      {
        chainId: 'incident#a',
        sequence: '0000000003',
        how: 'MODIFY',
        hashBefore: 'a',
        hashAfter: 'b',
        streamSequence: '17',
      },
      1_795_392_000_000,
    );
    expect(await findings.open(finding)).toBe('opened');
    expect(await findings.open(finding)).toBe('already-open');
    expect((await findings.listOpen()).map((open) => open.summary)).toStrictEqual([
      'ledger entry 3 of chain incident#a was overwritten',
    ]);
  });
});
