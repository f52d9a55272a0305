import { describe, expect, it } from 'vitest';
import { comparisonLines } from '../../cli/autonomy-report.ts';
import type { RaiseEvidence } from '../../functions/autonomy/raise-evidence.ts';

/** 2026-11-23T08:00:00Z. */
const asked = 1_795_420_800_000;
const frozen: RaiseEvidence = {
  afterEpochMs: asked - 86_400_000,
  untilEpochMs: asked,
  byTier: { low: { decided: 5, started: 4, kept: 4, rolledBack: 0, rollbackFailed: 0 } },
  ended: 4,
  kept: 4,
  rolledBack: 0,
  rollbackFailed: 0,
  denials: 1,
  cutOffs: 0,
  incidents: 3,
  incidentsBefore: 6,
  incidentsPerDay: 3,
  incidentsPerDayBefore: 6,
};

describe('the evidence of a request beside that of now', () => {
  it('marks nothing but what differs, and not that time has passed', () => {
    const later = { ...frozen, untilEpochMs: asked + 3_600_000 };
    expect(comparisonLines(frozen, later).join('\n')).not.toContain('DIFFERS');
  });

  it.each<[string, Partial<RaiseEvidence>, RegExp]>([
    ['a change that was rolled back since', { rolledBack: 1 }, /changes rolled back +0 +1 +DIFFERS/],
    ['a rollback that failed since', { rollbackFailed: 1 }, /not even rolled back +0 +1 +DIFFERS/],
    ['a proposal that was denied since', { denials: 2 }, /proposals denied +1 +2 +DIFFERS/],
    [
      'a lowering since',
      { lastLowering: { atEpochMs: asked, by: 'review-autonomy', reason: 'x' } },
      /last lowered +never +2026-11-23 08:00:00 UTC +DIFFERS/,
    ],
    [
      'a tier that was not there',
      { byTier: { high: { decided: 1, started: 0, kept: 0, rolledBack: 0, rollbackFailed: 0 } } },
      /tier low: decided, carried out +5, 4 +none +DIFFERS[\s\S]*tier high: decided, carried out +none +1, 0 +DIFFERS/,
    ],
    [
      'a later start of the count',
      { sinceLastChange: frozen },
      /since last change: changes kept +none +4 +DIFFERS/,
    ],
  ])('marks %s', (_case, change, line) => {
    expect(comparisonLines(frozen, { ...frozen, ...change }).join('\n')).toMatch(line);
  });

  it('says so where a request of an earlier version did not count something', () => {
    const { denials: _denials, ...earlier } = frozen;
    expect(comparisonLines(earlier as RaiseEvidence, frozen).join('\n')).toMatch(
      /proposals denied +not counted +1 +DIFFERS/,
    );
  });
});
