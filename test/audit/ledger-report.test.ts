import { describe, expect, it } from 'vitest';
import { emptyChain, type LedgerEntry, sealEntries } from '../../functions/audit/ledger-entry.ts';
import { reportOn } from '../../functions/audit/ledger-report.ts';

const chain = (chainId: string, types: readonly string[]): LedgerEntry[] =>
  sealEntries(
    chainId,
    emptyChain,
    'v1',
    types.map((type) => ({
      type,
      atEpochMs: 1_795_392_000_000,
      actor: { kind: 'system', id: 'intake' },
      detail: {},
    })),
  );

const a = chain('incident#a', ['incident.opened', 'decision.made', 'incident.closed']);
const b = chain('incident#b', ['incident.opened']);

describe('ledger report', () => {
  it('finds nothing wrong in whole chains, in whatever order the table gives them', () => {
    expect(reportOn([...b, ...a.toReversed()], ['incident#a'])).toStrictEqual({
      chains: 2,
      entries: 4,
      faults: [],
    });
  });

  it('notices the removed tail of a closed incident, which the chain alone cannot', () => {
    expect(reportOn(a.slice(0, 2), ['incident#a']).faults).toStrictEqual([
      { chainId: 'incident#a', sequence: 3, fault: 'missing-end' },
    ]);
  });

  it('notices a closed incident whose chain is gone altogether', () => {
    expect(reportOn(b, ['incident#a']).faults).toStrictEqual([
      { chainId: 'incident#a', sequence: 1, fault: 'missing-end' },
    ]);
  });

  it('keeps chains apart: an entry moved to another chain breaks that one', () => {
    const moved = { ...(a[0] as LedgerEntry), chainId: 'incident#b' };
    expect(reportOn([moved, ...b], []).faults.map(({ fault }) => fault)).toContain('gap');
  });
});
