import { readFileSync } from 'node:fs';
import jsonata from 'jsonata';

/** States of the change machine as far as it uses them: Pass, Task (Lambda invoke), Choice, Wait, Fail. */
export interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Assign?: object;
  readonly Output?: unknown;
  readonly Arguments?: { readonly FunctionName: string; readonly Payload: unknown };
  readonly TimeoutSeconds?: number;
  readonly Seconds?: unknown;
  readonly Choices?: readonly {
    readonly Condition: string;
    readonly Next: string;
    readonly Assign?: object;
  }[];
  readonly Default?: string;
  readonly Retry?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly IntervalSeconds: number;
    readonly MaxAttempts: number;
    readonly BackoffRate: number;
    readonly MaxDelaySeconds?: number;
  }[];
  readonly Catch?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly Assign?: object;
    readonly Next: string;
  }[];
  readonly Error?: string;
  readonly Cause?: unknown;
}

export interface Definition {
  readonly StartAt: string;
  readonly QueryLanguage: string;
  readonly TimeoutSeconds: number;
  readonly States: Readonly<Record<string, State>>;
}

/** The machine as deployed, with short pauses where a test says so. */
export function changeMachine(
  actionFunctionArns: object,
  changeControlFunctionArn: string,
  bakeSeconds: number,
  verdict: {
    readonly askPersonFunctionArn: string;
    readonly settleApprovalFunctionArn: string;
    readonly seconds: number;
  } = {
    askPersonFunctionArn: 'ask-person',
    settleApprovalFunctionArn: 'settle-approval',
    seconds: 600,
  },
): Definition {
  const text = readFileSync(new URL('../../state-machines/change.asl.json', import.meta.url), 'utf8')
    .replaceAll('${ActionFunctionArns}', JSON.stringify(actionFunctionArns))
    .replaceAll('${ChangeControlFunctionArn}', changeControlFunctionArn)
    .replaceAll('${BakeSeconds}', String(bakeSeconds))
    .replaceAll('${AskPersonFunctionArn}', verdict.askPersonFunctionArn)
    .replaceAll('${SettleApprovalFunctionArn}', verdict.settleApprovalFunctionArn)
    .replaceAll('${VerdictSeconds}', String(verdict.seconds));
  return JSON.parse(text) as Definition;
}

export type Ending =
  | { readonly status: 'SUCCEEDED'; readonly output: unknown; readonly path: readonly string[] }
  | {
      readonly status: 'FAILED';
      readonly error: string;
      readonly cause: unknown;
      readonly path: readonly string[];
    };

export interface Surroundings {
  /** What the context object says of this execution. @default `execution` */
  readonly executionName?: string;
  /** Invokes a function, or waits for its task token; what it throws is matched by `name`. */
  readonly invoke: (functionName: string, payload: unknown, state: string) => Promise<unknown>;
  readonly pass: (seconds: number) => void;
}

/** Thrown by `invoke` when the whole execution shall die on the spot, as if somebody had stopped it. */
export class ExecutionDied extends Error {}

/**
 * Runs a definition in this process, in virtual time, by the rules of the States Language: Assign sees the
 * variables as they were, a retrier counts its own attempts, `States.TaskFailed` matches everything but a
 * timeout, an expression without a value is an error.
 */
