import type { Item } from '../../functions/platform/dynamodb.ts';
import { secondsOf } from './machine.ts';
import type { Operation } from './operation.ts';
import type { Progress } from './operations.ts';
import type { Actor, Execution, State, Stray } from './state.ts';
import type { World } from './world.ts';

/** No function runs longer than this many seconds: a wait that is at least as long outlives every call. */
export const functionSeconds = 60;

/** Somebody for whom the code runs, and how to go on once a call of theirs is answered. */
export type Runner =
  | { readonly kind: 'execution'; readonly index: number }
  | { readonly kind: 'stray'; readonly index: number }
  | { readonly kind: 'actor'; readonly index: number };

/** What follows by itself once somebody got an answer: on to where they wait for the world again. */
export class Advance {
  readonly #world: World;
  readonly #nothing: number;
  /** Operations of which nothing but what can never be answered otherwise has been answered. */
  readonly #untouched = new Set<number>();

  constructor(world: World) {
    this.#world = world;
    this.#nothing = world.operations.outcomeId({});
  }

  /** Whoever made the call goes on until they wait for the world again. */
  async answered(
    state: State,
    runner: Runner,
    from: Progress,
    index: number,
    outcomeId: number,
  ): Promise<State> {
    const progress = await this.#pastConstants(
      state,
      await this.#world.operations.after(from, index, outcomeId),
    );
    switch (runner.kind) {
      case 'execution': {
        const execution = state.executions[runner.index] as Execution;
        if (progress.endId === undefined) {
          return replaced(state, runner.index, { ...execution, progress: progress.id });
        }
        return this.moved(state, runner.index, progress.endId);
      }
      case 'stray': {
        if (progress.endId !== undefined) return withoutStray(state, runner.index);
        const strays = state.strays.with(runner.index, {
          ...(state.strays[runner.index] as Stray),
          progress: progress.id,
        });
        return { ...state, strays };
      }
      case 'actor': {
        const actor = state.actors[runner.index] as Actor;
        if (progress.endId === undefined) {
          return { ...state, actors: state.actors.with(runner.index, { ...actor, progress: progress.id }) };
        }
        return this.actorMoved(this.#noticed(state, progress), runner.index);
      }
    }
  }

