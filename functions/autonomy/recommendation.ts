import * as z from 'zod/mini';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { PlanCheck } from '../change/stored-plan.ts';
import { type RiskTier, riskTiers } from '../platform/vocabulary.ts';

/** What was looked at before anybody is asked; `unknown` when it could not be told, which decides nothing. */
export interface PreCheck {
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'unknown';
  /** For people; no value of the workload. */
  readonly reason: string;
}

/** What people are given to carry out by hand, or to decide on. */
export interface Recommendation {
  readonly incidentId: string;
  readonly planDigest: string;
  readonly action: string;
  /** Whether people may carry it out or are asked whether Interlock shall. */
  readonly outcome: 'recommend' | 'require-approval';
  /** One sentence: what, before → after. May show a value of the workload, as the plan does. */
  readonly summary: string;
  readonly impact: {
    readonly targetKey: string;
    readonly resources: number;
    /** Share of the target's capacity or traffic, in percent. */
    readonly capacityPercent: number;
  };
  readonly risk: {
    readonly tier: RiskTier;
    /** The rule that asked for people, and why in words. */
    readonly clause: string;
    readonly reason: string;
    readonly reversal: 'restore-snapshot' | 'irreversible';
    /** How it is undone, or the one line that says why it cannot be. */
    readonly wayBack: readonly string[];
  };
  readonly checks: readonly PreCheck[];
  /** What a person does by hand instead, one command or look each. */
  readonly runbook: readonly string[];
  /** Where diagnosis and gaps stand: they are a model's prose and are not copied. */
  readonly triage: { readonly id: string; readonly round: number };
  /** Infrastructure stack that owns the target: a change by hand drifts from it. */
  readonly ownerStack?: string;
}

/** The answer to the incident machine. `reason` is for people and holds no value of the workload. */
export interface RecommendOutcome {
  readonly outcome: 'recommended' | 'refused';
  /** Names of the checks that failed: such a plan cannot succeed, so nobody is asked to approve it. */
  readonly failedChecks: readonly string[];
  readonly reason: string;
}

const decisionSchema = z.object({
  outcome: z.enum(['recommend', 'require-approval']),
  clause: z.string(),
  reason: z.string(),
  tier: z.enum(riskTiers),
});
type AskingDecision = z.output<typeof decisionSchema>;

/** A stored decision that hands the plan to people; `undefined` for any other. */
export function parseAskingDecision(item: unknown): AskingDecision | undefined {
  return z.safeParse(decisionSchema, item).data;
}

/** As an action's function answers; what it adds is left alone. */
const checkSchema = z.looseObject({
  name: z.string().check(z.minLength(1), z.maxLength(80)),
  result: z.enum(['pass', 'fail', 'unknown']),
  reason: z.string(),
  ownerStack: z.optional(z.string().check(z.minLength(1))),
});

const maxChecks = 20;
const maxReasonCharacters = 300;

/**
 * The checks as they were answered, bounded. One that is malformed or missing altogether is `unknown`: it is
 * neither a pass nor a reason to keep a plan from people.
 */
export function readChecks(answered: readonly unknown[]): PreCheck[] {
  const checks = answered.slice(0, maxChecks).map((one): PreCheck => {
    const { data } = z.safeParse(checkSchema, one);
    if (data === undefined) return unknownCheck('a check was answered out of contract');
    return { name: data.name, result: data.result, reason: bounded(data.reason) };
  });
  return checks.length === 0 ? [unknownCheck('no check was answered')] : checks;
}

/** The stack that owns the target, if a check reports one. */
export function ownerStackIn(answered: readonly unknown[]): string | undefined {
  return answered
    .map((one) => z.safeParse(checkSchema, one).data?.ownerStack)
    .find((stack) => stack !== undefined)
    ?.slice(0, 128);
}

/** Everything a recommendation says, from the recomputed plan and never from what a model wrote. */
export function recommendationFor(
  { plan, definition, parameters, targetKey }: Extract<PlanCheck, { outcome: 'sound' }>,
  of: {
    readonly planDigest: string;
    readonly decision: AskingDecision;
    readonly checks: readonly unknown[];
    readonly round: number;
  },
): Recommendation {
  const { decision } = of;
  const { before, after } = definition.effect(parameters);
  const { id } = definition.target(parameters);
  const ownerStack = ownerStackIn(of.checks);
  const way = plan.rollbackPlan ?? { kind: 'irreversible', reason: 'the plan names no way back' };
  return {
    incidentId: plan.incidentId,
    planDigest: of.planDigest,
    action: definition.id,
    outcome: decision.outcome,
    summary: `${definition.id} on ${id}: ${shortened(before)} → ${shortened(after)}`,
    impact: { targetKey, ...definition.blastRadius(parameters) },
    risk: {
      tier: decision.tier,
      clause: decision.clause,
      reason: decision.reason,
      reversal: way.kind,
      wayBack: way.kind === 'irreversible' ? [way.reason] : way.steps,
    },
    checks: readChecks(of.checks),
    runbook: definition.runbook(parameters),
    triage: { id: `TRIAGE#${plan.incidentId}`, round: of.round },
    ...(ownerStack === undefined ? {} : { ownerStack }),
  };
}

/** What the incident machine is told: the same for the run that stored it and for every retry. */
export function outcomeOf(made: Recommendation): RecommendOutcome {
  const failed = namesOf(made.checks, 'fail');
  const what = `${made.action} on ${made.impact.targetKey}`;
  const checked = summaryOf(made.checks);
  const asked =
    made.outcome === 'require-approval' && failed.length > 0
      ? `${what} cannot succeed and was not put to approvers; ${checked}`
      : `${what}; ${made.risk.reason}; ${checked}`;
  return { outcome: 'recommended', failedChecks: failed, reason: asked };
}

/** Ids, counts and closed words: what stands in the recommendation itself may show values of the workload. */
export function recommendationEvent(made: Recommendation, nowEpochMs: number): LedgerEvent {
  return {
    type: 'recommendation.made',
    atEpochMs: nowEpochMs,
    actor: { kind: 'system', id: 'recommend' },
    detail: {
      planDigest: made.planDigest,
      action: made.action,
      targetKey: made.impact.targetKey,
      outcome: made.outcome,
      tier: made.risk.tier,
      clause: made.risk.clause,
      reversal: made.risk.reversal,
      resources: made.impact.resources,
      capacityPercent: made.impact.capacityPercent,
      checksPassed: namesOf(made.checks, 'pass').length,
      checksFailed: namesOf(made.checks, 'fail').length,
      checksUnknown: namesOf(made.checks, 'unknown').length,
      triageRound: made.triage.round,
    },
  };
}

function summaryOf(checks: readonly PreCheck[]): string {
  const failed = namesOf(checks, 'fail');
  const passed = `${namesOf(checks, 'pass').length} of ${checks.length} pre-checks passed`;
  return failed.length === 0 ? passed : `${passed}, failed: ${failed.join(', ')}`;
}

function namesOf(checks: readonly PreCheck[], result: PreCheck['result']): string[] {
  return checks.filter((check) => check.result === result).map(({ name }) => name);
}

function unknownCheck(reason: string): PreCheck {
  return { name: 'pre-check', result: 'unknown', reason };
}

function bounded(text: string): string {
  return text.toWellFormed().slice(0, maxReasonCharacters);
}

/** A value as it stands in one sentence: on one line, at most 80 characters. */
function shortened(value: string): string {
  const line = value.toWellFormed().replaceAll(/\s+/g, ' ');
  return line.length <= 80 ? line : `${line.slice(0, 79)}…`;
}
