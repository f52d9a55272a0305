import { changeEvidence } from './evidence-change.ts';
import type { EvidenceInput, Figure } from './evidence-figure.ts';
import { policyEvidence } from './evidence-policy.ts';
import { rolloutEvidence } from './evidence-rollout.ts';

/** Deployment patterns that evidence is gathered for so far, by number. */
export const evidencePatterns = [1, 3, 10] as const;
export type EvidencePattern = (typeof evidencePatterns)[number];

/** What one pattern asks to be shown, and what shows it. */
export interface Evidence {
  readonly pattern: EvidencePattern;
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly figures: readonly Figure[];
}

const titles: Readonly<Record<EvidencePattern, string>> = {
  1: 'Tiered autonomy rollout',
  3: 'Policy-enforced action boundaries',
  10: 'Safe change and rollback by design',
};

const figuresOf: Readonly<Record<EvidencePattern, (input: EvidenceInput) => Figure[]>> = {
  1: rolloutEvidence,
  3: policyEvidence,
  10: changeEvidence,
};

/** Every "Evidence of compliance" figure of one pattern over a period. Pure: the same ledger gives the same. */
export function evidenceOf(pattern: EvidencePattern, input: EvidenceInput): Evidence {
  const { fromEpochMs, toEpochMs } = input.period;
  return {
    pattern,
    title: titles[pattern],
    from: new Date(fromEpochMs).toISOString(),
    to: new Date(toEpochMs).toISOString(),
    figures: figuresOf[pattern](input),
  };
}
