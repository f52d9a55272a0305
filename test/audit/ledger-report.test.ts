import { describe, expect, it } from 'vitest';
import {
  emptyChain,
  type LedgerEntry,
  type LedgerEvent,
  sealEntries,
} from '../../functions/audit/ledger-entry.ts';
import { reportOn } from '../../functions/audit/ledger-report.ts';
import { factsOf } from '../../functions/audit/recorded-fact.ts';

const event = (type: string, detail: LedgerEvent['detail'] = {}): LedgerEvent => ({
  type,
  atEpochMs: 1_795_392_000_000,
  actor: { kind: 'system', id: 'intake' },
  detail,
});
const chain = (chainId: string, events: readonly LedgerEvent[]): LedgerEntry[] =>
  sealEntries(chainId, emptyChain, 'v1', events);

const a = chain('incident#a', [
  event('incident.opened'),
  event('decision.made', { planDigest: 'd1', outcome: 'auto' }),
  event('approval.approved', { approvalId: 'p1' }),
  event('change.started', { changeId: 'c1' }),
  event('incident.closed'),
]);
const b = chain('incident#b', [event('incident.opened')]);

const facts = [
  { pk: 'INCIDENT#a', sk: 'INCIDENT', incidentId: 'a', status: 'closed' },
  { pk: 'INCIDENT#b', sk: 'INCIDENT', incidentId: 'b', status: 'open' },
  { pk: 'DECISION#a', sk: 'd1', incidentId: 'a', planDigest: 'd1', outcome: 'auto' },
  { pk: 'APPROVAL#p1', sk: 'APPROVAL', incidentId: 'a', approvalId: 'p1', status: 'approved' },
  { pk: 'APPROVAL#p1', sk: 'TOKEN', ciphertext: new Uint8Array() },
  { pk: 'NOTICE#p1', sk: 'outcome#000002', approvalId: 'p1', kind: 'outcome', status: 'done' },
  { pk: 'APPROVAL#p2', sk: 'APPROVAL', incidentId: 'b', approvalId: 'p2', status: 'pending' },
  { pk: 'CHANGE#c1', sk: 'CHANGE', incidentId: 'a', changeId: 'c1', startedAtEpochMs: 1 },
  { pk: 'CHANGE#c2', sk: 'CHANGE', incidentId: 'b', changeId: 'c2' },
].flatMap(factsOf);

describe('ledger report', () => {
  it('finds nothing wrong in whole chains, in whatever order the table gives them', () => {
    expect(reportOn([...b, ...a.toReversed()], facts)).toStrictEqual({ chains: 2, entries: 6, faults: [] });
  });

  it('notices the removed tail of a closed incident, which the chain alone cannot', () => {
    expect(reportOn([...a.slice(0, 4), ...b], facts).faults).toStrictEqual([
      { chainId: 'incident#a', sequence: 5, fault: 'missing-entry' },
    ]);
  });

  it('notices a chain that is gone altogether', () => {
    expect(reportOn(b, facts).faults.map(({ fault }) => fault)).toStrictEqual(Array(4).fill('missing-entry'));
  });

  it.each([
    ['decision.made', { planDigest: 'd9' }],
    ['approval.approved', { approvalId: 'p9' }],
    ['approval.rejected', { approvalId: 'p1' }],
    ['approval.expired', { approvalId: 'p1' }],
    ['approval.cancelled', { approvalId: 'p1' }],
    ['change.started', { changeId: 'c2' }],
  ])('notices a well-formed %s that no record knows: somebody else appended it', (type, detail) => {
    const forged = sealEntries('incident#b', b[0] as LedgerEntry, 'v1', [event(type, detail)]);
    expect(reportOn([...a, ...b, ...forged], facts).faults).toStrictEqual([
      { chainId: 'incident#b', sequence: 2, fault: 'contradicts-record' },
    ]);
  });

  it.each(['approved', 'rejected', 'expired', 'cancelled'])(
    'notices an approval that is %s without an entry',
    (status) => {
      const ended = { pk: 'APPROVAL#p2', sk: 'APPROVAL', incidentId: 'b', approvalId: 'p2', status };
      expect(reportOn([...a, ...b], [...facts, ...factsOf(ended)]).faults).toStrictEqual([
        { chainId: 'incident#b', sequence: 2, fault: 'missing-entry' },
      ]);
    },
  );

  it('notices a decision that was turned into another one', () => {
    const turned = {
      pk: 'DECISION#a',
      sk: 'd1',
      incidentId: 'a',
      planDigest: 'd1',
      outcome: 'require-approval',
    };
    expect(reportOn(a, factsOf(turned), facts).faults).toStrictEqual([
      { chainId: 'incident#a', sequence: 6, fault: 'missing-entry' },
    ]);
  });

  it.each(['detail', 'actor', 'type', 'atEpochMs', 'hash'])(
    'says where an entry is that somebody wrote by hand without its %s',
    (member) => {
      const { [member as keyof LedgerEntry]: _, ...forged } = chain('incident#forged', [
        event('change.started', { changeId: 'c9' }),
      ])[0] as LedgerEntry;
      const { faults } = reportOn([...a, ...b, forged as LedgerEntry], facts);
      expect(faults.map(({ chainId }) => chainId)).toContain('incident#forged');
    },
  );

  it('keeps chains apart: an entry moved to another chain breaks that one', () => {
    const moved = { ...(a[0] as LedgerEntry), chainId: 'incident#b' };
    expect(reportOn([moved, ...b], []).faults.map(({ fault }) => fault)).toContain('gap');
  });
});
