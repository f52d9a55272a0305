import { setImmediate } from 'node:timers/promises';
import { canonicalJson, type JsonValue } from '../../functions/platform/canonical-json.ts';
import { type Call, type Outcome, type PendingCall, Script } from './calls.ts';
import { Interned } from './interned.ts';
import type { Operation } from './operation.ts';

/** How far one operation has got: what it waits for, or how it ended. */
export interface Progress {
  readonly id: number;
  readonly operation: Operation;
  /** Outcomes of the calls made so far: they determine everything, so operations with the same are the same. */
  readonly outcomes: ReadonlyMap<number, number>;
  readonly pending: readonly (PendingCall & { readonly callId: number })[];
  /** Number of the outcome, once it returned or threw. */
  readonly endId: number | undefined;
}

type Run = (operation: Operation, script: Script) => Promise<unknown>;

/**
 * Every operation as far as any interleaving has brought it. An operation gets further by being run again from
 * its beginning with the outcomes so far, which is done once for each list of outcomes.
 */
export class Operations {
  readonly calls = new Interned<Call>();
  readonly outcomes = new Interned<Outcome>();
  readonly #run: Run;
  readonly #constant: (call: Call) => Outcome | undefined;
  readonly #startEpochMs: number;
  readonly #byText = new Map<string, Progress>();
  readonly #byId: Progress[] = [];
  readonly #next = new Map<string, Progress>();

  constructor(run: Run, constant: (call: Call) => Outcome | undefined, startEpochMs: number) {
    this.#run = run;
    this.#constant = constant;
    this.#startEpochMs = startEpochMs;
  }

  outcomeId(outcome: Outcome): number {
    return this.outcomes.id(outcome, JSON.stringify(outcome));
  }

  begin(operation: Operation): Progress | Promise<Progress> {
    return this.#reach(operation, new Map());
  }

  at(id: number): Progress {
    const progress = this.#byId[id];
    if (progress === undefined) throw new Error(`no operation got to ${id}`);
    return progress;
  }

  /** What the operation does once this call of it is answered. */
  after(from: Progress, index: number, outcomeId: number): Progress | Promise<Progress> {
    const step = `${from.id}.${index}.${outcomeId}`;
    const known = this.#next.get(step);
    if (known !== undefined) return known;
    return this.#reach(from.operation, new Map([...from.outcomes, [index, outcomeId]])).then((progress) => {
      this.#next.set(step, progress);
      return progress;
    });
  }

  async #endOf(operation: Operation, script: Script): Promise<Outcome> {
    try {
      const value = await this.#run(operation, script);
      return value === undefined ? {} : { value: JSON.parse(JSON.stringify(value)) as JsonValue };
    } catch (error) {
      return { error: error instanceof Error ? error.name : 'Error' };
    }
  }

  async #reach(operation: Operation, outcomes: ReadonlyMap<number, number>): Promise<Progress> {
    const made = [...outcomes].toSorted(([a], [b]) => a - b);
    const text = `${canonicalJson(operation)} ${made.join(' ')}`;
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const script = new Script(
      new Map(made.map(([index, id]) => [index, this.outcomes.value(id)])),
      this.#constant,
      this.#startEpochMs,
    );
    let end: Outcome | undefined;
    void this.#endOf(operation, script).then((ended) => (end = ended));
    // Nothing in it waits for anything but the script: by now it has got as far as it can.
    await setImmediate();
    const pending = script.pending.map((one) => ({ ...one, callId: this.calls.id(one.call) }));
    if (pending.length === 0 && end === undefined) {
      throw new Error(`${text} waits for something that the script knows nothing of`);
    }
    const progress: Progress = {
      id: this.#byId.length,
      operation,
      outcomes: new Map(made),
      pending,
      endId: pending.length > 0 || end === undefined ? undefined : this.outcomeId(end),
    };
    this.#byId.push(progress);
    this.#byText.set(text, progress);
    return progress;
  }
}
