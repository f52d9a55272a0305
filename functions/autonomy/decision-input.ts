import type { RunAutomationParameters } from '../change/actions/ssm-run-automation/definition.ts';
import type { RunbookPolicy } from '../change/actions/ssm-run-automation/runbook-policy.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { KillSwitchesReading } from '../platform/kill-switch-scope.ts';
import type { AutonomyStage, RiskTier } from '../platform/vocabulary.ts';
import type { LimitsPolicy } from '../policy/limits.ts';
import type { ChangeHistory, ExceptionPermit, PolicyAnswer, PolicyRequest } from '../policy/policy-set.ts';
import type { Denial } from '../policy/variants.ts';
import type { AutonomyPolicy, StageSet } from './autonomy-policy.ts';
import type { ProposedAction } from './proposed-action.ts';

/** Which rule decided. Every denial names one. */
export type Clause =
  | 'kill-switch'
  | 'catalogue.unknown-action'
  | 'catalogue.invalid-parameters'
  | 'policy.forbid'
  | 'policy.no-permit'
  | 'policy.closed-now'
  | 'policy.error'
  | 'limits.blast-radius'
  | 'limits.history'
  | 'plan.outside-workload'
  | 'plan.unsound'
  | 'policy.variant-cooldown'
  | 'agent.cut-off'
  | 'action.irreversible'
  | 'autonomy.matrix'
  | 'autonomy.low-confidence'
  | 'autonomy.break-glass';

/** What may happen with one plan, and why. */
export interface Decision {
  readonly outcome: 'deny' | 'recommend' | 'require-approval' | 'auto';
  /** Distinct people who must approve; 0 unless the outcome is `require-approval`. */
  readonly quorum: number;
  readonly clause: Clause;
  /** For an operator: what decided, in words. */
  readonly reason: string;
  /** Ids of the policies that decided, exceptions among them. */
  readonly determiningPolicies: readonly string[];
  readonly tier?: RiskTier;
  readonly stage?: AutonomyStage;
  /** Version of the stage item that the stage was read from; 0 where none was ever written. */
  readonly stageVersion?: number;
  /** The approval that the matrix asks for is replaced by a live break-glass. */
  readonly breakGlass?: true;
  /** No broken glass stands in for the people who are asked: there is no way back, or the answer is doubtful. */
  readonly peopleOnly?: true;
  /** Exceptions without which nothing would have permitted this. */
  readonly exceptionIds?: readonly string[];
}

/** The tags of a plan's target. What nobody could read is not the same as no tags. */
export type TagReading =
  | { readonly reading: 'read'; readonly tags: Readonly<Record<string, string>> }
  | { readonly reading: 'unreadable'; readonly reason: string };

/** A break-glass of an incident as stored. */
export interface BreakGlassReading {
  readonly incidentId: string;
  readonly environment: string;
  readonly openedAtEpochMs: EpochMs;
  readonly expiresAtEpochMs: EpochMs;
}

/**
 * Everything a decision depends on beside the rules; nothing else may. Plain JSON: stored with the decision,
 * it gives the same decision again under the same policies.
 */
export interface DecisionInput {
  readonly nowEpochMs: EpochMs;
  readonly killSwitch: KillSwitchesReading;
  readonly incidentId: string;
  readonly planDigest: string;
  /** Where this Interlock acts. */
  readonly environment: string;
  /** Where the plan's target lives. */
  readonly planEnvironment: string;
  readonly agentRole: string;
  readonly action: ProposedAction;
  /** Key of the target that triage found among the incident's own workload; undefined when it did not. */
  readonly targetKey?: string | undefined;
  readonly targetTags: TagReading;
  /** What is wrong with what the plan claims about itself; undefined when all of it follows from its parameters. */
  readonly planFault?: string | undefined;
  /** The runbook that the plan runs, judged by the rules; undefined where it runs none. */
  readonly runbook?: RunAutomationParameters | undefined;
  /** The model's confidence in the answer the plan came from, 0…1. */
  readonly confidence: number;
  /** Routing wanted a stronger model and got none, or the confidence was stated for another plan of the answer. */
  readonly lowConfidence: boolean;
  /** The stage that was set at run time; undefined where none ever was. */
  readonly stageSet?: StageSet | undefined;
  readonly history: ChangeHistory;
  /** What was denied in this incident before. */
  readonly denials: readonly Denial[];
  /** Approved exceptions for exactly this role, action, target and environment. */
  readonly exceptions: readonly ExceptionPermit[];
  readonly breakGlass?: BreakGlassReading | undefined;
}

/** The policies that decide: all of them come from the files of one policy digest. */
export interface DecisionRules {
  readonly autonomy: AutonomyPolicy;
  readonly limits: LimitsPolicy;
  readonly runbooks: RunbookPolicy;
  readonly evaluatePolicy: (request: PolicyRequest, exceptions: readonly ExceptionPermit[]) => PolicyAnswer;
  /** Whether a policy of the set may answer otherwise at another time. */
  readonly policiesAskForTime: boolean;
}
