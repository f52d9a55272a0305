import { beforeAll, describe, expect, it } from 'vitest';
import { FindingStore } from '../../functions/audit/finding.store.ts';
import type { Finding } from '../../functions/audit/finding.ts';
import { controlChain } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** 2026-11-23T08:00:00Z. */
const now = 1_795_420_800_000;
const finding: Finding = {
  findingId: 'rollback-failed-chg-1',
  kind: 'rollback-failed',
  summary: 'change chg-1 could not be rolled back',
  openedAtEpochMs: now,
  detail: {},
};
const by = (name: string) => `arn:aws:iam::000000000000:user/${name}`;
let tables: TestTables;
let store: FindingStore;
beforeAll(async () => {
  tables = await freshTables();
  store = new FindingStore(tables.database, tables.ledger, tables.operations);
});

describe('a finding', () => {
  it('is closed once, by the first of eight, with evidence in the ledger', async () => {
    await store.open(finding);
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        store.close(finding.findingId, {
          by: by(`person-${index}`),
          evidence: `ticket ${index}`,
          atEpochMs: now + 1,
        }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'closed')).toHaveLength(1);
    const winner = outcomes.indexOf('closed');
    expect(await store.find(finding.findingId)).toMatchObject({
      status: 'closed',
      closedBy: by(`person-${winner}`),
      closedAtEpochMs: now + 1,
      evidence: `ticket ${winner}`,
      owner: 'on-call',
    });
    const entries = await tables.ledger.read(controlChain('findings', now));
    expect(entries.map(({ type, detail }) => [type, detail['evidence']])).toStrictEqual([
      ['finding.opened', undefined],
      ['finding.closed', `ticket ${winner}`],
    ]);
    expect(await store.listOpen()).toStrictEqual([]);
    expect((await store.listClosed(10)).map(({ findingId }) => findingId)).toStrictEqual([finding.findingId]);
  });

  it('that nobody opened cannot be closed', async () => {
    expect(await store.close('nothing', { by: by('ana'), evidence: 'x', atEpochMs: now })).toBe('unknown');
  });

  it('stays closed when the same failure is reported again', async () => {
    expect(await store.open(finding)).toBe('already-open');
    expect(await store.listOpen()).toStrictEqual([]);
  });
});
