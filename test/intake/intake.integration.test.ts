import { describe, expect, test } from 'vitest';
import { incidentIdFor } from '../../functions/platform/ids.ts';
import { alarmEvent, arrivalOf, configurationEvent, customEvent, signalOf } from './samples.ts';
import { Crash, Fuse, freshWorkbench, type IntakeWorkbench, threeAm } from './workbench.ts';

const alarm = (id: string, time = '2025-03-01T03:00:00Z') => arrivalOf(alarmEvent('ALARM', { id, time }));
const recovery = (id: string, time = '2025-03-01T03:05:00Z') => arrivalOf(alarmEvent('OK', { id, time }));
const custom = (id: string, severity: string) => arrivalOf(customEvent({ id, detail: { severity } }));
const { fingerprint } = signalOf(alarmEvent());
const incidentOf = (eventId: string) => incidentIdFor(fingerprint, eventId);

function count(items: readonly object[], member: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) {
    const value = String((item as Record<string, unknown>)[member]);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  return counts;
}

async function eventsAndIncidents(bench: IntakeWorkbench) {
  const { operations } = await bench.everything();
  return {
    events: operations.filter(({ sk }) => sk === 'EVENT'),
    incidents: operations.filter(({ sk }) => sk === 'INCIDENT'),
  };
}

describe('one event', () => {
  test('opens an incident: window, incident, event, evidence and one execution', async () => {
    const bench = await freshWorkbench();
    const result = await bench.intake().accept(alarm('event-1'));
    const incidentId = incidentOf('event-1');
    expect(result).toEqual({ outcome: 'opened', incidentId });
    expect(await bench.executionNames()).toEqual([incidentId]);
    const { controls, operations, ledger } = await bench.everything();
    expect(controls).toEqual([
      {
        pk: `WINDOW#${fingerprint}`,
        sk: 'WINDOW',
        incidentId,
        severity: 'high',
        openedAtEpochMs: 1_740_798_000_000,
        cooldownSeconds: 300,
        backoffLevel: 0,
        incidentOpen: true,
        reportedAtEpochMs: 1_740_798_000_000,
        executionStarted: true,
      },
    ]);
    expect(operations).toMatchObject([
      {
        pk: 'EVENT#event-1',
        outcome: 'opened',
        rule: `opened: incident ${incidentId} was started because no earlier incident for this problem is known`,
        incidentId,
        receivedAtEpochMs: 1_740_798_000_000,
        ttlEpochSeconds: 1_748_574_000,
      },
      {
        pk: `INCIDENT#${incidentId}`,
        status: 'open',
        statusKey: 'INCIDENT#open',
        statusAt: '2025-03-01T03:00:00.000Z',
        signal: { eventId: 'event-1', alarmName: 'checkout-errors', fingerprint },
      },
    ]);
    expect(await bench.ledgerTypes(incidentId)).toEqual(['signal.received', 'incident.opened']);
    expect(JSON.stringify(ledger)).not.toContain('Threshold Crossed');
  });

  test('twice: nothing changes the second time', async () => {
    const bench = await freshWorkbench();
    await bench.intake().accept(alarm('event-1'));
    const before = await bench.everything();
    for (const nowEpochMs of [threeAm, threeAm + 60_000, threeAm + 86_400_000])
      expect(await bench.intake({ nowEpochMs }).accept(alarm('event-1'))).toEqual({ outcome: 'repeated' });
    expect(await bench.everything()).toEqual(before);
    expect(await bench.executionNames()).toHaveLength(1);
  });

  test('again after its incident closed and the cooldown passed: still nothing', async () => {
    const bench = await freshWorkbench();
    await bench.intake().accept(alarm('event-1'));
    await bench.closing().close({ incidentId: incidentOf('event-1'), result: 'resolved', reason: 'OK' });
    const before = await bench.everything();
    const late = bench.intake({ nowEpochMs: threeAm + 7_200_000 });
    expect(await late.accept(alarm('event-1'))).toEqual({ outcome: 'repeated' });
    expect(await bench.everything()).toEqual(before);
  });

  test('a duplicate costs one write and says what suppressed it', async () => {
    const bench = await freshWorkbench();
    await bench.intake().accept(alarm('event-1'));
    const fuse = new Fuse();
    const result = await bench.intake({ fuse }).accept(alarm('event-2'));
    expect(fuse.burnt).toBe(1);
    expect(result).toEqual({ outcome: 'suppressed', incidentId: incidentOf('event-1') });
    expect(await bench.event('event-2')).toMatchObject({
      outcome: 'suppressed',
      rule: `suppressed: incident ${incidentOf('event-1')} for the same problem is still open`,
      incidentId: incidentOf('event-1'),
    });
  });

  test('configuration changes and too little data are noted and start nothing', async () => {
    const bench = await freshWorkbench();
    const created = arrivalOf({ ...configurationEvent('create'), id: 'event-1' });
    expect(await bench.intake().accept(created)).toEqual({ outcome: 'recorded' });
    expect(await bench.intake().accept(created)).toEqual({ outcome: 'repeated' });
    const noData = arrivalOf(alarmEvent('INSUFFICIENT_DATA', { id: 'event-2' }));
    expect(await bench.intake().accept(noData)).toEqual({ outcome: 'recorded' });
    const { controls, operations } = await bench.everything();
    expect(controls).toEqual([]);
    expect(count(operations, 'outcome')).toEqual({ recorded: 2 });
    expect(await bench.executionNames()).toEqual([]);
  });
});

