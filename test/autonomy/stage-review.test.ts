import { describe, expect, it } from 'vitest';
import type { Lowering } from '../../functions/autonomy/lowering.ts';
import { parseLoweringThresholds } from '../../functions/autonomy/lowering.ts';
import type { StageReading } from '../../functions/autonomy/stage.ts';
import type { DecisionFact, EvidenceFacts } from '../../functions/autonomy/stage-evidence.ts';
import { reviewStages } from '../../functions/autonomy/stage-review.ts';
import type { AutonomyStage } from '../../functions/platform/vocabulary.ts';

/** 2026-11-23T00:00:00Z. */
const now = 1_795_392_000_000;
const thresholds = parseLoweringThresholds({
  version: 1,
  windowHours: 24,
  changeFailure: { minimumChanges: 4, maximumPercent: 25 },
  maximumCutOffs: 0,
  maximumDenials: 10,
});
const place = (actionClass: string, stage: AutonomyStage): StageReading => ({
  environment: 'local',
  agentRole: 'responder',
  actionClass,
  stage,
  version: 3,
  from: 'set-at-run-time',
});
const cutOff = (actionClass: string): DecisionFact => ({
  environment: 'local',
  agentRole: 'responder',
  actionClass,
  incidentId: 'inc-1',
  planDigest: 'digest',
  outcome: 'deny',
  clause: 'agent.cut-off',
  decidedAtEpochMs: now - 60_000,
});

/** A review of some places in an environment where something happened, and everything that it did, in order. */
async function review(
  places: readonly StageReading[],
  { decisions = [], moved = [] }: { decisions?: DecisionFact[]; moved?: string[] },
) {
  const done: string[] = [];
  const asked: number[] = [];
  const facts: EvidenceFacts = { decisions, changes: [], incidents: [] };
  const result = reviewStages({
    thresholds,
    clock: () => now,
    stages: {
      all: () => Promise.resolve([...places]),
      lowerAutomatically: (
        { actionClass }: StageReading,
        { to }: Extract<Lowering, { outcome: 'lower' }>,
        at: number,
      ) => {
        done.push(`${actionClass} to ${to} at ${at - now}`);
        return Promise.resolve(moved.includes(actionClass) ? 'superseded' : 'lowered');
      },
    },
    facts: (sinceEpochMs) => {
      asked.push(sinceEpochMs);
      return Promise.resolve(facts);
    },
  });
  return { result, done, asked };
}

describe('a review of stages', () => {
  it('lowers each place that breached a threshold, and leaves the others', async () => {
    const traffic = place('traffic', 'guarded');
    const capacity = place('capacity', 'auto-low');
    const places = [traffic, place('release', 'guarded'), capacity];
    const { result, done } = await review(places, { decisions: [cutOff('traffic'), cutOff('capacity')] });
    expect(await result).toStrictEqual([
      { before: traffic, outcome: 'lowered' },
      { before: capacity, outcome: 'lowered' },
    ]);
    expect(done).toStrictEqual(['traffic to auto-low at 0', 'capacity to suggest at 0']);
  });

  it('looks back over the whole window and the time lists need to settle', async () => {
    const { result, asked } = await review([place('traffic', 'suggest')], {});
    expect(await result).toStrictEqual([]);
    expect(asked).toStrictEqual([now - 86_400_000 - 10_000]);
  });

  it('reads nothing where nobody has any autonomy', async () => {
    const observed = [place('traffic', 'observe'), place('capacity', 'observe')];
    const { result, asked, done } = await review(observed, { decisions: [cutOff('traffic')] });
    expect(await result).toStrictEqual([]);
    expect([asked, done]).toStrictEqual([[], []]);
  });

  it('leaves a place that somebody else changed meanwhile', async () => {
    const { result, done } = await review([place('traffic', 'guarded')], {
      decisions: [cutOff('traffic')],
      moved: ['traffic'],
    });
    expect(await result).toMatchObject([{ outcome: 'superseded' }]);
    expect(done).toStrictEqual(['traffic to auto-low at 0']);
  });
});
