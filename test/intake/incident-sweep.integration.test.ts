import { randomUUID } from 'node:crypto';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import type { ExecutionState } from '../../functions/intake/incident-execution.ts';
import { StepFunctionsIncidentExecutions } from '../../functions/intake/incident-executions.client.ts';
import { incidentIdFor } from '../../functions/platform/ids.ts';
import { alarmEvent, arrivalOf, signalOf } from './samples.ts';
import { Crash, Fuse, freshWorkbench, type IntakeWorkbench, threeAm } from './workbench.ts';

const alarm = (id: string, time = '2025-03-01T03:00:00Z') => arrivalOf(alarmEvent('ALARM', { id, time }));
const recovery = (id: string, time: string) => arrivalOf(alarmEvent('OK', { id, time }));
const incidentId = incidentIdFor(signalOf(alarmEvent()).fingerprint, 'event-1');
const minutes = (count: number) => threeAm + count * 60_000;
const always = (state: ExecutionState) => ({ state: async () => state });

/** Keeps what people were told. */
function listener() {
  const subjects: string[] = [];
  return { subjects, people: { tell: async (subject: string) => void subjects.push(subject) } };
}

const incidentItemOf = async (bench: IntakeWorkbench) =>
  bench.tables.database.get(bench.tables.operations, { pk: `INCIDENT#${incidentId}`, sk: 'INCIDENT' });
const windowOf = async (bench: IntakeWorkbench) => (await bench.everything()).controls[0];

describe('an incident whose close was lost', () => {
  test('is closed, a person is told once, and its window closes in time', async () => {
    const bench = await freshWorkbench();
    await bench.intake().accept(alarm('event-1'));
    const { subjects, people } = listener();
    const states = always({ status: 'FAILED', endedAtEpochMs: minutes(1) });
    const at = minutes(5);
    expect(await bench.sweep({ nowEpochMs: at, states, people })).toEqual([
      { incidentId, outcome: 'closed' },
    ]);
    expect(await bench.sweep({ nowEpochMs: minutes(10), states, people })).toEqual([]);
    expect(subjects).toEqual([`Interlock: incident ${incidentId} needs you (needs-person)`]);
    expect(await incidentItemOf(bench)).toMatchObject({
      status: 'closed',
      result: 'needs-person',
      resultReason: "the incident's execution failed before it came to a result",
    });
    expect(await bench.intake({ nowEpochMs: minutes(10) }).accept(alarm('event-2'))).toMatchObject({
      outcome: 'opened',
    });
  });

  test('is left alone while its execution runs', async () => {
    const bench = await freshWorkbench();
    await bench.intake().accept(alarm('event-1'));
    const before = await bench.everything();
    const states = always({ status: 'running' });
    expect(await bench.sweep({ nowEpochMs: minutes(600), states })).toEqual([]);
    expect(await bench.everything()).toEqual(before);
  });
});

describe('an incident whose execution was never started', () => {
  test('is started by the sweep, once', async () => {
    const bench = await freshWorkbench();
    await expect(bench.intake({ fuse: new Fuse(1) }).accept(alarm('event-1'))).rejects.toThrow(Crash);
    expect(await bench.sweep({ nowEpochMs: minutes(1) })).toEqual([]);
    expect(await bench.executionNames()).toEqual([]);
    expect(await bench.sweep({ nowEpochMs: minutes(5) })).toEqual([{ incidentId, outcome: 'started' }]);
    expect(await bench.executionNames()).toEqual([incidentId]);
    expect(await windowOf(bench)).toMatchObject({ executionStarted: true });
  });

  test('goes to a person when it cannot be started, and no later report takes it up again', async () => {
    const bench = await freshWorkbench();
    await expect(bench.intake({ fuse: new Fuse(1) }).accept(alarm('event-1'))).rejects.toThrow(Crash);
    expect(await bench.sweep({ nowEpochMs: minutes(20) })).toEqual([{ incidentId, outcome: 'closed' }]);
    await bench.intake({ nowEpochMs: minutes(21) }).accept(alarm('event-2'));
    expect(await bench.executionNames()).toEqual([]);
  });
});

test('a person is told of an incident that closed and died before telling', async () => {
  const bench = await freshWorkbench();
  await bench.intake().accept(alarm('event-1'));
  const close = { incidentId, result: 'denied', reason: 'policy' } as const;
  await expect(bench.closing({ fuse: new Fuse(1) }).close(close)).rejects.toThrow(Crash);
  const { subjects, people } = listener();
  expect(await bench.sweep({ nowEpochMs: minutes(2), people })).toEqual([
    { incidentId, outcome: 'person-told' },
  ]);
  expect(await bench.sweep({ nowEpochMs: minutes(3), people })).toEqual([]);
  expect(subjects).toEqual([`Interlock: incident ${incidentId} needs you (denied)`]);
});