describe('many deliveries at once', () => {
  test('200 of one alarm with ids of their own: one incident, 199 suppressed, none lost', async () => {
    const bench = await freshWorkbench();
    const ids = Array.from({ length: 200 }, (_, index) => `event-${index}`);
    const results = await Promise.all(ids.map((id) => bench.intake().accept(alarm(id))));
    expect(count(results, 'outcome')).toEqual({ opened: 1, suppressed: 199 });
    const { events, incidents } = await eventsAndIncidents(bench);
    expect(incidents).toHaveLength(1);
    expect(events.map(({ eventId }) => eventId).sort()).toEqual(ids.sort());
    expect(count(events, 'incidentId')).toEqual({ [String(incidents[0]?.['incidentId'])]: 200 });
    expect(await bench.executionNames()).toEqual([incidents[0]?.['incidentId']]);
    const { controls } = await bench.everything();
    expect(controls).toMatchObject([{ executionStarted: true }]);
  });

  test('200 of the same event: one opens, the others repeat', async () => {
    const bench = await freshWorkbench();
    const results = await Promise.all(
      Array.from({ length: 200 }, () => bench.intake().accept(alarm('event-1'))),
    );
    expect(count(results, 'outcome')).toEqual({ opened: 1, repeated: 199 });
    const { events, incidents } = await eventsAndIncidents(bench);
    expect([events.length, incidents.length]).toEqual([1, 1]);
    expect(await bench.executionNames()).toEqual([incidentOf('event-1')]);
    expect(await bench.ledgerTypes(incidentOf('event-1'))).toEqual(['signal.received', 'incident.opened']);
  });

  test('20 after a cooldown: exactly one follows, one level higher', async () => {
    const bench = await freshWorkbench();
    await bench.intake().accept(alarm('event-1'));
    await bench.closing().close({ incidentId: incidentOf('event-1'), result: 'resolved', reason: 'OK' });
    const ids = Array.from({ length: 20 }, (_, index) => `later-${index}`);
    const later = () => bench.intake({ nowEpochMs: threeAm + 300_000 });
    const results = await Promise.all(ids.map((id) => later().accept(alarm(id))));
    expect(count(results, 'outcome')).toEqual({ opened: 1, suppressed: 19 });
    const { controls } = await bench.everything();
    expect(controls).toMatchObject([{ backoffLevel: 1, cooldownSeconds: 600, incidentOpen: true }]);
    expect(await bench.executionNames()).toHaveLength(2);
  });
});

