import type { Operation } from './operation.ts';
import type { ChangeSetting } from './subjects.ts';

/**
 * What can go wrong, at any call of any operation:
 * - `dies`: the execution is ended from outside; the function it called may still run.
 * - `loses`: the execution gets an error instead of an answer; the function may still run.
 * - `busy`: the call does nothing and says so, as a throttled service does.
 */
export type Fault = 'dies' | 'loses' | 'busy';

/** What a person may answer to a change that could not be judged. */
export type Verdict = 'approved' | 'rejected' | 'nobody';

/** What may happen, in any order. */
export interface Scenario {
  readonly name: string;
  /** What it is about, in a sentence. */
  readonly about: string;
  /** Changes of the one target; the execution of each is started at any time. */
  readonly changes: readonly ChangeSetting[];
  /** Nobody carries anything out: it is about the approval alone. @default false */
  readonly isApprovalOnly?: boolean;
  readonly actors: readonly {
    readonly name: string;
    /** One after the other, beginning at any time. */
    readonly does: readonly Operation[];
    /** Not before this instant. @default 0 */
    readonly from?: number;
  }[];
  /** Milliseconds after the start, rising from 0; time may move on to the next one at any moment. */
  readonly instants: readonly number[];
  /** How many things go wrong at most. */
  readonly faults: number;
  readonly faultKinds: readonly Fault[];
  /** Whose executions they hit; of two changes that are alike, one stands for both. @default every change */
  readonly faultsOf?: readonly ChangeSetting['name'][];
  /**
   * Operations between whose requests nobody else does anything. Only those that smaller scenarios interleave
   * request by request. @default none
   */
  readonly atOnce?: readonly Operation['do'][];
  /**
   * What is stored for people alone, times and reasons that no rule decides by, is forgotten: states that differ in
   * nothing else are one. @default false
   */
  readonly isForgetful?: boolean;
  /** What the alarm may say when it is looked at. */
  readonly alarm: readonly ('pass' | 'fail' | 'unreadable')[];
  /** @default nobody */
  readonly verdicts?: readonly Verdict[];
}
