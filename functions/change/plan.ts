import { digestOf } from '../platform/digest.ts';

/** What a change acts on. `key` names it uniquely in its environment: it is what the target lock is taken on. */
export interface Target {
  readonly type: string;
  readonly id: string;
  readonly key: string;
}

/** How we will know that a change helped. Every criterion must pass; no data is a failure. */
export type SuccessCriterion =
  | { readonly kind: 'alarm-ok'; readonly alarmName: string }
  | { readonly kind: 'http-probe'; readonly url: string; readonly expectStatus: number }
  | { readonly kind: 'read-back'; readonly expected: string }
  | {
      readonly kind: 'metric';
      readonly namespace: string;
      readonly metricName: string;
      readonly dimensions: Readonly<Record<string, string>>;
      readonly statistic: 'Sum' | 'Average' | 'Maximum';
      /** Length of a datapoint, 60 or 120: only complete ones since the effect of the change or step was there count. */
      readonly periodSeconds: number;
      readonly comparison: 'at-most' | 'at-least';
      readonly threshold: number;
    };

/** How a plan is undone: from the snapshot taken before execution, or not at all and why. */
export type RollbackPlan =
  | { readonly kind: 'restore-snapshot'; readonly steps: readonly string[] }
  | { readonly kind: 'irreversible'; readonly reason: string };

/**
 * An immutable proposal, complete before anybody decides on it. Free text written by a model is not part of
 * it (see `TriageRecord`), so that the digest covers exactly what will happen and nothing else.
 */
export interface Plan {
  readonly schemaVersion: 1;
  readonly incidentId: string;
  readonly environment: string;
  /** Which agent role proposes; the policy boundary is drawn per role. */
  readonly agentRole: string;
  /** As the agent wrote it: looked up in the catalogue, never trusted to exist there. */
  readonly action: string;
  /** As the agent wrote them: parsed by the action's schema before anything uses them. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Absent when the action or its parameters are not in the catalogue: such a plan is always denied. */
  readonly target?: Target;
  /** Value before and after, for people. */
  readonly effect?: { readonly before: string; readonly after: string };
  readonly rollbackPlan?: RollbackPlan;
  readonly successCriteria: readonly SuccessCriterion[];
  readonly evidence: readonly { readonly kind: 'event' | 'alarm'; readonly id: string }[];
  readonly citations: readonly string[];
}

/** SHA-256 of the plan's canonical JSON: what a decision, an approval and an execution are bound to. */
export function planDigestOf(plan: Plan): string {
  return digestOf(plan);
}
