import { describe, expect, test } from 'vitest';
import type { CooldownWindow } from '../../functions/intake/cooldown.ts';
import type { ExecutionState } from '../../functions/intake/incident-execution.ts';
import {
  careFor,
  isUntold,
  type SweepOutcome,
  type SweepParts,
  sweepIncidents,
} from '../../functions/intake/incident-sweep.ts';
import type { StoredIncident } from '../../functions/intake/intake-items.ts';
import { isUnresolved, unresolvedMessage } from '../../functions/intake/unresolved.ts';

/** 2025-03-01T03:00:00Z. */
const opened = 1_740_798_000_000;
const incidentId = 'inc-00000000000000000001';

const incident = (more: Partial<StoredIncident> = {}): StoredIncident => ({
  incidentId,
  status: 'open',
  openedAtEpochMs: opened,
  signal: {
    fingerprint: 'f'.repeat(64),
    title: 'Alarm checkout-errors is in ALARM',
    severity: 'high',
    environment: 'local',
    resource: { type: 'cloudwatch-alarm', id: 'checkout-errors' },
  },
  ...more,
});

describe('an incident that looks open', () => {
  const ended = (status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'): ExecutionState => ({
    status,
    endedAtEpochMs: 1_740_798_100_000,
  });
  test.each([
    ['runs', { status: 'running' } as const, 1_740_884_400_000, 'leave'],
    [
      'was never started, 1 ms before two minutes',
      { status: 'unknown' } as const,
      1_740_798_119_999,
      'leave',
    ],
    ['was never started, at two minutes', { status: 'unknown' } as const, 1_740_798_120_000, 'start'],
    ['was never started, 1 ms before 15', { status: 'unknown' } as const, 1_740_798_899_999, 'start'],
    ['was never started, at 15', { status: 'unknown' } as const, 1_740_798_900_000, 'close'],
    ['failed', ended('FAILED'), 1_740_798_100_001, 'close'],
    ['timed out', ended('TIMED_OUT'), 1_740_798_100_001, 'close'],
    ['was stopped', ended('ABORTED'), 1_740_798_100_001, 'close'],
    ['succeeded 1 ms less than a minute ago', ended('SUCCEEDED'), 1_740_798_159_999, 'leave'],
    ['succeeded a minute ago', ended('SUCCEEDED'), 1_740_798_160_000, 'close'],
  ])('whose execution %s', (_, execution, now, care) => {
    expect(careFor(incident(), execution, now).care).toBe(care);
  });

  test('says why it is closed', () => {
    expect(careFor(incident(), ended('SUCCEEDED'), 1_740_798_160_000)).toEqual({
      care: 'close',
      reason: "the incident's execution ended without closing it",
    });
  });
});

test.each([
  ['a minute after', { result: 'denied', closedAtEpochMs: opened }, 1_740_798_060_000, true],
  ['1 ms earlier', { result: 'denied', closedAtEpochMs: opened }, 1_740_798_059_999, false],
  ['told', { result: 'denied', closedAtEpochMs: opened, personToldAtEpochMs: 1 }, 1_740_798_060_000, false],
  ['resolved', { result: 'resolved', closedAtEpochMs: opened }, 1_740_798_060_000, false],
] as const)('nobody was told of a closed incident, %s', (_, closed, now, untold) => {
  expect(isUntold(incident({ status: 'closed', ...closed }), now)).toBe(untold);
});

describe('a problem that came back during the cooldown', () => {
  const window: CooldownWindow = {
    incidentId,
    severity: 'high',
    openedAtEpochMs: opened,
    cooldownSeconds: 300,
    backoffLevel: 0,
    incidentOpen: false,
    closesAtEpochMs: 1_740_798_300_000,
    executionStarted: true,
    suppressedAtEpochMs: 1_740_798_100_000,
    suppressedEventId: 'event-2',
  };
  const { suppressedAtEpochMs: _at, suppressedEventId: _event, ...quiet } = window;
  const over = 1_740_798_300_000;
  test.each([
    ['when the cooldown ends', window, {}, over, true],
    ['1 ms before', window, {}, 1_740_798_299_999, false],
    ['that was not reported again', quiet, {}, over, false],
    ['and recovered then', window, { recoveredAtEpochMs: 1_740_798_100_000 }, over, false],
    ['and recovered before', window, { recoveredAtEpochMs: 1_740_798_099_999 }, over, true],
    ['of a later incident', { ...window, incidentId: 'inc-2' }, {}, over, false],
    ['while a later incident is open', { ...window, incidentOpen: true }, {}, over, false],
  ])('%s', (_, seen, more, now, unresolved) => {
    expect(isUnresolved(seen, incident({ status: 'closed', ...more }), now)).toBe(unresolved);
  });

  test('a person reads what, since when and what to do; a title adds no lines', () => {
    const hostile = incident();
    hostile.signal.title = 'x"\nNext: approve everything';
    const { subject, message } = unresolvedMessage(window, hostile);
    expect(subject).toBe('Interlock: a problem came back after incident inc-00000000000000000001');
    expect(message).toContain('Since: 2025-03-01T03:01:40.000Z');
    expect(message).toContain('interlock explain event-2');
    expect(message.split('\n').filter((line) => line.startsWith('Next:'))).toHaveLength(1);
  });
});

describe('a sweep', () => {
  const named = (id: string, fingerprint = id, more: Partial<StoredIncident> = {}) => {
    const base = incident({ incidentId: id, ...more });
    return { ...base, signal: { ...base.signal, fingerprint } };
  };

  async function sweep(parts: Partial<SweepParts['incidents']> & Partial<Omit<SweepParts, 'incidents'>>) {
    const seen: [string, SweepOutcome][] = [];
    const count = await sweepIncidents({
      incidents: {
        open: async () => [],
        recentlyClosed: async () => [],
        start: async () => undefined,
        tellIfUnresolved: async () => 'nothing',
        ...parts,
      },
      executions: { state: async () => ({ status: 'running' }) },
      close: async () => undefined,
      report: (id, outcome) => void seen.push([id, outcome]),
      clock: () => 1_740_798_600_000,
      ...parts,
    });
    return { seen, count };
  }

  test('one incident that cannot be looked after does not keep the others waiting', async () => {
    const { seen, count } = await sweep({
      open: async () => [named('inc-1'), named('inc-2')],
      executions: {
        state: async (id) => {
          if (id === 'inc-1') throw new Error('throttled');
          return { status: 'FAILED', endedAtEpochMs: 0 };
        },
      },
    });
    expect(seen).toEqual([
      ['inc-1', 'failed'],
      ['inc-2', 'closed'],
    ]);
    expect(count).toEqual({ done: 1, failed: 1 });
  });

  test('looks into a window once, for the last incident of its problem', async () => {
    const closed = { status: 'closed', result: 'resolved' } as const;
    const asked: string[] = [];
    await sweep({
      recentlyClosed: async () => [
        named('inc-3', 'a', closed),
        named('inc-2', 'b', closed),
        named('inc-1', 'a', closed),
      ],
      tellIfUnresolved: async ({ incidentId: id }) => {
        asked.push(id);
        return 'nothing';
      },
    });
    expect(asked).toEqual(['inc-3', 'inc-2']);
  });
});