describe('overtaken between reading the window and claiming it', () => {
  test('by the same event, whose process then dies: the slower delivery starts the execution', async () => {
    const bench = await freshWorkbench();
    const dies = () =>
      bench
        .intake({ fuse: new Fuse(1) })
        .accept(alarm('event-1'))
        .catch(() => 'died');
    const slower = bench.intake({ fuse: new Fuse(Number.POSITIVE_INFINITY, dies) });
    expect(await slower.accept(alarm('event-1'))).toEqual({ outcome: 'repeated' });
    expect(await bench.executionNames()).toEqual([incidentOf('event-1')]);
    expect((await bench.everything()).controls).toMatchObject([{ executionStarted: true }]);
  });

  test('by another report of the problem: the slower one decides again and is suppressed', async () => {
    const bench = await freshWorkbench();
    const faster = () => bench.intake().accept(alarm('event-1'));
    const slower = bench.intake({ fuse: new Fuse(Number.POSITIVE_INFINITY, faster) });
    expect(await slower.accept(alarm('event-2'))).toEqual({
      outcome: 'suppressed',
      incidentId: incidentOf('event-1'),
    });
    expect(await bench.executionNames()).toEqual([incidentOf('event-1')]);
  });

  test('by a lesser report: the more severe one still pierces', async () => {
    const bench = await freshWorkbench();
    const faster = () => bench.intake().accept(custom('event-1', 'low'));
    const slower = bench.intake({ fuse: new Fuse(Number.POSITIVE_INFINITY, faster) });
    expect(await slower.accept(custom('event-2', 'critical'))).toMatchObject({ outcome: 'opened' });
    expect(await bench.executionNames()).toHaveLength(2);
  });
});

describe('killed between any two writes, then delivered again', () => {
  /** The state that an undisturbed run leaves behind. */
  async function undisturbed() {
    const bench = await freshWorkbench();
    const fuse = new Fuse();
    await bench.intake({ fuse }).accept(alarm('event-1'));
    return { state: await bench.everything(), executions: await bench.executionNames(), writes: fuse.burnt };
  }

  test.each([0, 1, 2])('after write %i of a new incident: the same end state', async (writes) => {
    const expected = await undisturbed();
    expect(expected.writes).toBe(3);
    const bench = await freshWorkbench();
    await expect(bench.intake({ fuse: new Fuse(writes) }).accept(alarm('event-1'))).rejects.toThrow(Crash);
    await bench.intake().accept(alarm('event-1'));
    expect(await bench.everything()).toEqual(expected.state);
    expect(await bench.executionNames()).toEqual(expected.executions);
  });

  test.each([0, 1, 2])('killed again while finishing (after %i more writes)', async (writes) => {
    const expected = await undisturbed();
    const bench = await freshWorkbench();
    await expect(bench.intake({ fuse: new Fuse(1) }).accept(alarm('event-1'))).rejects.toThrow(Crash);
    const second = bench.intake({ fuse: new Fuse(writes) }).accept(alarm('event-1'));
    await second.catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
    await bench.intake().accept(alarm('event-1'));
    expect(await bench.everything()).toEqual(expected.state);
    expect(await bench.executionNames()).toEqual(expected.executions);
  });

  test.each([1, 2])('after write %i: another report of the problem finishes the start', async (writes) => {
    const bench = await freshWorkbench();
    await expect(bench.intake({ fuse: new Fuse(writes) }).accept(alarm('event-1'))).rejects.toThrow(Crash);
    expect(await bench.intake().accept(alarm('event-2'))).toEqual({
      outcome: 'suppressed',
      incidentId: incidentOf('event-1'),
    });
    expect(await bench.executionNames()).toEqual([incidentOf('event-1')]);
    expect((await bench.everything()).controls).toMatchObject([{ executionStarted: true }]);
  });

  test('a more severe signal first starts the incident that it supersedes', async () => {
    const bench = await freshWorkbench();
    const low = signalOf(customEvent({ id: 'event-1' })).fingerprint;
    await expect(bench.intake({ fuse: new Fuse(1) }).accept(custom('event-1', 'low'))).rejects.toThrow(Crash);
    await bench.intake().accept(custom('event-2', 'critical'));
    expect(await bench.executionNames()).toEqual(
      [incidentIdFor(low, 'event-1'), incidentIdFor(low, 'event-2')].sort(),
    );
  });

  test.each([0, 1])('a recovery, after write %i', async (writes) => {
    const run = async (crash: boolean) => {
      const bench = await freshWorkbench();
      await bench.intake().accept(alarm('event-1'));
      const later = { nowEpochMs: threeAm + 300_000 };
      if (crash)
        await bench
          .intake({ ...later, fuse: new Fuse(writes) })
          .accept(recovery('event-2'))
          .catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
      await bench.intake(later).accept(recovery('event-2'));
      return bench.everything();
    };
    expect(await run(true)).toEqual(await run(false));
  });

  test('Step Functions does not answer: the delivery fails and the next one starts the execution', async () => {
    const bench = await freshWorkbench();
    const executions = { start: () => Promise.reject(new Error('throttled')) };
    await expect(bench.intake({ executions }).accept(alarm('event-1'))).rejects.toThrow('throttled');
    expect(await bench.intake().accept(alarm('event-1'))).toEqual({ outcome: 'repeated' });
    expect(await bench.executionNames()).toEqual([incidentOf('event-1')]);
  });
});

