import { describe, expect, test } from 'vitest';
import { incidentIdFor } from '../../functions/platform/ids.ts';
import { alarmEvent, arrivalOf, customEvent, signalOf } from './samples.ts';
import { Crash, Fuse, freshWorkbench, type IntakeWorkbench, threeAm } from './workbench.ts';

const alarm = (id: string, time = '2025-03-01T03:00:00Z') => arrivalOf(alarmEvent('ALARM', { id, time }));
const recovery = (id: string, time: string) => arrivalOf(alarmEvent('OK', { id, time }));
const incidentId = incidentIdFor(signalOf(alarmEvent()).fingerprint, 'event-1');
const failed = { incidentId, result: 'needs-person', reason: 'triage proposed nothing' } as const;

/** Keeps what people were told. */
function listener() {
  const subjects: string[] = [];
  return { subjects, people: { tell: async (subject: string) => void subjects.push(subject) } };
}

async function openIncident(): Promise<IntakeWorkbench> {
  const bench = await freshWorkbench();
  await bench.intake().accept(alarm('event-1'));
  return bench;
}

const incidentItemOf = async (bench: IntakeWorkbench) =>
  bench.tables.database.get(bench.tables.operations, { pk: `INCIDENT#${incidentId}`, sk: 'INCIDENT' });

describe('closing an incident', () => {
  test('ends incident and window together and starts the cooldown', async () => {
    const bench = await openIncident();
    const { subjects, people } = listener();
    const closing = bench.closing({ nowEpochMs: threeAm + 60_000, people });
    const close = { incidentId, result: 'resolved', reason: 'the alarm is OK' } as const;
    expect(await closing.close(close)).toEqual({ outcome: 'closed', result: 'resolved' });
    expect(await incidentItemOf(bench)).toMatchObject({
      status: 'closed',
      statusKey: 'INCIDENT#closed',
      statusAt: '2025-03-01T03:01:00.000Z',
      result: 'resolved',
      resultReason: 'the alarm is OK',
      closedAtEpochMs: 1_740_798_060_000,
    });
    expect((await bench.everything()).controls).toMatchObject([
      { incidentOpen: false, closesAtEpochMs: 1_740_798_360_000, ttlEpochSeconds: 1_743_390_360 },
    ]);
    expect(await bench.ledgerTypes(incidentId)).toEqual([
      'signal.received',
      'incident.opened',
      'incident.closed',
    ]);
    expect(subjects).toEqual([]);
  });

  test.each([
    ['1 ms before the cooldown ends', 1_740_798_299_999, 'suppressed'],
    ['when it ends', 1_740_798_300_000, 'opened'],
  ])('a report %s: %s', async (_, nowEpochMs, outcome) => {
    const bench = await openIncident();
    await bench.closing().close({ incidentId, result: 'resolved', reason: 'OK' });
    expect(await bench.intake({ nowEpochMs }).accept(alarm('event-2'))).toMatchObject({ outcome });
    if (outcome === 'suppressed')
      expect(await bench.event('event-2')).toMatchObject({
        rule: `suppressed: incident ${incidentId} for the same problem has closed and its cooldown lasts until 2025-03-01T03:05:00Z`,
      });
  });

  test('a second close changes nothing and answers with the first result', async () => {
    const bench = await openIncident();
    const { subjects, people } = listener();
    await bench.closing({ people }).close(failed);
    const before = await bench.everything();
    const second = { incidentId, result: 'resolved', reason: 'too late' } as const;
    expect(await bench.closing({ people, nowEpochMs: threeAm + 5_000 }).close(second)).toEqual({
      outcome: 'already-closed',
      result: 'needs-person',
    });
    expect(await bench.everything()).toEqual(before);
    expect(subjects).toEqual([`Interlock: incident ${incidentId} needs you (needs-person)`]);
  });

  test('an incident that does not exist is broken input', async () => {
    const bench = await freshWorkbench();
    await expect(bench.closing().close(failed)).rejects.toMatchObject({
      code: 'close-incident.unknown-incident',
    });
  });

  test('20 closes at once: one entry, one result', async () => {
    const bench = await openIncident();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        bench.closing().close({ incidentId, result: index % 2 === 0 ? 'resolved' : 'denied', reason: 'x' }),
      ),
    );
    expect(results.filter(({ outcome }) => outcome === 'closed')).toHaveLength(1);
    expect(new Set(results.map(({ result }) => result)).size).toBe(1);
    expect(await bench.ledgerTypes(incidentId)).toEqual([
      'signal.received',
      'incident.opened',
      'incident.closed',
    ]);
  });

  test('a superseded incident is closed alone: the window keeps working for its successor', async () => {
    const bench = await freshWorkbench();
    const print = signalOf(customEvent()).fingerprint;
    const [first, second] = [incidentIdFor(print, 'event-1'), incidentIdFor(print, 'event-2')];
    await bench.intake().accept(arrivalOf(customEvent({ id: 'event-1', detail: { severity: 'low' } })));
    await bench.intake().accept(arrivalOf(customEvent({ id: 'event-2', detail: { severity: 'critical' } })));
    await bench.closing().close({ incidentId: first, result: 'denied', reason: 'x' });
    expect((await bench.everything()).controls).toMatchObject([{ incidentId: second, incidentOpen: true }]);
    expect(await bench.ledgerTypes(first)).toEqual(['signal.received', 'incident.opened', 'incident.closed']);
  });
});

