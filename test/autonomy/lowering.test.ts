import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeStage, parseLoweringThresholds, reviewWindow } from '../../functions/autonomy/lowering.ts';
import { isLower } from '../../functions/autonomy/stage.ts';
import { autonomyStages } from '../../functions/platform/vocabulary.ts';
import thresholdsJson from '../../policies/autonomy-thresholds.json' with { type: 'json' };

const thresholds = parseLoweringThresholds({
  version: 1,
  windowHours: 24,
  changeFailure: { minimumChanges: 4, maximumPercent: 25 },
  maximumCutOffs: 0,
  maximumDenials: 10,
});
const calm = { ended: 0, rolledBack: 0, rollbackFailed: 0, cutOffs: 0, denials: 0 };
const judge = (stage: (typeof autonomyStages)[number], evidence: Partial<typeof calm>) =>
  judgeStage({ stage }, { ...calm, ...evidence }, thresholds);

describe('thresholds', () => {
  it('are read as shipped', () => {
    expect(parseLoweringThresholds(thresholdsJson)).toStrictEqual(thresholdsJson);
  });

  it.each([
    ['an unknown member', { maximumPolicyDenials: 1 }],
    ['no window', { windowHours: 0 }],
    ['a window beyond a month', { windowHours: 721 }],
    ['a share beyond all', { changeFailure: { minimumChanges: 1, maximumPercent: 101 } }],
    ['a rate of nothing', { changeFailure: { minimumChanges: 0, maximumPercent: 10 } }],
    ['a negative number', { maximumCutOffs: -1 }],
    ['a text', { maximumDenials: '10' }],
    ['another version', { version: 2 }],
  ])('are refused with %s', (_what, change) => {
    expect(() => parseLoweringThresholds({ ...thresholds, ...change })).toThrow(
      /policies\/autonomy-thresholds\.json/,
    );
  });
});

describe('automatic lowering', () => {
  it.each([
    ['3 of 3, too few to say', { ended: 3, rolledBack: 3 }, 'keep'],
    ['1 of 4, at the limit', { ended: 4, rolledBack: 1 }, 'keep'],
    ['2 of 4', { ended: 4, rolledBack: 2 }, 'lower'],
    ['2 of 8, at the limit', { ended: 8, rolledBack: 2 }, 'keep'],
    ['3 of 8', { ended: 8, rolledBack: 3 }, 'lower'],
    ['10 denials, at the limit', { denials: 10 }, 'keep'],
    ['11 denials', { denials: 11 }, 'lower'],
    ['one agent cut off', { cutOffs: 1 }, 'lower'],
  ])('holds changes that did not last against their number: %s', (_what, evidence, outcome) => {
    expect(judge('guarded', evidence)).toMatchObject(
      outcome === 'keep' ? { outcome } : { outcome, to: 'auto-low' },
    );
  });

  it.each([
    ['guarded', 'suggest'],
    ['auto-low', 'suggest'],
  ] as const)('takes %s to %s for a single failed rollback', (from, to) => {
    expect(judge(from, { ended: 1, rollbackFailed: 1 })).toMatchObject({
      outcome: 'lower',
      to,
      because: 'rollback-failed',
    });
  });

  it('leaves suggest where it is for a single failed rollback, and observe whatever happens', () => {
    expect(judge('suggest', { ended: 1, rollbackFailed: 1 })).toStrictEqual({ outcome: 'keep' });
    expect(judge('observe', { ended: 9, rolledBack: 4, rollbackFailed: 5, cutOffs: 3 })).toStrictEqual({
      outcome: 'keep',
    });
  });

  it('only ever lowers', () => {
    const count = fc.nat({ max: 50 });
    fc.assert(
      fc.property(
        fc.constantFrom(...autonomyStages),
        fc.record({
          ended: count,
          rolledBack: count,
          rollbackFailed: count,
          cutOffs: count,
          denials: count,
        }),
        (stage, evidence) => {
          const judged = judge(stage, evidence);
          expect(judged.outcome === 'keep' || isLower(judged.to, stage)).toBe(true);
        },
      ),
    );
  });

  it('never spares a place for one failure more', () => {
    const count = fc.nat({ max: 20 });
    fc.assert(
      fc.property(count, count, count, (ended, rolledBack, denials) => {
        const bad = { ended: ended + rolledBack, rolledBack, denials };
        const worse = { ...bad, ended: bad.ended + 1, rolledBack: rolledBack + 1 };
        if (judge('guarded', bad).outcome === 'lower') expect(judge('guarded', worse).outcome).toBe('lower');
      }),
    );
  });
});

describe('what a review looks at', () => {
  /** 2026-11-23T00:00:00Z. */
  const now = 1_795_392_000_000;

  it('is a day at most, and ends ten seconds ago', () => {
    expect(reviewWindow(thresholds, undefined, now)).toStrictEqual({
      afterEpochMs: 1_795_305_590_000,
      untilEpochMs: 1_795_391_990_000,
    });
  });

  it('begins exactly where the review that lowered the stage ended', () => {
    const lowering = reviewWindow(thresholds, undefined, now);
    const next = reviewWindow(thresholds, now, now + 300_000);
    expect(next.afterEpochMs).toBe(lowering.untilEpochMs);
  });

  it('is empty right after a change of the stage', () => {
    const { afterEpochMs, untilEpochMs } = reviewWindow(thresholds, now, now);
    expect(afterEpochMs).toBe(untilEpochMs);
  });
});

describe('the words of a lowering', () => {
  it.each([
    [
      'guarded',
      { ended: 1, rollbackFailed: 1 },
      'suggest',
      'rollback-failed',
      '1 change could not be rolled back',
    ],
    [
      'guarded',
      { ended: 9, rollbackFailed: 2 },
      'suggest',
      'rollback-failed',
      '2 changes could not be rolled back',
    ],
    [
      'guarded',
      { ended: 6, rolledBack: 3 },
      'auto-low',
      'change-failures',
      '3 of 6 changes did not hold; allowed are 25 % of at least 4',
    ],
    [
      'suggest',
      { ended: 4, rolledBack: 1, rollbackFailed: 1 },
      'observe',
      'change-failures',
      '2 of 4 changes did not hold; allowed are 25 % of at least 4',
    ],
    [
      'auto-low',
      { cutOffs: 1 },
      'suggest',
      'agent-cut-off',
      'the agent was cut off in 1 incident because too many of its proposals were denied; allowed are 0',
    ],
    [
      'auto-low',
      { denials: 11 },
      'suggest',
      'denials',
      '11 proposals were denied for what they asked; allowed are 10',
    ],
  ] as const)('from %s for %j', (stage, evidence, to, because, reason) => {
    expect(judge(stage, evidence)).toStrictEqual({ outcome: 'lower', to, because, reason });
  });

  it('names the members of a file that cannot be read', () => {
    expect(() => parseLoweringThresholds({ ...thresholds, version: 2, maximumCutOffs: -1 })).toThrow(
      'policies/autonomy-thresholds.json has missing, unknown or malformed members: version, maximumCutOffs',
    );
    expect(() => parseLoweringThresholds(null)).toThrow(/malformed members: invalid_type$/);
  });
});