describe('a rise in severity', () => {
  test('pierces the window once; the new incident names the one it supersedes', async () => {
    const bench = await freshWorkbench();
    const print = signalOf(customEvent()).fingerprint;
    const first = incidentIdFor(print, 'event-1');
    const second = incidentIdFor(print, 'event-2');
    expect(await bench.intake().accept(custom('event-1', 'medium'))).toEqual({
      outcome: 'opened',
      incidentId: first,
    });
    expect(await bench.intake().accept(custom('event-2', 'critical'))).toEqual({
      outcome: 'opened',
      incidentId: second,
    });
    for (const [id, severity] of [
      ['event-3', 'critical'],
      ['event-4', 'high'],
      ['event-5', 'low'],
    ] as const)
      expect(await bench.intake().accept(custom(id, severity))).toEqual({
        outcome: 'suppressed',
        incidentId: second,
      });
    expect(await bench.event('event-2')).toMatchObject({
      rule: `opened: incident ${second} was started because the problem rose from medium to critical; it takes the place of incident ${first}`,
    });
    const opened = (await bench.tables.ledger.read(`incident#${second}`)).at(-1);
    expect(opened?.detail).toMatchObject({ because: 'severity-rose', supersedes: first });
    expect(await bench.executionNames()).toEqual([first, second].sort());
  });

  test('50 at once of all severities: the window ends at critical and every incident has its execution', async () => {
    const bench = await freshWorkbench();
    const severities = ['low', 'medium', 'high', 'critical'];
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        bench.intake().accept(custom(`event-${index}`, severities[index % 4] ?? 'low')),
      ),
    );
    const opened = results.filter(({ outcome }) => outcome === 'opened');
    expect(opened.length).toBeGreaterThanOrEqual(1);
    expect(opened.length).toBeLessThanOrEqual(4);
    const { events, incidents } = await eventsAndIncidents(bench);
    expect(events).toHaveLength(50);
    expect(await bench.executionNames()).toEqual(
      incidents.map(({ incidentId }) => String(incidentId)).sort(),
    );
    expect((await bench.everything()).controls).toMatchObject([{ severity: 'critical' }]);
  });
});

describe('a recovery', () => {
  test('is attached to the open incident, with evidence, once', async () => {
    const bench = await freshWorkbench();
    await bench.intake().accept(alarm('event-1'));
    const incidentId = incidentOf('event-1');
    expect(await bench.intake().accept(recovery('event-2'))).toEqual({ outcome: 'attached', incidentId });
    expect(await bench.intake().accept(recovery('event-2'))).toEqual({ outcome: 'repeated' });
    expect(await bench.event('event-2')).toMatchObject({
      outcome: 'attached',
      incidentId,
      rule: `attached: the problem recovered; noted on incident ${incidentId}`,
    });
    const { incidents } = await eventsAndIncidents(bench);
    expect(incidents).toMatchObject([{ status: 'open', recoveredAtEpochMs: 1_740_798_300_000 }]);
    expect(await bench.ledgerTypes(incidentId)).toEqual([
      'signal.received',
      'incident.opened',
      'signal.recovered',
    ]);
  });

  test('without an incident is noted', async () => {
    const bench = await freshWorkbench();
    expect(await bench.intake().accept(recovery('event-1'))).toEqual({ outcome: 'recorded' });
    expect(await bench.event('event-1')).toMatchObject({
      outcome: 'recorded',
      rule: 'recorded: the problem recovered, but no incident for it is open or cooling down',
    });
  });

  test.each([
    ['2025-03-01T02:59:59Z', 'recorded'],
    ['2025-03-01T03:00:00Z', 'attached'],
    ['2025-03-01T03:00:01Z', 'attached'],
  ])('of %s against a report of 03:00:00: %s', async (time, outcome) => {
    const bench = await freshWorkbench();
    await bench.intake().accept(alarm('event-1'));
    expect(await bench.intake().accept(recovery('event-2', time))).toMatchObject({ outcome });
    const { incidents } = await eventsAndIncidents(bench);
    expect(incidents[0]?.['recoveredAtEpochMs'] === undefined).toBe(outcome === 'recorded');
  });
});