test.each([0, 1, 2])(
  'killed after write %i, then closed again: the same end, and a person is told',
  async (writes) => {
    const undisturbed = await openIncident();
    const fuse = new Fuse();
    await undisturbed.closing({ fuse }).close(failed);
    expect(fuse.burnt).toBe(3);
    const bench = await openIncident();
    const { subjects, people } = listener();
    await expect(bench.closing({ people, fuse: new Fuse(writes) }).close(failed)).rejects.toThrow(Crash);
    await bench.closing({ people }).close(failed);
    expect(await bench.everything()).toEqual(await undisturbed.everything());
    expect(subjects.length).toBe(writes === 2 ? 2 : 1);
  },
);

test('closing while 40 duplicates arrive: none is lost and none opens a second incident', async () => {
  const bench = await openIncident();
  const ids = Array.from({ length: 40 }, (_, index) => `duplicate-${index}`);
  const [closed, ...results] = await Promise.all([
    bench.closing().close({ incidentId, result: 'resolved', reason: 'OK' }),
    ...ids.map((id) => bench.intake().accept(alarm(id))),
  ]);
  expect(closed).toMatchObject({ outcome: 'closed' });
  expect(results).toEqual(ids.map(() => ({ outcome: 'suppressed', incidentId })));
  const { operations } = await bench.everything();
  expect(operations.filter(({ sk }) => sk === 'EVENT')).toHaveLength(41);
  expect(await bench.executionNames()).toEqual([incidentId]);
});

test('closing while a more severe report takes the window over: both incidents are whole', async () => {
  const print = signalOf(customEvent()).fingerprint;
  for (let round = 0; round < 5; round++) {
    const bench = await freshWorkbench();
    const [first, second] = [incidentIdFor(print, 'event-1'), incidentIdFor(print, 'event-2')];
    await bench.intake().accept(arrivalOf(customEvent({ id: 'event-1', detail: { severity: 'low' } })));
    await Promise.all([
      bench.closing().close({ incidentId: first, result: 'resolved', reason: 'OK' }),
      bench.intake().accept(arrivalOf(customEvent({ id: 'event-2', detail: { severity: 'critical' } }))),
    ]);
    expect((await bench.everything()).controls).toMatchObject([{ incidentId: second, incidentOpen: true }]);
    expect(await bench.ledgerTypes(first)).toContain('incident.closed');
    expect(await bench.executionNames()).toEqual([first, second].sort());
  }
});

