import { describe, expect, it } from 'vitest';
import {
  durationMsOf,
  entriesAbout,
  notUndoneText,
  parsePeriod,
  undoEndOf,
  wayBackOf,
} from '../../cli/change-report.ts';
import { emptyChain, type LedgerEntry, sealEntries } from '../../functions/audit/ledger-entry.ts';
import { shiftAlias } from '../../functions/change/actions/lambda-shift-alias/definition.ts';
import type { ChangeRecord } from '../../functions/change/change-record.ts';
import { changeStatuses } from '../../functions/change/change-status.ts';
import { decideUndo } from '../../functions/change/undo.ts';

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
  snapshotTakenAtEpochMs: takenAt,
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

describe('the way back of a change', () => {
  it.each([
    ['a millisecond before its snapshot goes', takenAt + 7 * dayMs - 1, 'possible'],
    ['when its snapshot goes', takenAt + 7 * dayMs, 'impossible'],
    ['a millisecond after', takenAt + 7 * dayMs + 1, 'impossible'],
  ])('%s', (_when, now, outcome) => {
    expect(wayBackOf(change, plan, 7, now).outcome).toBe(outcome);
  });

  it.each(changeStatuses.filter((status) => status !== 'kept'))('there is none while it is %s', (status) => {
    expect(wayBackOf({ ...change, status }, plan, 7, takenAt)).toMatchObject({
      outcome: 'impossible',
      reason: expect.stringContaining(status),
    });
  });

  it.each([
    ['its plan is irreversible', change, { rollbackPlan: { kind: 'irreversible', reason: 'mail was sent' } }],
    ['its plan is gone', change, undefined],
    ['nothing says since when', { ...change, snapshotTakenAtEpochMs: undefined }, plan],
    ['its record names no snapshot', { ...change, snapshotDigest: undefined }, plan],
  ] as const)('there is none when %s', (_why, of, with_) => {
    expect(wayBackOf(of, with_, 7, takenAt).outcome).toBe('impossible');
  });

  it('ends for the gate when it ends here, whenever the last step of the change began', () => {
    const ofAction = { definition: shiftAlias, parameters: {} } as unknown as Parameters<
      typeof decideUndo
    >[1];
    const late = { ...change, startedAtEpochMs: takenAt + dayMs };
    for (const [now, here, there] of [
      [takenAt + 7 * dayMs - 1, 'possible', 'may-reopen'],
      [takenAt + 7 * dayMs, 'impossible', 'refused'],
    ] as const) {
      expect(wayBackOf(late, plan, 7, now).outcome).toBe(here);
      expect(decideUndo(late, ofAction, undefined, undefined, 7 * dayMs, now).outcome).toBe(there);
    }
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

it('a change that was kept took until then, however much later a person undid it', () => {
  const keptAtEpochMs = takenAt + 9_000;
  for (const status of ['rolling-back', 'rolled-back'] as const) {
    const undone = { ...change, status, keptAtEpochMs, updatedAtEpochMs: takenAt + 20 * dayMs };
    expect(durationMsOf(undone, takenAt + 21 * dayMs)).toBe(8_000);
  }
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
  it('that somebody else came before says so, that nothing counts against the change, and what to do', () => {
    const reason = 'not undone: somebody else has changed the target since; it is left as it is';
    const end = undoEndOf('SUCCEEDED', JSON.stringify({ outcome: 'kept', reason }));
    expect(end).toStrictEqual({ restored: false, outcome: 'kept', reason });
    const [how, ...whatNow] = notUndoneText(end, { ...change, targetKey: 'lambda-alias/checkout:live' });
    expect(how).toBe(reason);
    expect(whatNow.join(' ')).toMatch(/stays kept; nobody was paged.*lambda-alias\/checkout:live.*by hand/);
    expect(notUndoneText({ ...end, outcome: 'refused' }, change)).toStrictEqual([
      `not undone (refused): ${reason}`,
    ]);
  });

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
