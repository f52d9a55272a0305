import { describe, expect, it } from 'vitest';
import { type Aftermath, aftermathOf, aftermathWords } from '../../functions/approvals/aftermath.ts';
import type { Approval } from '../../functions/approvals/approval.ts';
import type { Dossier } from '../../functions/approvals/dossier.ts';
import { changeStatuses } from '../../functions/change/change-status.ts';
import { dossierOf, now, pending } from './fixtures.ts';

const approved = { status: 'approved', decidedAtEpochMs: now, usableUntilEpochMs: now + 60_000 } as const;

function after(
  over: Partial<Approval>,
  beside: Partial<Dossier> = {},
  at = now + 1_000,
): Aftermath | undefined {
  return aftermathOf({ ...dossierOf(pending(over)), ...beside }, at);
}

function change(status: string, statusReason?: string): NonNullable<Dossier['change']> {
  const { incidentId, planDigest } = pending();
  const reason = statusReason === undefined ? {} : { statusReason };
  return { changeId: 'chg-1', incidentId, planDigest, status, ...reason };
}

const closed = (result: string, resultReason?: string): Partial<Dossier> => {
  const { incident } = dossierOf(pending());
  const reason = resultReason === undefined ? {} : { resultReason };
  return incident === undefined ? {} : { incident: { ...incident, status: 'closed', result, ...reason } };
};

describe('what became of a decision', () => {
  it('is nothing while people are asked, up to the last instant', () => {
    expect(after({}, {}, now + 599_999)).toBeUndefined();
    expect(after({}, {}, now + 600_000)).toStrictEqual({});
  });

  it.each([
    [now + 59_999, 'awaited'],
    [now + 60_000, 'not-started'],
  ])('without a change is, at %i, that it is %s', (at, state) => {
    expect(after(approved, {}, at)).toStrictEqual({ state });
  });

  it('is not awaited any more once the incident is closed', () => {
    expect(after(approved, closed('needs-person', 'the change could not begin'))).toStrictEqual({
      state: 'not-started',
      incident: { result: 'needs-person', reason: 'the change could not begin' },
    });
  });

  it.each([
    ['locked', 'starting'],
    ['snapshotted', 'starting'],
    ['executing', 'being-checked'],
    ['executed', 'being-checked'],
    ['progressing', 'being-checked'],
    ['rolling-back', 'rolling-back'],
    ['kept', 'kept'],
    ['rolled-back', 'rolled-back'],
    ['rollback-failed', 'rollback-failed'],
    ['refused', 'not-started'],
    ['stopped', 'not-started'],
    ['of-tomorrow', 'unknown'],
    ['__proto__', 'unknown'],
  ])('is, for a change that is %s, that it is %s', (status, state) => {
    expect(after(approved, { change: change(status, 'why') })).toStrictEqual({
      state,
      changeId: 'chg-1',
      reason: 'why',
    });
  });

  it('has words for every status of a change', () => {
    for (const status of changeStatuses) {
      const became = after(approved, { change: change(status) });
      expect(became === undefined ? [] : aftermathWords(became)).toHaveLength(1);
      expect(became?.state).not.toBe('unknown');
    }
  });

  it('is no change where people said no, nobody answered or nobody needed to', () => {
    for (const status of ['rejected', 'expired', 'cancelled'] as const) {
      expect(after({ status, decidedAtEpochMs: now }, closed('rejected'))).toStrictEqual({
        incident: { result: 'rejected' },
      });
    }
  });

  it('is, for a change that was judged, where that stands, whatever people said of it', () => {
    const verdictOn = { changeId: 'chg-1', reason: 'unknown' };
    const rejected = { verdictOn, status: 'rejected', decidedAtEpochMs: now } as const;
    expect(after(rejected, { change: change('rollback-failed') })).toMatchObject({
      state: 'rollback-failed',
    });
    expect(after({ ...approved, verdictOn }, { change: change('kept') })).toMatchObject({ state: 'kept' });
    expect(after({ ...approved, verdictOn })).toStrictEqual({ state: 'unknown' });
  });
});

describe('its words', () => {
  it.each<[Aftermath, string]>([
    [{ state: 'awaited' }, 'It has not started yet.'],
    [{ state: 'being-checked' }, 'It started, and is being checked.'],
    [{ state: 'kept' }, 'It was kept.'],
    [{ state: 'rolled-back', reason: 'the alarm stayed' }, 'It was rolled back: the alarm stayed.'],
    [
      { state: 'not-started', reason: 'the kill switch (action#x) is engaged' },
      'It did not start: the kill switch (action#x) is engaged.',
    ],
    [
      { state: 'not-started', tooLate: 'execution-no-longer-waits' },
      'It did not start. The execution no longer waited for this answer.',
    ],
    [
      { state: 'kept', incident: { result: 'needs-person', reason: 'x' } },
      'It was kept. The incident is closed as “needs person”: x.',
    ],
    [{}, ''],
  ])('of %j are: %s', (became, words) => {
    expect(aftermathWords(became).join(' ')).toBe(words);
  });

  it('show what could deceive', () => {
    const hostile = {
      state: 'kept',
      reason: 'a\u202Eb',
      incident: { result: 'c\u0007', reason: 'd\u200B' },
    } as const;
    expect(aftermathWords(hostile).join(' ')).toBe(
      'It was kept: a⟨U+202E⟩b. The incident is closed as “c⟨U+0007⟩”: d⟨U+200B⟩.',
    );
  });
});