describe('a problem that comes back during the cooldown', () => {
  async function resolved(): Promise<IntakeWorkbench> {
    const bench = await freshWorkbench();
    await bench.intake().accept(alarm('event-1'));
    await bench.closing().close({ incidentId, result: 'resolved', reason: 'the alarm is OK' });
    return bench;
  }

  test('and stays: a person is told once after the cooldown, and the chain says so', async () => {
    const bench = await resolved();
    const at = '2025-03-01T03:02:00Z';
    const accepted = await bench.intake({ nowEpochMs: minutes(2) }).accept(alarm('event-2', at));
    expect(accepted).toEqual({ outcome: 'suppressed', incidentId });
    expect(await windowOf(bench)).toMatchObject({
      suppressedAtEpochMs: 1_740_798_120_000,
      suppressedEventId: 'event-2',
    });
    const { subjects, people } = listener();
    expect(await bench.sweep({ nowEpochMs: minutes(4), people })).toEqual([]);
    expect(await bench.sweep({ nowEpochMs: minutes(5), people })).toEqual([
      { incidentId, outcome: 'unresolved-told' },
    ]);
    expect(await bench.sweep({ nowEpochMs: minutes(10), people })).toEqual([]);
    expect(subjects).toEqual([`Interlock: a problem came back after incident ${incidentId}`]);
    expect(await bench.ledgerTypes(incidentId)).toEqual([
      'signal.received',
      'incident.opened',
      'incident.closed',
      'signal.unresolved',
    ]);
  });

  test('is remembered by its first report only, and by none that was delivered before', async () => {
    const bench = await resolved();
    const later = { nowEpochMs: minutes(2) };
    expect(await bench.intake(later).accept(alarm('event-1'))).toEqual({ outcome: 'repeated' });
    expect(await windowOf(bench)).not.toHaveProperty('suppressedAtEpochMs');
    await bench.intake(later).accept(alarm('event-2', '2025-03-01T03:02:00Z'));
    const fuse = new Fuse();
    await bench.intake({ ...later, fuse }).accept(alarm('event-3', '2025-03-01T03:03:00Z'));
    expect(fuse.burnt).toBe(1);
    expect(await windowOf(bench)).toMatchObject({ suppressedEventId: 'event-2' });
  });

  test('is forgotten when it recovers, also by a redelivery of the report', async () => {
    const bench = await resolved();
    const later = { nowEpochMs: minutes(3) };
    await bench.intake(later).accept(alarm('event-2', '2025-03-01T03:02:00Z'));
    const recovered = recovery('event-3', '2025-03-01T03:03:00Z');
    expect(await bench.intake(later).accept(recovered)).toEqual({ outcome: 'attached', incidentId });
    await bench.intake(later).accept(alarm('event-2', '2025-03-01T03:02:00Z'));
    expect(await windowOf(bench)).not.toHaveProperty('suppressedEventId');
    expect(await bench.sweep({ nowEpochMs: minutes(6) })).toEqual([]);
  });

  test('and recovers after the cooldown, before the sweep: nobody is told', async () => {
    const bench = await resolved();
    await bench.intake({ nowEpochMs: minutes(2) }).accept(alarm('event-2', '2025-03-01T03:02:00Z'));
    const after = bench.intake({ nowEpochMs: minutes(6) });
    expect(await after.accept(recovery('event-3', '2025-03-01T03:06:00Z'))).toEqual({ outcome: 'recorded' });
    expect(await bench.sweep({ nowEpochMs: minutes(7) })).toEqual([]);
  });

  test('a recovery that overtook its report still counts', async () => {
    const bench = await resolved();
    const later = { nowEpochMs: minutes(3) };
    await bench.intake(later).accept(recovery('event-3', '2025-03-01T03:03:00Z'));
    await bench.intake(later).accept(alarm('event-2', '2025-03-01T03:02:00Z'));
    expect(await bench.sweep({ nowEpochMs: minutes(6) })).toEqual([]);
  });

  test('and again after that: the second time counts', async () => {
    const bench = await resolved();
    const later = { nowEpochMs: minutes(4) };
    await bench.intake(later).accept(alarm('event-2', '2025-03-01T03:02:00Z'));
    await bench.intake(later).accept(recovery('event-3', '2025-03-01T03:03:00Z'));
    await bench.intake(later).accept(alarm('event-4', '2025-03-01T03:04:00Z'));
    expect(await windowOf(bench)).toMatchObject({ suppressedEventId: 'event-4' });
    expect(await bench.sweep({ nowEpochMs: minutes(5) })).toEqual([
      { incidentId, outcome: 'unresolved-told' },
    ]);
  });

  test('40 times at once: none is lost, one is remembered', async () => {
    const bench = await resolved();
    const later = { nowEpochMs: minutes(2) };
    const ids = Array.from({ length: 40 }, (_, index) => `again-${index}`);
    const results = await Promise.all(ids.map((id) => bench.intake(later).accept(alarm(id))));
    expect(results).toEqual(ids.map(() => ({ outcome: 'suppressed', incidentId })));
    const { operations } = await bench.everything();
    expect(operations.filter(({ sk }) => sk === 'EVENT')).toHaveLength(41);
    expect(ids).toContain((await windowOf(bench))?.['suppressedEventId']);
  });

  test('a report that was overtaken by another one leaves that one remembered', async () => {
    const bench = await resolved();
    const later = { nowEpochMs: minutes(2) };
    const faster = () => bench.intake(later).accept(alarm('event-2'));
    const slower = bench.intake({ ...later, fuse: new Fuse(Number.POSITIVE_INFINITY, faster) });
    expect(await slower.accept(alarm('event-3'))).toEqual({ outcome: 'suppressed', incidentId });
    expect(await windowOf(bench)).toMatchObject({ suppressedEventId: 'event-2' });
    expect(await bench.event('event-3')).toMatchObject({ outcome: 'suppressed' });
  });

  test.each([0, 1])('the sweep killed after write %i: the next one tells', async (writes) => {
    const bench = await resolved();
    await bench.intake({ nowEpochMs: minutes(2) }).accept(alarm('event-2', '2025-03-01T03:02:00Z'));
    const { subjects, people } = listener();
    const at = { nowEpochMs: minutes(6), people };
    await expect(bench.sweep({ ...at, fuse: new Fuse(writes) })).rejects.toThrow(Crash);
    expect(await bench.sweep(at)).toEqual([{ incidentId, outcome: 'unresolved-told' }]);
    expect(subjects).toHaveLength(writes + 1);
    expect((await bench.ledgerTypes(incidentId)).filter((type) => type === 'signal.unresolved')).toHaveLength(
      1,
    );
  });
});