  /**
   * What can never be answered otherwise any more is no step: the time where it cannot move on, and an object
   * that stands, because nothing overwrites one.
   */
  async #pastConstants(state: State, progress: Progress): Promise<Progress> {
    const { operations, objects } = this.#world;
    let reached = progress;
    for (;;) {
      const sure = reached.pending.find(({ call }) =>
        call.kind === 'clock'
          ? this.#world.isTimeOver(state.instant)
          : (call.kind === 'object-find' || call.kind === 'object-keep') &&
            objects.value(state.objects)[call.key] !== undefined,
      );
      if (sure === undefined) return reached;
      const value =
        sure.call.kind === 'clock'
          ? this.#world.nowAt(state.instant)
          : objects.value(state.objects)[(sure.call as { readonly key: string }).key];
      reached = await operations.after(reached, sure.index, operations.outcomeId({ value }));
    }
  }

  async #begun(state: State, operation: Operation): Promise<Progress> {
    const progress = await this.#pastConstants(state, await this.#world.operations.begin(operation));
    this.#untouched.add(progress.id);
    return progress;
  }

  /** True where the operation has not met the world yet. */
  isUntouched(progress: number): boolean {
    return this.#untouched.has(progress);
  }

  async started(state: State, name: string, input: object): Promise<State> {
    const machine = await this.#world.machine.start(name, input);
    const executions = [...state.executions, { name, machine: machine.id, awaitedBy: [] }];
    return this.#entered({ ...state, executions }, executions.length - 1);
  }

  /** The execution's task, or wait, has ended so: on to the next. */
  async moved(state: State, index: number, outcomeId: number): Promise<State> {
    const { machine } = this.#world;
    const { name, machine: from } = state.executions[index] as Execution;
    const next = await machine.after(machine.at(from), outcomeId);
    return this.#entered(replaced(state, index, { name, machine: next.id, awaitedBy: [] }), index);
  }

  async #entered(state: State, index: number): Promise<State> {
    const { machine } = this.#world;
    const execution = state.executions[index] as Execution;
    const at = machine.at(execution.machine);
    if (!('at' in at)) return state;
    const seconds = secondsOf(at);
    if (seconds !== undefined) {
      return seconds < functionSeconds
        ? this.moved(state, index, this.#nothing)
        : this.#awaiting(state, execution.name);
    }
    const operation = operationOf(at.functionName, at.payload);
    const progress = await this.#begun(state, operation);
    if (progress.endId !== undefined) return this.moved(state, index, progress.endId);
    return replaced(state, index, { ...execution, progress: progress.id });
  }

  /** A wait that outlives every call: those under way now must end before it does. */
  #awaiting(state: State, name: string): State {
    const isOnTarget = (progress: number | undefined) =>
      progress !== undefined && this.#world.operations.at(progress).operation.do === 'act';
    const marked = <T extends Execution | Stray>(one: T): T =>
      isOnTarget(one.progress) && !one.awaitedBy.includes(name)
        ? { ...one, awaitedBy: [...one.awaitedBy, name].toSorted() }
        : one;
    return { ...state, executions: state.executions.map(marked), strays: state.strays.map(marked) };
  }

  /** Everybody whose time has come begins. */
  async woken(state: State): Promise<State> {
    let woken = state;
    for (const [index, { at, progress }] of state.actors.entries()) {
      const { from = 0, does = [] } = this.#world.scenario.actors[index] ?? {};
      if (progress !== undefined || at >= does.length || at < 0 || from > state.instant) continue;
      woken = await this.actorMoved(woken, index, does[at]);
    }
    return woken;
  }

  /** @param operation What they begin; without it, what comes after what they have just done. */
  async actorMoved(state: State, index: number, operation?: Operation): Promise<State> {
    const { name, at } = state.actors[index] as Actor;
    const next = operation === undefined ? at + 1 : at;
    const begun = operation ?? (at < 0 ? undefined : this.#world.scenario.actors[index]?.does[next]);
    const progress = begun === undefined ? undefined : await this.#begun(state, begun);
    const actor: Actor = { name, at: next, ...(progress === undefined ? {} : { progress: progress.id }) };
    return { ...state, actors: state.actors.with(index, actor) };
  }

  /** What a person has read on the screen. */
  #noticed(state: State, { operation, endId }: Progress): State {
    if (operation.do !== 'list-in-flight' || endId === undefined) return state;
    const end = this.#world.operations.outcomes.value(endId);
    const isNone = 'value' in end && Array.isArray(end.value) && end.value.length === 0;
    if (!isNone || !this.#world.isEngaged(state.tables)) return state;
    const watched = this.#world.watched.value(state.watched);
    return { ...state, watched: this.#world.watched.id({ ...watched, toldStopped: true }) };
  }
}

/** What a task of the machine asks of which function. */
function operationOf(functionName: string, payload: Item): Operation {
  switch (functionName) {
    case 'change-control':
      return { do: 'control', request: payload };
    case 'ask-person':
      return { do: 'ask-person' };
    case 'settle-approval':
      return { do: 'settle', approvalId: String(payload['approvalId']) };
    default:
      return { do: 'act', task: payload };
  }
}

export function replaced(state: State, index: number, execution: Execution): State {
  return { ...state, executions: state.executions.with(index, execution) };
}

export function withStray(state: State, stray: Stray): State {
  return { ...state, strays: [...state.strays, stray] };
}

export function withoutStray(state: State, index: number): State {
  return { ...state, strays: state.strays.toSpliced(index, 1) };
}
