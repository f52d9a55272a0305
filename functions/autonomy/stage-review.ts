import type { Clock } from '../platform/clock.ts';
import { judgeStage, type Lowering, type LoweringThresholds, reviewWindow, settleMs } from './lowering.ts';
import type { StageReading } from './stage.ts';
import { type EvidenceFacts, evidenceFor } from './stage-evidence.ts';

export interface StageReviewParts {
  readonly thresholds: LoweringThresholds;
  readonly stages: {
    all(): Promise<StageReading[]>;
    lowerAutomatically(
      before: StageReading,
      lowering: Extract<Lowering, { outcome: 'lower' }>,
      now: number,
    ): Promise<'lowered' | 'superseded'>;
  };
  readonly facts: (sinceEpochMs: number) => Promise<EvidenceFacts>;
  readonly clock: Clock;
}

/** A stage that was lowered, or would have been had nobody else changed it. */
export interface Reviewed {
  readonly before: StageReading;
  readonly outcome: 'lowered' | 'superseded';
}

/**
 * Judges every place that has any autonomy, and lowers those that breached a threshold. Safe to run at any time,
 * twice at once included: the second finds the version gone.
 */
export async function reviewStages(parts: StageReviewParts): Promise<Reviewed[]> {
  const { thresholds, stages, clock } = parts;
  const now = clock();
  const places = (await stages.all()).filter(({ stage }) => stage !== 'observe');
  if (places.length === 0) return [];
  // The longest window that any of them has: each of them counts its own part.
  const facts = await parts.facts(now - settleMs - thresholds.windowHours * 3_600_000);
  const reviewed: Reviewed[] = [];
  for (const before of places) {
    const evidence = evidenceFor(before, facts, reviewWindow(thresholds, before.changedAtEpochMs, now));
    const lowering = judgeStage(before, evidence, thresholds);
    if (lowering.outcome === 'keep') continue;
    reviewed.push({ before, outcome: await stages.lowerAutomatically(before, lowering, now) });
  }
  return reviewed;
}
