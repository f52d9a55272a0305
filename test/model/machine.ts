import { canonicalJson } from '../../functions/platform/canonical-json.ts';
import { type Definition, ExecutionDied, interpret, named, type State } from '../change/asl-interpreter.ts';
import type { Outcome } from './calls.ts';
import type { Interned } from './interned.ts';

/** Where an execution of the change machine stands: before one of its tasks or waits, or at its end. */
export type MachineState = {
  readonly id: number;
  /** Name of the execution. */
  readonly name: string;
} & (
  | {
      readonly at: string;
      readonly variables: Readonly<Record<string, unknown>>;
      /** Errors that this task has been retried after. */
      readonly errors: readonly string[];
      readonly functionName: string;
      readonly payload: Readonly<Record<string, unknown>>;
    }
  | { readonly ended: 'SUCCEEDED' | 'FAILED'; readonly output: unknown }
);

/** Marks a variable that has not been assigned yet. */
const absent = '(absent)';
const wait = '(wait)';

/**
 * The change machine, one task at a time, by the interpreter that the other tests use. Each task's payload is
 * made to carry the variables, and an execution is resumed by assigning them again: with the task it stands
 * at, they are all that an execution is.
 */
export class Machine {
  readonly #definition: Definition;
  readonly #outcomes: Interned<Outcome>;
  readonly #byText = new Map<string, MachineState>();
  readonly #byId: MachineState[] = [];
  readonly #next = new Map<string, MachineState>();

  constructor(definition: Definition, outcomes: Interned<Outcome>) {
    this.#definition = instrumented(definition);
    this.#outcomes = outcomes;
  }

  at(id: number): MachineState {
    const state = this.#byId[id];
    if (state === undefined) throw new Error(`no execution got to ${id}`);
    return state;
  }

  async start(name: string, input: object): Promise<MachineState> {
    return this.#interpret(name, this.#definition, input, []);
  }

  /** Where the execution stands once its task has ended so. */
  after(from: MachineState, outcomeId: number): MachineState | Promise<MachineState> {
    if (!('at' in from)) throw new Error('the execution has ended');
    const step = `${from.id}.${outcomeId}`;
    const known = this.#next.get(step);
    if (known !== undefined) return known;
    return this.#interpret(from.name, resumedAt(this.#definition, from), {}, [
      ...from.errors.map((error) => ({ error })),
      this.#outcomes.value(outcomeId),
    ]).then((state) => {
      this.#next.set(step, state);
      return state;
    });
  }

  async #interpret(
    name: string,
    definition: Definition,
    input: object,
    outcomes: readonly Outcome[],
  ): Promise<MachineState> {
    let made = 0;
    let reached: Omit<Extract<MachineState, { at: string }>, 'id' | 'name'> | undefined;
    const errors: string[] = [];
    const invoke = async (functionName: string, payload: unknown, at: string): Promise<unknown> => {
      const outcome = outcomes[made++];
      if (outcome === undefined) {
        const { real, variables } = payload as { real: Record<string, unknown>; variables: object };
        const assigned = Object.entries(variables).filter(([, value]) => value !== absent);
        const last = outcomes.at(-1);
        const isRetry = last !== undefined && 'error' in last && at === definition.States[resume]?.Next;
        reached = {
          at,
          variables: Object.fromEntries(assigned),
          errors: isRetry ? errors : [],
          functionName,
          payload: real,
        };
        throw new ExecutionDied();
      }
      if (!('error' in outcome)) return outcome.value;
      errors.push(outcome.error);
      throw named(outcome.error, 'as the model says');
    };
    try {
      const ending = await interpret(definition, input, { executionName: name, invoke, pass: () => {} });
      const output = ending.status === 'SUCCEEDED' ? ending.output : ending.cause;
      return this.#known({ name, ended: ending.status, output });
    } catch (error) {
      if (!(error instanceof ExecutionDied) || reached === undefined) throw error;
      return this.#known({ name, ...reached });
    }
  }

  #known(state: object): MachineState {
    const text = canonicalJson(state);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const found = { ...state, id: this.#byId.length } as MachineState;
    this.#byId.push(found);
    this.#byText.set(text, found);
    return found;
  }
}

/** Seconds that an execution waits for, if it stands at a wait. */
export function secondsOf(state: MachineState): number | undefined {
  return 'at' in state && state.functionName === wait ? Number(state.payload['seconds']) : undefined;
}

const resume = 'Resume';

function resumedAt(definition: Definition, from: Extract<MachineState, { at: string }>): Definition {
  const pass: State = { Type: 'Pass', Assign: from.variables, Next: from.at };
  return { ...definition, StartAt: resume, States: { ...definition.States, [resume]: pass } };
}

function instrumented(definition: Definition): Definition {
  const states = Object.entries(definition.States);
  const assigns = states.flatMap(([, { Assign, Choices = [], Catch = [] }]) => [
    Assign,
    ...Choices.map((choice) => choice.Assign),
    ...Catch.map((handler) => handler.Assign),
  ]);
  const names = new Set(assigns.flatMap((assign) => Object.keys(assign ?? {})));
  const variables = Object.fromEntries(
    [...names].map((name) => [name, `{% $exists($${name}) ? $${name} : '${absent}' %}`]),
  );
  const task = (functionName: string, payload: unknown) => ({
    FunctionName: functionName,
    Payload: { real: payload, variables },
  });
  const withVariables = ([name, state]: [string, State]): [string, State] => {
    if (state.Type === 'Wait') {
      return [name, { ...state, Type: 'Task', Arguments: task(wait, { seconds: state.Seconds }) }];
    }
    if (state.Arguments === undefined) return [name, state];
    const { FunctionName, Payload } = state.Arguments;
    return [name, { ...state, Arguments: task(FunctionName, Payload) }];
  };
  return { ...definition, States: Object.fromEntries(states.map(withVariables)) };
}

/** The machine with as few tries as show what more of them would: a loop more is the same loop. */
export function withFewTries(definition: Definition, tries: number): Definition {
  const text = JSON.stringify(definition);
  return JSON.parse(text.replaceAll(/"(max\w+Tries)":\d+/g, `"$1":${tries}`)) as Definition;
}
