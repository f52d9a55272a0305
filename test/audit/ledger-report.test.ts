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

  describe('until when a change may start on a decision', () => {
    const decision = { pk: 'DECISION#n', sk: 'd1', incidentId: 'n', planDigest: 'd1', outcome: 'auto' };
    const ends = (notAfterEpochMs?: number) => (notAfterEpochMs === undefined ? {} : { notAfterEpochMs });
    const faults = (recorded?: number, told?: number) =>
      reportOn(
        chain('incident#n', [event('decision.made', { planDigest: 'd1', outcome: 'auto', ...ends(told) })]),
        factsOf({ ...decision, ...ends(recorded) }),
      ).faults;

    it.each([[undefined], [1_797_724_740_000]])('is as the ledger tells of it: %s', (at) => {
      expect(faults(at, at)).toStrictEqual([]);
    });

    it.each([
      ['taken away', undefined, 1_797_724_740_000],
      ['put off', 1_797_724_740_001, 1_797_724_740_000],
      ['set by hand', 1_797_724_740_000, undefined],
    ])('is noticed where it was %s', (_how, recorded, told) => {
      expect(faults(recorded, told)).toStrictEqual([
        { chainId: 'incident#n', sequence: 2, fault: 'missing-entry' },
      ]);
    });
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

  describe('findings', () => {
    const of = (findingId: string, kind: string) => ({ findingId, kind, summary: `about ${findingId}` });
    const failed = event('finding.opened', of('rollback-failed-c1', 'rollback-failed'));
    const drift = event('finding.opened', of('drift-c2', 'drift-follow-up'));
    const closed = {
      ...event('finding.closed', { findingId: 'drift-c2', kind: 'drift-follow-up', evidence: 'ticket 7' }),
      actor: { kind: 'person', id: 'ada' },
    } as const;
    // Opened in the chain of what failed, closed in that of a day.
    const entries = [
      ...chain('incident#f', [failed, drift]),
      ...chain('control#findings#2026-11-24', [closed]),
    ];
    const openItem = {
      pk: 'FINDING#rollback-failed-c1',
      sk: 'FINDING',
      ...failed.detail,
      status: 'open',
      openedAtEpochMs: failed.atEpochMs,
    };
    const closedItem = {
      pk: 'FINDING#drift-c2',
      sk: 'FINDING',
      ...drift.detail,
      status: 'closed',
      openedAtEpochMs: drift.atEpochMs,
      closedBy: 'ada',
      closedAtEpochMs: closed.atEpochMs,
      evidence: 'ticket 7',
    };
    const { closedBy: _by, closedAtEpochMs: _at, evidence: _evidence, ...reopenedItem } = closedItem;
    const faultsWith = (...items: readonly Readonly<Record<string, unknown>>[]) =>
      reportOn(entries, items.flatMap(factsOf)).faults.map(
        ({ chainId, sequence, fault }) => `${fault} ${chainId} ${sequence}`,
      );
    const missing = 'missing-entry control#findings#2026-11-23 1';

    it('agree with what the ledger tells of them, whichever chain it tells it in', () => {
      expect(faultsWith(openItem, closedItem)).toStrictEqual([]);
    });

    it.each([
      ['was deleted', [closedItem], ['contradicts-record incident#f 1']],
      ['was closed by hand', [{ ...openItem, status: 'closed' }, closedItem], [missing]],
      [
        'was closed by hand as by somebody',
        [
          { ...openItem, status: 'closed', closedBy: 'ada', closedAtEpochMs: 1, evidence: 'ticket 7' },
          closedItem,
        ],
        [missing],
      ],
      ['was hidden under a status of its own', [{ ...openItem, status: 'gone' }, closedItem], [missing]],
      [
        'was opened again by hand',
        [openItem, { ...reopenedItem, status: 'open' }],
        ['contradicts-record control#findings#2026-11-24 1'],
      ],
      ['was closed by somebody else', [openItem, { ...closedItem, closedBy: 'ben' }], [missing]],
      ['was closed on other grounds', [openItem, { ...closedItem, evidence: 'none' }], [missing]],
      ['says something else', [{ ...openItem, summary: 'nothing' }, closedItem], [missing]],
      [
        'says that it is another one',
        [{ ...openItem, pk: 'FINDING#other' }, closedItem],
        [missing, 'contradicts-record incident#f 1'],
      ],
      ['was put there by hand', [openItem, closedItem, { ...openItem, pk: 'FINDING#mine' }], [missing]],
    ])('that one %s is noticed', (_how, items, faults) => {
      expect(faultsWith(...items)).toStrictEqual(faults);
    });

    it('have no fault when they are closed while the ledger is read', () => {
      const before = [openItem, { ...reopenedItem, status: 'open' }].flatMap(factsOf);
      const after = [openItem, closedItem].flatMap(factsOf);
      expect(reportOn(entries, before, after).faults).toStrictEqual([]);
      expect(reportOn(entries.slice(0, 2), before, after).faults).toStrictEqual([]);
    });
  });

  it('keeps chains apart: an entry moved to another chain breaks that one', () => {
    const moved = { ...(a[0] as LedgerEntry), chainId: 'incident#b' };
    expect(reportOn([moved, ...b], []).faults.map(({ fault }) => fault)).toContain('gap');
  });
});