describe('a problem that goes away and comes back while its incident is open', () => {
  const minute = (value: number) => `2025-03-01T03:0${value}:00Z`;
  const recoveredAt = async (bench: IntakeWorkbench) =>
    (await eventsAndIncidents(bench)).incidents[0]?.['recoveredAtEpochMs'];
  const opened = async () => {
    const bench = await freshWorkbench();
    await bench.intake().accept(alarm('event-1'));
    return bench;
  };

  test('is no recovered one any more, and the chain says so', async () => {
    const bench = await opened();
    const incidentId = incidentOf('event-1');
    await bench.intake().accept(recovery('event-2', minute(1)));
    expect(await recoveredAt(bench)).toBe(1_740_798_060_000);
    const again = await bench.intake().accept(alarm('event-3', minute(2)));
    expect(again).toEqual({ outcome: 'suppressed', incidentId });
    expect(await bench.intake().accept(alarm('event-3', minute(2)))).toEqual({ outcome: 'repeated' });
    expect(await recoveredAt(bench)).toBeUndefined();
    expect(await bench.ledgerTypes(incidentId)).toEqual([
      'signal.received',
      'incident.opened',
      'signal.recovered',
      'signal.returned',
    ]);
    await bench.intake().accept(recovery('event-4', minute(3)));
    expect(await recoveredAt(bench)).toBe(1_740_798_180_000);
  });

  type Said = readonly ['ALARM' | 'OK', number];
  test.each<[string, boolean, readonly Said[]]>([
    [
      'reported, then over',
      true,
      [
        ['ALARM', 1],
        ['OK', 2],
      ],
    ],
    [
      'over, then reported',
      false,
      [
        ['OK', 1],
        ['ALARM', 2],
      ],
    ],
    [
      'over, reported, over',
      true,
      [
        ['OK', 1],
        ['ALARM', 2],
        ['OK', 3],
      ],
    ],
    [
      'over, reported twice',
      false,
      [
        ['OK', 1],
        ['ALARM', 2],
        ['ALARM', 3],
      ],
    ],
  ])('%s: recovered is %s, in whatever order it is heard of', async (_case, isOver, said) => {
    for (const order of permutations(said)) {
      const bench = await opened();
      for (const [index, [state, at]] of order.entries()) {
        const id = `event-${index + 2}`;
        await bench.intake().accept(arrivalOf(alarmEvent(state, { id, time: minute(at) })));
      }
      expect((await recoveredAt(bench)) !== undefined, JSON.stringify(order)).toBe(isOver);
    }
  });

  test('in the same second counts as there', async () => {
    const bench = await opened();
    await bench.intake().accept(recovery('event-2', minute(1)));
    await bench.intake().accept(alarm('event-3', minute(1)));
    expect(await recoveredAt(bench)).toBeUndefined();
  });

  test('both at once, many times over: it counts as there', async () => {
    for (let round = 0; round < 5; round++) {
      const bench = await opened();
      await Promise.all([
        ...Array.from({ length: 6 }, (_, index) =>
          bench.intake().accept(recovery(`over-${index}`, minute(1))),
        ),
        ...Array.from({ length: 6 }, (_, index) => bench.intake().accept(alarm(`back-${index}`, minute(2)))),
      ]);
      expect(await recoveredAt(bench)).toBeUndefined();
      expect((await eventsAndIncidents(bench)).events).toHaveLength(13);
    }
  });

  test('a storm over many seconds is suppressed whole', async () => {
    const bench = await opened();
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        bench
          .intake()
          .accept(alarm(`storm-${index}`, `2025-03-01T03:01:${String(index % 10).padStart(2, '0')}Z`)),
      ),
    );
    expect(count(results, 'outcome')).toEqual({ suppressed: 100 });
    expect((await bench.everything()).controls).toMatchObject([{ reportedAtEpochMs: 1_740_798_069_000 }]);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((others) => [item, ...others]),
  );
}
