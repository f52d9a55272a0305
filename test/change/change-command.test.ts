import { describe, expect, it } from 'vitest';
import { durationMsOf, entriesAbout, parsePeriod, undoEndOf, wayBackOf } from '../../cli/change-report.ts';
import { emptyChain, type LedgerEntry, sealEntries } from '../../functions/audit/ledger-entry.ts';
import type { ChangeRecord } from '../../functions/change/change-record.ts';
import { changeStatuses } from '../../functions/change/change-status.ts';

const takenAt = 1_795_392_000_000;
const dayMs = 86_400_000;
const change: ChangeRecord = {
  changeId: 'chg-1',
  incidentId: 'inc-1',
  planDigest: 'plan-1',
  status: 'kept',
  updatedAtEpochMs: takenAt + 9_000,
  startedAtEpochMs: takenAt + 1_000,
  snapshotDigest: 'snapshot-1',
};
const plan = { rollbackPlan: { kind: 'restore-snapshot', steps: ['put it back'] } } as const;

function chain(...events: readonly (readonly [string, Record<string, string>])[]): LedgerEntry[] {
  return sealEntries(
    'incident#inc-1',
    emptyChain,
    'v1',
    events.map(([type, detail]) => ({
      type,
      detail,
      atEpochMs: takenAt,
      actor: { kind: 'system', id: 'change-control' } as const,
    })),
  );
}
const taken = chain(['change.snapshot-taken', { changeId: 'chg-1' }]);

describe('the way back of a change', () => {
  it.each([
    ['a millisecond before its snapshot goes', takenAt + 7 * dayMs - 1, 'possible'],
    ['when its snapshot goes', takenAt + 7 * dayMs, 'impossible'],
    ['a millisecond after', takenAt + 7 * dayMs + 1, 'impossible'],
  ])('%s', (_when, now, outcome) => {
    expect(wayBackOf(change, plan, taken, 7, now).outcome).toBe(outcome);
  });

  it.each(changeStatuses.filter((status) => status !== 'kept'))('there is none while it is %s', (status) => {
    expect(wayBackOf({ ...change, status }, plan, taken, 7, takenAt)).toMatchObject({
      outcome: 'impossible',
      reason: expect.stringContaining(status),
    });
  });

  it.each([
    [
      'its plan is irreversible',
      change,
      { rollbackPlan: { kind: 'irreversible', reason: 'mail was sent' } },
      taken,
    ],
    ['its plan is gone', change, undefined, taken],
    ['no snapshot is on record', change, plan, []],
    [
      'another change has the snapshot',
      change,
      plan,
      chain(['change.snapshot-taken', { changeId: 'chg-2' }]),
    ],
    ['its record names no snapshot', { ...change, snapshotDigest: undefined }, plan, taken],
  ] as const)('there is none when %s', (_why, of, with_, entries) => {
    expect(wayBackOf(of, with_, entries, 7, takenAt).outcome).toBe('impossible');
  });
});

it('shows of a chain what is about the change, its plan or its approval', () => {
  const entries = chain(
    ['incident.opened', { incidentId: 'inc-1' }],
    ['plan.proposed', { planDigest: 'plan-1' }],
    ['plan.proposed', { planDigest: 'plan-2' }],
    ['approval.vote-refused', { approvalId: 'approval-1' }],
    ['approval.vote-refused', { approvalId: 'approval-2' }],
    ['change.started', { changeId: 'chg-1', planDigest: 'plan-1' }],
    ['change.started', { changeId: 'chg-2', planDigest: 'plan-1' }],
  );
  expect(entriesAbout(change, 'approval-1', entries).map(({ sequence }) => sequence)).toStrictEqual([
    2, 4, 6,
  ]);
  expect(entriesAbout(change, undefined, entries).map(({ sequence }) => sequence)).toStrictEqual([2, 6]);
});

it.each([
  ['kept', 8_000],
  ['executing', 60_000],
] as const)('a change that is %s took %i ms', (status, took) => {
  expect(durationMsOf({ ...change, status }, takenAt + 61_000)).toBe(took);
});

it('a change that never started took no time', () => {
  expect(
    durationMsOf({ ...change, status: 'refused', startedAtEpochMs: undefined }, takenAt),
  ).toBeUndefined();
});

it.each([
  ['90m', 5_400_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['0h', undefined],
  ['24', undefined],
  ['1w', undefined],
  ['-1h', undefined],
  ['1.5h', undefined],
  ['999999h', undefined],
  ['24h ', undefined],
])('reads the period %j as %s', (given, period) => {
  expect(parsePeriod(given)).toBe(period);
});

describe('the end of an undo', () => {
  it('is a success only when the machine says that the target was put back', () => {
    expect(undoEndOf('SUCCEEDED', '{"outcome":"rolled-back","reason":"read back"}')).toStrictEqual({
      restored: true,
      outcome: 'rolled-back',
      reason: 'read back',
    });
  });

  it.each([
    ['SUCCEEDED', '{"outcome":"refused","reason":"the kill switch is engaged"}', 'refused'],
    ['SUCCEEDED', '{"outcome":"rollback-failed"}', 'rollback-failed'],
    ['SUCCEEDED', '{"outcome":true}', 'succeeded'],
    ['SUCCEEDED', 'null', 'succeeded'],
    ['SUCCEEDED', '{', 'succeeded'],
    ['SUCCEEDED', undefined, 'succeeded'],
    ['FAILED', '{"outcome":"rolled-back"}', 'failed'],
    ['TIMED_OUT', undefined, 'timed_out'],
    ['ABORTED', undefined, 'aborted'],
  ])('is none for %s with %j', (status, output, outcome) => {
    expect(undoEndOf(status, output)).toMatchObject({ restored: false, outcome });
  });
});
