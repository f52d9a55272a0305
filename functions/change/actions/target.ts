import type * as z from 'zod/mini';
import type { ActionDefinition } from '../action-definition.ts';

/** What was found at the target. `refused` says why this action must keep its hands off it. */
export type TargetReading<State> =
  | { readonly outcome: 'found'; readonly state: State }
  | { readonly outcome: 'refused'; readonly reason: string };

/** How writing to the target went. `target-changed`: somebody else wrote first and nothing of ours was written. */
export type TargetWrite =
  | { readonly outcome: 'written' }
  | { readonly outcome: 'target-changed' }
  | { readonly outcome: 'failed'; readonly reason: string };

/** A step of a progressive change that is about to be made. */
export interface StepInHand<State> {
  /** 0 for the first. */
  readonly index: number;
  /** As read just now: the snapshot's state before the first step, else what the step before left. */
  readonly current: State;
}

/** Whether a call would be allowed, as far as it can be told without making it. */
export interface DryRun {
  readonly outcome: 'allowed' | 'denied' | 'unknown';
  readonly reason: string;
}

/** How one action compares what it reads. Pure. */
export interface TargetRules<Parameters extends object, State> {
  readonly definition: ActionDefinition<Parameters>;
  /** What a snapshot holds. */
  readonly state: z.ZodMiniType<State>;
  /** The target stands where the plan says the change begins. */
  readonly isBefore: (parameters: Parameters, state: State) => boolean;
  /** The target stands where the change leads. */
  readonly isAfter: (parameters: Parameters, state: State) => boolean;
  /** Nobody has written since the snapshot, not even the same value. */
  readonly isUntouched: (snapshot: State, current: State) => boolean;
  /** Both hold the same value: what a rollback must reach. */
  readonly isRestored: (snapshot: State, current: State) => boolean;
  /** The value a `read-back` criterion compares. */
  readonly readBack: (state: State) => string;
  /**
   * The target was told and has not arrived: validation waits for it, and for no other state that lacks the
   * value. Needed where a change can be over and have failed. @default isAfter
   */
  readonly isUnderWay?: (state: State) => boolean;
  /** The target stands as this step (0 for the first) leaves it. Needed by an action with steps. */
  readonly isAtStep?: (parameters: Parameters, state: State, step: number) => boolean;
}

/** The only hands on the target, on the action's own role. */
export interface TargetClient<Parameters extends object, State> {
  read(parameters: Parameters): Promise<TargetReading<State>>;
  /**
   * Makes the change, unless the target moved on from the snapshot.
   *
   * @param step Of a progressive change: makes this step, unless the target moved on from `step.current`.
   */
  apply(parameters: Parameters, snapshot: State, step?: StepInHand<State>): Promise<TargetWrite>;
  /** Writes the snapshot's value back, unless the target moved on from what was read just now. */
  restore(parameters: Parameters, snapshot: State, current: State): Promise<TargetWrite>;
  /** Whether `apply` would be allowed, where the API can say so without doing anything. */
  dryRun?(parameters: Parameters): Promise<DryRun>;
}