test('Step Functions is asked for an execution by the name of its incident', async () => {
  const stepFunctions = new SFNClient({});
  const { stateMachineArn = '' } = await stepFunctions.send(
    new CreateStateMachineCommand({
      name: `failing-${randomUUID().slice(0, 8)}`,
      roleArn: 'arn:aws:iam::000000000000:role/incident',
      definition: JSON.stringify({ StartAt: 'Break', States: { Break: { Type: 'Fail' } } }),
    }),
  );
  const executions = new StepFunctionsIncidentExecutions(stateMachineArn, stepFunctions);
  expect(await executions.state(incidentId)).toEqual({ status: 'unknown' });
  await executions.start(incidentId);
  await expect.poll(() => executions.state(incidentId)).toMatchObject({ status: 'FAILED' });
  const state = await executions.state(incidentId);
  expect('endedAtEpochMs' in state ? Math.abs(state.endedAtEpochMs - Date.now()) : -1).toBeLessThan(60_000);
});

test('a sweep reads a list from its oldest end, and only as far back as asked', async () => {
  const { tables } = await freshWorkbench();
  for (let day = 1; day <= 3; day++)
    await tables.database.putOnce(tables.operations, {
      pk: `X#${day}`,
      sk: 'X',
      statusKey: 'X#waiting',
      statusAt: `2025-03-0${day}T00:00:00.000Z`,
    });
  const read = async (limit?: number, options?: { oldestFirst?: boolean; sinceEpochMs?: number }) =>
    (await tables.database.byStatus(tables.operations, 'X#waiting', limit, options)).map(({ pk }) => pk);
  expect(await read()).toEqual(['X#3', 'X#2', 'X#1']);
  expect(await read(2)).toEqual(['X#3', 'X#2']);
  expect(await read(2, { oldestFirst: true })).toEqual(['X#1', 'X#2']);
  // 2025-03-02T00:00:00Z.
  expect(await read(10, { sinceEpochMs: 1_740_873_600_000 })).toEqual(['X#3', 'X#2']);
});
