import type { Clock, EpochMs } from '../../platform/clock.ts';
import type { KillSwitchesReading, SwitchSubject } from '../../platform/kill-switch-scope.ts';
import type { Place } from '../action-definition.ts';
import type { MetricCriterion } from '../metric-criterion.ts';
import type { CriterionFinding } from '../validation.ts';
import type { ActionFacts, ActionTask, PreCheckTask } from './action-task.ts';
import type { TargetClient, TargetRules } from './target.ts';

/** Which CloudFormation stack a resource belongs to. `unknown`: it has no tags at all, or could not be asked about. */
export type Ownership =
  | { readonly outcome: 'owned'; readonly stack: string }
  | { readonly outcome: 'not-owned' }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** What every action needs around it; the stores and clients beside this file provide it. */
export interface ActionSurroundings {
  readonly environment: string;
  readonly place: Place;
  readonly validationSeconds: number;
  readonly clock: Clock;
  readonly pause: (seconds: number) => Promise<void>;
  readonly runtime: {
    facts(task: ActionTask): Promise<ActionFacts>;
    plan(task: PreCheckTask): Promise<unknown>;
    killSwitch(subject: SwitchSubject): Promise<KillSwitchesReading>;
  };
  readonly snapshots: {
    /** Stores the text unless one stands there; answers what stands there. */
    keepFirst(key: string, text: string): Promise<string>;
    find(key: string): Promise<string | undefined>;
  };
  readonly owners: { ownerOf(arn: string): Promise<Ownership> };
  readonly alarms: { look(alarmName: string): Promise<CriterionFinding> };
  readonly metrics: {
    look(
      criterion: MetricCriterion,
      of: 'change' | 'step',
      sinceEpochMs: EpochMs,
      now: EpochMs,
    ): Promise<CriterionFinding>;
  };
  readonly probe: { look(url: string, expectStatus: number): Promise<CriterionFinding> };
}

/** One action at work: how it compares, its hands on the target, and everything around it. */
export interface ActionAtWork<Parameters extends object, State> {
  readonly rules: TargetRules<Parameters, State>;
  readonly target: TargetClient<Parameters, State>;
  readonly around: ActionSurroundings;
}

export function refused(reason: string) {
  return { outcome: 'refused', reason } as const;
}

export function failed(reason: string) {
  return { outcome: 'failed', reason } as const;
}