describe('an incident whose problem went away by itself', () => {
  const recovered = {
    incidentId,
    result: 'recovered',
    reason: 'the problem went away by itself while people were asked',
  } as const;
  const recoveredIncident = async () => {
    const bench = await openIncident();
    await bench.intake().accept(recovery('event-2', '2025-03-01T03:01:00Z'));
    return bench;
  };

  test('closes as recovered, starts the cooldown, and nobody is told', async () => {
    const bench = await recoveredIncident();
    const { subjects, people } = listener();
    expect(await bench.closing({ people }).close(recovered)).toEqual({
      outcome: 'closed',
      result: 'recovered',
    });
    expect(await incidentItemOf(bench)).toMatchObject({
      result: 'recovered',
      resultReason: recovered.reason,
    });
    expect((await bench.everything()).controls).toMatchObject([
      { incidentOpen: false, closesAtEpochMs: threeAm + 300_000 },
    ]);
    expect(await bench.sweep({ nowEpochMs: threeAm + 600_000, people })).toEqual([]);
    expect(subjects).toEqual([]);
  });

  test.each([
    ['came back before the close', true],
    ['never went away', false],
  ])('goes to a person when it %s', async (_case, cameBack) => {
    const bench = cameBack ? await recoveredIncident() : await openIncident();
    if (cameBack) await bench.intake().accept(alarm('event-3', '2025-03-01T03:02:00Z'));
    const { subjects, people } = listener();
    expect(await bench.closing({ people }).close(recovered)).toEqual({
      outcome: 'closed',
      result: 'needs-person',
    });
    expect(await incidentItemOf(bench)).toMatchObject({
      result: 'needs-person',
      resultReason: 'the problem went away while people were asked, and came back',
    });
    expect(subjects).toEqual([`Interlock: incident ${incidentId} needs you (needs-person)`]);
    expect(await bench.closing({ people }).close(recovered)).toMatchObject({ outcome: 'already-closed' });
    expect(subjects).toHaveLength(1);
  });

  test('that comes back in the very moment of the close is not lost', async () => {
    for (let round = 0; round < 10; round++) {
      const bench = await recoveredIncident();
      const { subjects, people } = listener();
      const [{ result }] = await Promise.all([
        bench.closing({ people }).close(recovered),
        bench.intake().accept(alarm('event-3', '2025-03-01T03:02:00Z')),
      ]);
      await bench.sweep({ nowEpochMs: threeAm + 600_000, people });
      expect(subjects).toEqual([
        result === 'recovered'
          ? `Interlock: a problem came back after incident ${incidentId}`
          : `Interlock: incident ${incidentId} needs you (needs-person)`,
      ]);
    }
  });

  test('loses the close against a report that got in between its read and its write', async () => {
    const bench = await recoveredIncident();
    const { subjects, people } = listener();
    const back = () => bench.intake().accept(alarm('event-3', '2025-03-01T03:02:00Z'));
    const fuse = new Fuse(undefined, back);
    expect(await bench.closing({ people, fuse }).close(recovered)).toMatchObject({ result: 'needs-person' });
    expect(subjects).toHaveLength(1);
  });

  test('is remembered as back when the close gets in between the read and the write of the report', async () => {
    const bench = await recoveredIncident();
    const fuse = new Fuse(undefined, () => bench.closing().close(recovered));
    await bench.intake({ fuse }).accept(alarm('event-3', '2025-03-01T03:02:00Z'));
    expect(await incidentItemOf(bench)).toMatchObject({ result: 'recovered' });
    expect((await bench.everything()).controls).toMatchObject([
      { incidentOpen: false, suppressedAtEpochMs: threeAm + 120_000, suppressedEventId: 'event-3' },
    ]);
  });

  test('that comes back after the close: told after the cooldown, and opened anew after that', async () => {
    const bench = await recoveredIncident();
    await bench.closing().close(recovered);
    const later = { nowEpochMs: threeAm + 120_000 };
    expect(await bench.intake(later).accept(alarm('event-3', '2025-03-01T03:02:00Z'))).toMatchObject({
      outcome: 'suppressed',
    });
    const { subjects, people } = listener();
    expect(await bench.sweep({ nowEpochMs: threeAm + 300_000, people })).toEqual([
      { incidentId, outcome: 'unresolved-told' },
    ]);
    expect(subjects).toEqual([`Interlock: a problem came back after incident ${incidentId}`]);
    const after = { nowEpochMs: threeAm + 300_001 };
    expect(await bench.intake(after).accept(alarm('event-4', '2025-03-01T03:05:00Z'))).toMatchObject({
      outcome: 'opened',
    });
  });
});
