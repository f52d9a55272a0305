import { describe, expect, it } from 'vitest';
import { evidenceLines } from '../../cli/autonomy-report.ts';
import type { LedgerEvent } from '../../functions/audit/ledger-entry.ts';
import { raiseEvidence } from '../../functions/autonomy/raise-evidence.ts';
import type { StageReading } from '../../functions/autonomy/stage.ts';
import { changeIdFor } from '../../functions/platform/ids.ts';

/** 2026-11-23T08:00:00Z. */
const now = 1_795_420_800_000;
const day = 86_400_000;
const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
const failedAt = now - 2 * day;
const loweredAt = now - day;
const lowered: StageReading = {
  ...place,
  stage: 'auto-low',
  version: 3,
  from: 'set-at-run-time',
  changedBy: 'review-autonomy',
  changedAtEpochMs: loweredAt,
  reason: '1 of 1 change did not hold',
  cause: 'lowered-automatically',
};
const facts = {
  decisions: [
    {
      ...place,
      incidentId: 'inc-1',
      planDigest: 'digest-1',
      tier: 'low',
      outcome: 'auto',
      clause: 'autonomy.matrix',
      decidedAtEpochMs: failedAt - 60_000,
    },
  ],
  changes: [
    {
      changeId: changeIdFor('inc-1', 'digest-1'),
      status: 'rolled-back',
      startedAtEpochMs: failedAt - 30_000,
      updatedAtEpochMs: failedAt,
    },
  ],
  incidents: [],
} as const;
const entry = (type: string, atEpochMs: number, detail: object = {}): LedgerEvent => ({
  type,
  atEpochMs,
  actor: { kind: 'system', id: 'review-autonomy' },
  detail: { ...place, ...detail },
});
const automatic = entry('autonomy.lowered-automatically', loweredAt, {
  reason: '1 of 1 change did not hold',
  findingId: 'autonomy-lowered-1',
});

describe('evidence for more autonomy', () => {
  it('still shows, right after a lowering, what led to it', () => {
    const evidence = raiseEvidence(lowered, facts, [automatic], now);
    expect(evidence).toMatchObject({
      afterEpochMs: 1_792_828_800_000,
      untilEpochMs: now,
      ended: 1,
      rolledBack: 1,
      sinceLastChange: { afterEpochMs: loweredAt, ended: 0 },
      lastLowering: {
        atEpochMs: loweredAt,
        by: 'review-autonomy',
        reason: '1 of 1 change did not hold',
        findingId: 'autonomy-lowered-1',
      },
    });
    const words = evidenceLines(evidence).join('\n');
    expect(words).toMatch(/success 0 %[\s\S]*since the last change[\s\S]*no change ended/);
    expect(words).toContain('last lowered');
    expect(words).toContain('(finding autonomy-lowered-1)');
  });

  it('knows the lowering also after the stage was raised again, and the latest of several', () => {
    const raised = { ...lowered, stage: 'guarded', cause: 'raised', changedAtEpochMs: now - 1 } as const;
    const earlier = entry('autonomy.lowered', loweredAt - day, { reason: 'first' });
    for (const entries of [
      [earlier, automatic],
      [automatic, earlier],
    ])
      expect(raiseEvidence(raised, facts, entries, now).lastLowering?.findingId).toBe('autonomy-lowered-1');
  });

  it('takes a lowering from before the ledger was read from the stage itself', () => {
    expect(raiseEvidence(lowered, facts, [], now).lastLowering).toStrictEqual({
      atEpochMs: loweredAt,
      by: 'review-autonomy',
      reason: '1 of 1 change did not hold',
    });
  });

  it('takes nothing from another place', () => {
    const declared: StageReading = { ...place, stage: 'guarded', version: 0, from: 'declared' };
    const elsewhere = [automatic, entry('autonomy.declared', now - day)].map((one) => ({
      ...one,
      detail: { ...one.detail, environment: 'dev' },
    }));
    const evidence = raiseEvidence(declared, facts, elsewhere, now);
    expect(evidence).not.toHaveProperty('lastLowering');
    expect(evidence).not.toHaveProperty('sinceLastChange');
    expect(evidenceLines(evidence).join('\n')).toContain('did not change');
  });

  it('counts a published declaration as the change of a stage that was never set', () => {
    const declared: StageReading = { ...place, stage: 'guarded', version: 0, from: 'declared' };
    const entries = [entry('autonomy.declared', failedAt - day), entry('autonomy.declared', now - day)];
    expect(raiseEvidence(declared, facts, entries, now).sinceLastChange).toMatchObject({
      afterEpochMs: now - day,
      ended: 0,
    });
    expect(raiseEvidence(lowered, facts, [entry('autonomy.declared', now - 1)], now)).toMatchObject({
      sinceLastChange: { afterEpochMs: loweredAt },
    });
  });

  it.each([
    [1_792_828_800_000, false],
    [1_792_828_800_001, true],
  ])('has a window of 30 days: a change at %d is within it: %s', (changedAtEpochMs, isWithin) => {
    const evidence = raiseEvidence({ ...lowered, changedAtEpochMs }, facts, [], now);
    expect('sinceLastChange' in evidence).toBe(isWithin);
  });
});