export async function interpret(
  definition: Definition,
  input: unknown,
  around: Surroundings,
): Promise<Ending> {
  const variables: Record<string, unknown> = {};
  let stateInput: unknown = input;
  let name = definition.StartAt;
  const path: string[] = [];
  for (let steps = 0; steps < 2_000; steps++) {
    path.push(name);
    const state = definition.States[name];
    if (state === undefined) throw new Error(`no state ${name}`);
    const assign = async (from: object | undefined, extra: object): Promise<void> => {
      if (from === undefined) return;
      const values = await evaluate(from, { ...variables, states: { input: stateInput, ...extra } });
      Object.assign(variables, values);
    };
    switch (state.Type) {
      case 'Pass': {
        const output =
          state.Output === undefined
            ? stateInput
            : await evaluate(state.Output, { ...variables, states: { input: stateInput } });
        await assign(state.Assign, {});
        if (state.End === true) return { status: 'SUCCEEDED', output, path };
        stateInput = output;
        name = next(state);
        break;
      }
      case 'Wait':
        around.pass(Number(await evaluate(state.Seconds, { ...variables, states: { input: stateInput } })));
        name = next(state);
        break;
      case 'Choice': {
        const chosen = await choose(state, { ...variables, states: { input: stateInput } });
        await assign(chosen?.Assign, {});
        name = chosen?.Next ?? state.Default ?? '';
        break;
      }
      case 'Fail': {
        const cause = await evaluate(state.Cause, { ...variables, states: { input: stateInput } });
        return { status: 'FAILED', error: state.Error ?? '', cause, path };
      }
      case 'Task': {
        const called = await call(state, name, variables, stateInput, around);
        if (called.outcome === 'done') {
          stateInput = resultOf(state, called.payload);
          await assign(state.Assign, { result: stateInput });
          name = next(state);
          break;
        }
        const handler = state.Catch?.find((one) => matches(one.ErrorEquals, called.error.name));
        if (handler === undefined)
          return { status: 'FAILED', error: called.error.name, cause: called.error.message, path };
        await assign(handler.Assign, {
          errorOutput: { Error: called.error.name, Cause: called.error.message },
        });
        name = handler.Next;
        break;
      }
      default:
        throw new Error(`state ${name} is of type ${state.Type}, which the change machine must not use`);
    }
  }
  throw new Error(`does not end: ${path.slice(-12).join(' → ')}`);
}

/** Of a wait for a task token, the answer itself; of an invocation, the answer in its envelope. */
function resultOf({ Resource }: State, payload: unknown): object {
  const isAnswer = Resource?.endsWith('.waitForTaskToken') === true;
  return { ...(isAnswer ? (payload as object) : {}), Payload: payload };
}

type Called =
  | { readonly outcome: 'done'; readonly payload: unknown }
  | { readonly outcome: 'error'; readonly error: Error };

async function call(
  state: State,
  name: string,
  variables: Record<string, unknown>,
  stateInput: unknown,
  around: Surroundings,
): Promise<Called> {
  const used = new Map<object, number>();
  for (;;) {
    try {
      const { FunctionName, Payload } = (await evaluate(state.Arguments, {
        ...variables,
        states: {
          input: stateInput,
          context: {
            Execution: { Name: around.executionName ?? 'execution' },
            Task: { Token: `token of ${name}` },
          },
        },
      })) as { FunctionName: string; Payload: unknown };
      return { outcome: 'done', payload: await around.invoke(FunctionName, Payload, name) };
    } catch (error) {
      if (!(error instanceof Error) || error instanceof ExecutionDied) throw error;
      const retrier = state.Retry?.find((one) => matches(one.ErrorEquals, error.name));
      const attempts = retrier === undefined ? 0 : (used.get(retrier) ?? 0);
      if (retrier === undefined || attempts >= retrier.MaxAttempts) return { outcome: 'error', error };
      used.set(retrier, attempts + 1);
      const { IntervalSeconds, BackoffRate, MaxDelaySeconds = Number.POSITIVE_INFINITY } = retrier;
      around.pass(Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** attempts));
    }
  }
}

function matches(names: readonly string[], error: string): boolean {
  return (
    names.includes(error) ||
    names.includes('States.ALL') ||
    (names.includes('States.TaskFailed') && error !== 'States.Timeout')
  );
}

async function choose(state: State, bindings: Record<string, unknown>) {
  for (const choice of state.Choices ?? []) {
    if ((await evaluate(choice.Condition, bindings)) === true) return choice;
  }
  return undefined;
}

function next(state: State): string {
  if (state.Next === undefined) throw new Error('state without Next');
  return state.Next;
}

async function evaluate(value: unknown, bindings: Record<string, unknown>): Promise<unknown> {
  if (typeof value === 'string') {
    const expression = /^\{%([\s\S]*)%\}$/.exec(value)?.[1];
    if (expression === undefined) return value;
    const result: unknown = await compiled(expression).evaluate(undefined, bindings);
    if (result === undefined) throw named('States.QueryEvaluationError', `no value: ${expression}`);
    return result;
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => evaluate(item, bindings)));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(
    async ([key, member]) => [key, await evaluate(member, bindings)] as const,
  );
  return Object.fromEntries(await Promise.all(members));
}

const expressions = new Map<string, jsonata.Expression>();

function compiled(text: string): jsonata.Expression {
  const known = expressions.get(text) ?? jsonata(text);
  expressions.set(text, known);
  return known;
}

export function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
