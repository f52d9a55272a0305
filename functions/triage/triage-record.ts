import type { Attempt, Rationale, RoutingResult } from '../routing/routing-result.ts';
import type { TriageContext } from './context.ts';
import type { EarlierRound, Round } from './earlier-round.ts';
import type { Incident } from './incident.ts';
import { buildPlans, type ProposedPlan } from './plans.ts';
import type { Prompt } from './prompt.ts';
import { parseTriageAnswer } from './triage-answer.ts';

/** Who answered. `rules` means that no model did. */
export interface TriageModel {
  readonly runtime: Rationale['runtime'] | 'rules';
  readonly modelId: string;
  readonly trigger: Rationale['trigger'] | 'all-failed';
  /** The answer is less sure than `policies/routing.json` asks for, and nobody surer could be asked. */
  readonly lowConfidence: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly latencyMs: number;
}

/** What triage found in one round; stored once and never changed. The plans stand beside it. */
export interface TriageRecord {
  readonly incidentId: string;
  readonly round: Round;
  readonly model: TriageModel;
  /** The limits that the answer was compared with; absent when no model answered. */
  readonly thresholds?: Rationale['thresholds'];
  /** Untrusted prose, at most 2,000 characters. */
  readonly diagnosis: string;
  /** 0…1; 0 when no model answered. */
  readonly confidence: number;
  /** The model's reason for each plan, in the order of `planDigests`. Untrusted prose. */
  readonly reasons: readonly string[];
  readonly planDigests: readonly string[];
  readonly gaps: readonly string[];
  readonly promptDigest: string;
  readonly promptVersion: string;
  /** Every model call that was made, with what came of it. */
  readonly attempts: readonly Attempt[];
  /** Why there is no plan; absent when there is one. */
  readonly noPlanReason?: string;
}

/** A record with the plans it names. */
export interface Triaged {
  readonly record: TriageRecord;
  readonly plans: readonly ProposedPlan[];
}

/** What the state machine is told; a missing plan sends the incident to a person. */
export type TriageOutcome =
  | { readonly outcome: 'planned'; readonly planDigests: readonly string[]; readonly confidence: number }
  | { readonly outcome: 'no-plan'; readonly reason: string };

/**
 * Turns what routing came back with into a record. If no model answered, the rules do: the signal is already
 * classified by the taxonomy, so what is left is to say so and send it to a person. Never throws for an answer.
 */
export function conclude(
  incident: Incident,
  context: TriageContext,
  prompt: Prompt,
  result: RoutingResult,
  earlier?: EarlierRound,
): Triaged {
  const answer = result.outcome === 'answered' ? parseTriageAnswer(result.answer) : undefined;
  if (result.outcome !== 'answered' || answer === undefined) {
    return { record: byRules(incident, context, prompt, result, roundAfter(earlier)), plans: [] };
  }
  const tried = new Set(earlier?.plans.map(({ planDigest }) => planDigest));
  const { plans, gaps } = buildPlans(answer, incident, context, tried);
  const { attempts, thresholds, ...model } = result.rationale;
  const record = {
    incidentId: incident.incidentId,
    round: roundAfter(earlier),
    model,
    thresholds,
    diagnosis: answer.diagnosis.toWellFormed(),
    confidence: answer.confidence,
    reasons: plans.map(({ reason }) => reason),
    planDigests: plans.map(({ planDigest }) => planDigest),
    gaps: [...context.gaps, ...gaps],
    promptDigest: prompt.digest,
    promptVersion: prompt.version,
    attempts,
    ...(plans.length === 0 ? { noPlanReason: whyNoPlan(answer.proposals.length) } : {}),
  };
  return { record, plans };
}

/** The answer for the state machine: the same for the run that wrote the record and for every retry. */
export function outcomeOf({ planDigests, confidence, noPlanReason }: TriageRecord): TriageOutcome {
  return planDigests.length === 0
    ? { outcome: 'no-plan', reason: noPlanReason ?? 'no plan was made' }
    : { outcome: 'planned', planDigests, confidence };
}

function roundAfter(earlier: EarlierRound | undefined): Round {
  return earlier === undefined ? 1 : 2;
}

function whyNoPlan(proposals: number): string {
  return proposals === 0
    ? 'the model proposed no change'
    : 'the model proposed again what was already tried; a person has to look';
}

function byRules(
  { incidentId, signal }: Incident,
  context: TriageContext,
  prompt: Prompt,
  result: RoutingResult,
  round: Round,
): TriageRecord {
  const attempts =
    result.outcome === 'answered'
      ? result.rationale.attempts
      : result.outcome === 'refused'
        ? []
        : result.attempts;
  const failures = attempts.map(({ runtime, outcome }) => `${runtime} ${outcome}`).join(', ');
  const why = result.outcome === 'refused' ? result.reason : failures || 'no usable answer';
  return {
    incidentId,
    round,
    model: {
      runtime: 'rules',
      modelId: 'rules',
      trigger: 'all-failed',
      lowConfidence: true,
      inputTokens: 0,
      outputTokens: 0,
      latencyMs: attempts.reduce((sum, { latencyMs }) => sum + latencyMs, 0),
    },
    diagnosis: `No model answered. By its class this is a ${signal.severity} ${signal.class} on ${signal.resource.type}.`,
    confidence: 0,
    reasons: [],
    planDigests: [],
    gaps: context.gaps,
    promptDigest: prompt.digest,
    promptVersion: prompt.version,
    attempts,
    noPlanReason: `no model gave a usable answer (${why}); a person has to look`,
  };
}
