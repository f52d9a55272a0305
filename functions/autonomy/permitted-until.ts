import { approvalUsableSeconds, longestApprovalSeconds } from '../approvals/approval-times.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { PolicyAnswer, PolicyRequest } from '../policy/policy-set.ts';
import type { DecisionInput, DecisionRules } from './decision-input.ts';
import type { ResolvedProposal } from './proposed-action.ts';

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;

/** The least time that a change must be left to start in: nobody can decide, and hardly anything start, in less. */
export const shortestWindowMs = minuteMs;

/** Between a decision and the question to people lies the recommendation, with its retries. */
const askingSeconds = 900;

/** No change starts longer than this after its decision: what people allowed at the last moment is used up then. */
export const startHorizonMs = (longestApprovalSeconds + approvalUsableSeconds + askingSeconds) * 1_000;

/** What the policy boundary says about an input, at the instant of the decision or at another one. */
export function askPolicies(
  input: DecisionInput,
  action: ResolvedProposal,
  rules: DecisionRules,
  atEpochMs: EpochMs = input.nowEpochMs,
): PolicyAnswer {
  return rules.evaluatePolicy(policyRequestOf(input, action, atEpochMs), input.exceptions);
}

/** Whether the boundary may answer otherwise at another instant. An exception ends at one. */
export function dependsOnTime({ exceptions }: DecisionInput, { policiesAskForTime }: DecisionRules): boolean {
  return policiesAskForTime || exceptions.length > 0;
}

/**
 * The instant after which a change that is permitted now must not start: the policies are asked again for every
 * full quarter of an hour up to the horizon, and down to the minute where they say no. It errs on the side of
 * ending early; what opens and closes between two quarters is not seen.
 *
 *     now ── 23:00 ✓ ── 23:15 ✓ ── … ── 23:45 ✓ ── 00:00 ✗   →  23:59, the last full minute that is permitted
 *
 * Whoever starts changes has no policy engine: this is how it knows of a change freeze.
 *
 * @returns undefined when it is permitted through the whole horizon.
 */
export function permittedUntil(
  input: DecisionInput,
  rules: DecisionRules,
  horizonMs: number,
): EpochMs | undefined {
  const { action, nowEpochMs } = input;
  if (action.outcome !== 'resolved' || !dependsOnTime(input, rules)) return undefined;
  const permits = (at: EpochMs) => askPolicies(input, action, rules, at).outcome === 'permitted';
  const end = nowEpochMs + horizonMs;
  // The decision has asked for this one.
  let known = nowEpochMs + shortestWindowMs;
  for (let quarter = nextAfter(known, quarterMs); known < end; quarter += quarterMs) {
    const asked = Math.min(quarter, end);
    if (!permits(asked)) return lastMinute(known, asked, permits);
    known = asked;
  }
  return undefined;
}

/** The last full minute known to be permitted, given one instant that is and a later one that is not. */
function lastMinute(known: EpochMs, refused: EpochMs, permits: (at: EpochMs) => boolean): EpochMs {
  let good = Math.floor(known / minuteMs);
  let bad = Math.ceil(refused / minuteMs);
  while (bad - good > 1) {
    const between = Math.floor((good + bad) / 2);
    if (permits(between * minuteMs)) good = between;
    else bad = between;
  }
  return Math.max(known, good * minuteMs);
}

function nextAfter(at: EpochMs, stepMs: number): EpochMs {
  return (Math.floor(at / stepMs) + 1) * stepMs;
}

function policyRequestOf(input: DecisionInput, action: ResolvedProposal, nowEpochMs: EpochMs): PolicyRequest {
  return {
    agentRole: input.agentRole,
    action: action.id,
    target: action.target,
    targetEnvironment: input.planEnvironment,
    targetTags: input.targetTags.reading === 'read' ? input.targetTags.tags : undefined,
    environment: input.environment,
    tier: action.tier,
    parameters: action.parameters,
    parameterText: action.parameterText,
    blastRadius: action.blastRadius,
    history: input.history,
    nowEpochMs,
  };
}
