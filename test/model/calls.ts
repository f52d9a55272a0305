import type { JsonValue } from '../../functions/platform/canonical-json.ts';
import type { ItemKey, Write } from '../../functions/platform/dynamodb.ts';

/** One thing that running code does to the world outside it: what interleavings are made of. */
export type Call =
  | { readonly kind: 'clock' }
  | { readonly kind: 'get'; readonly table: string; readonly key: ItemKey }
  | { readonly kind: 'query'; readonly table: string; readonly pk: string }
  | {
      readonly kind: 'transact';
      readonly writes: readonly Write[];
      /** Types of the ledger entries in the same transaction. */
      readonly ledger: readonly string[];
    }
  | { readonly kind: 'object-find'; readonly key: string }
  | { readonly kind: 'object-keep'; readonly key: string; readonly text: string }
  | { readonly kind: 'target-read' }
  /** Answers `written`, or `changed` when the target no longer has this revision. */
  | {
      readonly kind: 'target-write';
      readonly revisionId: string;
      readonly version: string;
      readonly weights: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'foreign-write'; readonly version: string }
  | { readonly kind: 'alarm' }
  /** A person's answer is stored, and answered; `nobody` when nobody answers in time. */
  | { readonly kind: 'verdict' }
  | { readonly kind: 'page'; readonly changeId: string }
  | { readonly kind: 'execution-state'; readonly name: string }
  | { readonly kind: 'start-execution'; readonly name: string; readonly input: string };

/** What a call answers: a value, or the name of the error it throws. */
export type Outcome = { readonly value?: JsonValue | undefined } | { readonly error: string };

/** An error that a call or an operation throws, by the name that a state machine matches. */
export class NamedError extends Error {
  constructor(name: string) {
    super(`${name}, as the model says`);
    this.name = name;
  }
}

/** A call that running code waits for, and the how-manieth of its operation it is, from 0. */
export interface PendingCall {
  readonly index: number;
  readonly call: Call;
}

/**
 * What the code of one operation talks to. Calls whose outcome is known are answered with it; the others stay
 * open, and with them the operation: run again with their outcomes, it gets further.
 */
export class Script {
  readonly #outcomes: ReadonlyMap<number, Outcome>;
  readonly #constant: (call: Call) => Outcome | undefined;
  readonly pending: PendingCall[] = [];
  #made = 0;
  #now: number;
  #isFrozen = false;

  /**
   * @param outcomes By the index of the call.
   * @param constant Outcomes of calls that nothing in the scenario can change.
   */
  constructor(
    outcomes: ReadonlyMap<number, Outcome>,
    constant: (call: Call) => Outcome | undefined,
    startEpochMs: number,
  ) {
    this.#outcomes = outcomes;
    this.#constant = constant;
    this.#now = startEpochMs;
  }

  async call<T>(call: Call): Promise<T> {
    const known = this.#isFrozen ? undefined : this.#outcomeOf(call);
    if (known === undefined) return new Promise<T>(() => {});
    if ('error' in known) throw new NamedError(known.error);
    return structuredClone(known.value) as T;
  }

  /**
   * The time cannot be waited for. Where it is not known yet, whatever the code does behind this point is not
   * looked at, because it goes by a wrong time.
   */
  readonly clock = (): number => {
    if (this.#isFrozen) return this.#now;
    const known = this.#outcomeOf({ kind: 'clock' });
    if (known === undefined) this.#isFrozen = true;
    else if ('value' in known) this.#now = Number(known.value);
    return this.#now;
  };

  #outcomeOf(call: Call): Outcome | undefined {
    const constant = this.#constant(call);
    if (constant !== undefined) return constant;
    const index = this.#made++;
    const known = this.#outcomes.get(index);
    if (known === undefined) this.pending.push({ index, call });
    return known;
  }
}
