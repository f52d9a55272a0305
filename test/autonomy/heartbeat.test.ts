import { describe, expect, it } from 'vitest';
import { heartbeatFinding, heartbeatWords, isStale, judgeBeat } from '../../functions/autonomy/heartbeat.ts';

const committed = { outcome: 'committed' } as const;
const stop = { item: { engaged: true } };
const bySwitch = { outcome: 'refused', refusals: [stop, undefined] } as const;

describe('a beat', () => {
  it('passes when the switch and nothing else stopped the write', () => {
    expect(judgeBeat(bySwitch, false, committed, 7)).toStrictEqual({
      result: 'passed',
      reason: 'the engaged switch stopped the write, and nothing else did',
      latencyMs: 7,
    });
  });

  it('fails when one of several others refused it as well', () => {
    const refusals = { outcome: 'refused', refusals: [stop, undefined, stop] } as const;
    expect(judgeBeat(refusals, false, committed, 1).result).toBe('failed');
  });

  it.each([
    ['the write went through', committed, false, committed, 'went through'],
    [
      'something else refused it',
      { outcome: 'refused', refusals: [undefined, stop] },
      false,
      committed,
      'not by the switch',
    ],
    [
      'something else refused it as well',
      { outcome: 'refused', refusals: [stop, stop] },
      false,
      committed,
      'not by the switch',
    ],
    ['nothing says why', { outcome: 'refused', refusals: [] }, false, committed, 'not by the switch'],
    ['the refused write left something', bySwitch, true, committed, 'left its record'],
    ['it stays refused when released', bySwitch, false, bySwitch, 'stays refused'],
  ] as const)('fails when %s', (_what, engaged, left, released, reason) => {
    const beat = judgeBeat(engaged, left, released, 1);
    expect(beat.result).toBe('failed');
    expect(beat.reason).toContain(reason);
  });
});

describe('the age of the last beat', () => {
  /** 2026-11-23T00:00:00Z. */
  const last = { lastBeatAtEpochMs: 1_795_392_000_000 };
  it.each([
    [1_795_392_000_000, false],
    [1_795_392_900_000, false],
    [1_795_392_900_001, true],
  ])('at %d is stale: %s, beyond three intervals', (now, stale) => {
    expect(isStale(last, now)).toBe(stale);
  });

  it('is stale when there never was one', () => {
    expect(isStale(undefined, 0)).toBe(true);
  });
});

it('names a run of failures after the last beat that passed, and tells people so', () => {
  const beat = { result: 'failed', reason: 'a guarded write went through', latencyMs: 3 } as const;
  const first = heartbeatFinding(beat, 1_795_392_000_000, 1_795_392_300_000);
  const second = heartbeatFinding(beat, 1_795_392_000_000, 1_795_392_600_000);
  expect(second.findingId).toBe(first.findingId);
  expect(heartbeatFinding(beat, 1_795_392_300_000, 1_795_392_600_000).findingId).not.toBe(first.findingId);
  expect(heartbeatWords(beat, 1_795_392_000_000).lines.join()).toContain('2026-11-23T00:00:00.000Z');
  expect(heartbeatWords(beat, 0).lines.join()).toContain('never');
});

describe('the words of a beat that failed', () => {
  const beat = { result: 'failed', reason: 'it went through', latencyMs: 3 } as const;
  /** 22 November 2026, 10:00:00 UTC. */
  const passedAt = 1_795_341_600_000;

  it('are one finding for each run of failures', () => {
    expect(heartbeatFinding(beat, passedAt, passedAt + 120_000)).toStrictEqual({
      findingId: 'heartbeat-failed-1795341600000',
      kind: 'heartbeat-failed',
      summary: 'the kill switch was not proven to stop a write: it went through',
      openedAtEpochMs: 1_795_341_720_000,
      detail: { reason: 'it went through', lastPassedAtEpochMs: 1_795_341_600_000 },
    });
  });

  it.each([
    [passedAt, 'at 2026-11-22T10:00:00.000Z'],
    [0, 'never'],
  ])('say what to do, last passed %i', (lastPassedAt, when) => {
    expect(heartbeatWords(beat, lastPassedAt)).toStrictEqual({
      title: 'The kill switch may not stop anything',
      lines: [
        'The heartbeat of the kill switch failed: it went through.',
        `It last passed ${when}.`,
        `Take it that engaging the kill switch stops nothing: stop the change state machine by hand until this is found out. Finding heartbeat-failed-${lastPassedAt}.`,
      ],
    });
  });
});
