import { Advance, functionSeconds, type Runner, replaced, withoutStray, withStray } from './advance.ts';
import { secondsOf } from './machine.ts';
import type { Operation } from './operation.ts';
import type { Fault } from './scenario.ts';
import type { Actor, Execution, State } from './state.ts';
import type { World } from './world.ts';

/** One step of one interleaving: who made it and what it was. */
export interface Step {
  readonly who: string;
  readonly did:
    | { readonly kind: 'call'; readonly progress: number; readonly index: number; readonly outcomeId: number }
    | { readonly kind: 'event'; readonly words: string };
  readonly after: State;
}

/** Every step that can be made next, whoever makes it. */
export class Steps {
  readonly #world: World;
  /** What is done behind the end of a scenario, where nobody of its own has anything left to do. */
  readonly #closing: Operation = { do: 'sweep' };

  readonly #advance: Advance;
  readonly #isStarted: number;
  readonly #nothing: number;
  readonly #lost: number;
  readonly #busyAnswer: number;
  readonly #atOnce: ReadonlySet<Operation['do']>;

  constructor(world: World) {
    this.#world = world;
    this.#advance = new Advance(world);
    this.#nothing = world.operations.outcomeId({});
    this.#lost = world.operations.outcomeId({ error: 'Lambda.SdkClientException' });
    this.#busyAnswer = world.operations.outcomeId({ error: 'DependencyUnavailableError' });
    this.#atOnce = new Set(world.scenario.atOnce);
    this.#isStarted = world.operations.outcomeId({ value: 'started' });
  }

  /** All executions are started, and everybody has the first of their operations before them. */
  async begin(): Promise<State> {
    let state = this.#world.initial;
    const { isApprovalOnly = false } = this.#world.scenario;
    for (const { changeId, incidentId, planDigest, action } of isApprovalOnly ? [] : this.#world.changes) {
      const input = { changeId, incidentId, planDigest, action, mode: 'apply' };
      state = await this.#advance.started(state, changeId, input);
    }
    for (const { name } of this.#world.scenario.actors) {
      state = { ...state, actors: [...state.actors, { name, at: 0 }] };
    }
    return this.#advance.woken(state);
  }

  /** True in the middle of what is done at once. */
  isAtOnce(state: State): boolean {
    if (this.#atOnce.size === 0) return false;
    const { executions, strays, actors } = state;
    return [executions, strays, actors].some((all) => all.some(({ progress }) => this.#isAlone(progress)));
  }

  /** Every step that can be made next, whoever makes it. */
  async next(state: State, options: { readonly withFaults?: boolean } = {}): Promise<Step[]> {
    const steps: Step[] = [];
    const isAtOnce = this.isAtOnce(state);
    const mayGoOn = (progress: number | undefined): progress is number =>
      progress !== undefined && (!isAtOnce || this.#isAlone(progress));
    for (const [index, execution] of state.executions.entries()) {
      if (mayGoOn(execution.progress)) {
        await this.#calls(state, { kind: 'execution', index }, execution.name, execution.progress, steps);
      } else if (execution.progress === undefined && !isAtOnce && this.#mayEndWait(state, execution)) {
        const after = await this.#advance.moved(state, index, this.#nothing);
        steps.push(event(execution.name, 'has waited until no call can be under way any more', after));
      }
    }
    for (const [index, stray] of state.strays.entries()) {
      if (!mayGoOn(stray.progress)) continue;
      const who = `a call that ${stray.of} has given up`;
      await this.#calls(state, { kind: 'stray', index }, who, stray.progress, steps);
      if (!isAtOnce) steps.push(event(who, 'is ended by its time limit', withoutStray(state, index)));
    }
    for (const [index, actor] of state.actors.entries()) {
      if (!mayGoOn(actor.progress)) continue;
      await this.#calls(state, { kind: 'actor', index }, actor.name, actor.progress, steps);
    }
    if (isAtOnce) return steps;
    if (options.withFaults !== false && state.faults > 0) await this.#faults(state, steps);
    const later = await this.#later(state);
    if (later !== undefined) {
      const milliseconds = this.#world.scenario.instants[later.instant] ?? 0;
      steps.push(event('time', `moves on to ${milliseconds / 1_000} s after the start`, later));
    }
    return steps;
  }

  /** A long time passes, then the recovery that runs every minute looks at everything. */
  async swept(state: State): Promise<State> {
    const actor: Actor = { name: 'the recovery afterwards', at: -1 };
    const later = { ...state, faults: 0, instant: state.instant + 1, actors: [...state.actors, actor] };
    return this.#advance.actorMoved(later, later.actors.length - 1, this.#closing);
  }

  async #calls(state: State, runner: Runner, who: string, progressId: number, steps: Step[]): Promise<void> {
    const progress = this.#world.operations.at(progressId);
    for (const { index, call, callId } of progress.pending) {
      for (const { outcomeId, after } of this.#world.perform(state, progress.operation, call, callId)) {
        const started =
          call.kind === 'start-execution' && outcomeId === this.#isStarted
            ? await this.#advance.started(after, call.name, JSON.parse(call.input) as object)
            : after;
        const next = await this.#advance.answered(started, runner, progress, index, outcomeId);
        steps.push({ who, did: { kind: 'call', progress: progressId, index, outcomeId }, after: next });
      }
    }
  }

  async #faults(state: State, steps: Step[]): Promise<void> {
    const kinds = new Set<Fault>(this.#world.scenario.faultKinds);
    const spent = { ...state, faults: state.faults - 1 };
    for (const [index, execution] of state.executions.entries()) {
      const { name, progress, awaitedBy } = execution;
      if (!this.#mayFail(name)) continue;
      const isOver = execution.died === true || !('at' in this.#world.machine.at(execution.machine));
      if (kinds.has('dies') && !isOver) {
        const dead: Execution = { name, machine: execution.machine, awaitedBy: [], died: true };
        const after = replaced(spent, index, dead);
        const left = progress === undefined ? after : withStray(after, { of: name, progress, awaitedBy });
        steps.push(event(name, 'is ended from outside', left));
      }
      if (progress === undefined) continue;
      if (kinds.has('loses')) {
        const left = withStray(spent, { of: name, progress, awaitedBy });
        const after = await this.#advance.moved(left, index, this.#lost);
        steps.push(event(name, 'loses the connection to the function it called', after));
      }
      await this.#busy(spent, { kind: 'execution', index }, name, progress, steps);
    }
    for (const [index, { name, progress }] of state.actors.entries()) {
      if (progress !== undefined) await this.#busy(spent, { kind: 'actor', index }, name, progress, steps);
    }
  }

  /** Time moves on. Where it moves further than a function can run, no call that has begun is left. */
  async #later(state: State): Promise<State | undefined> {
    if (this.#world.isTimeOver(state.instant)) return undefined;
    const { instant } = state;
    const isFar = this.#world.nowAt(instant + 1) - this.#world.nowAt(instant) >= functionSeconds * 1_000;
    const isUnderWay = ({ progress }: { readonly progress?: number }) => this.#hasBegun(progress);
    if (isFar && [...state.executions, ...state.strays, ...state.actors].some(isUnderWay)) return undefined;
    return this.#advance.woken({ ...state, instant: instant + 1, strays: isFar ? [] : state.strays });
  }

  #hasBegun(progress: number | undefined): boolean {
    return progress !== undefined && this.#world.operations.at(progress).outcomes.size > 0;
  }

  /** True for an operation that has begun and is done at once. */
  #isAlone(progress: number | undefined): boolean {
    if (progress === undefined) return false;
    const { operation } = this.#world.operations.at(progress);
    return this.#atOnce.has(operation.do) && !this.#advance.isUntouched(progress);
  }

  #mayFail(execution: string): boolean {
    const { faultsOf } = this.#world.scenario;
    const of = this.#world.changes.find(({ changeId }) => execution.startsWith(changeId));
    return faultsOf === undefined || (of !== undefined && faultsOf.includes(of.name));
  }

  async #busy(state: State, runner: Runner, who: string, progressId: number, steps: Step[]): Promise<void> {
    if (!this.#world.scenario.faultKinds.includes('busy')) return;
    const progress = this.#world.operations.at(progressId);
    const outcomeId = this.#busyAnswer;
    for (const { index, call } of progress.pending) {
      if (call.kind === 'clock') continue;
      const after = await this.#advance.answered(state, runner, progress, index, outcomeId);
      steps.push({ who, did: { kind: 'call', progress: progressId, index, outcomeId }, after });
    }
  }

  #mayEndWait(state: State, { name, machine, died }: Execution): boolean {
    const at = this.#world.machine.at(machine);
    if (died === true || secondsOf(at) === undefined) return false;
    return ![...state.executions, ...state.strays].some(({ awaitedBy }) => awaitedBy.includes(name));
  }
}

function event(who: string, words: string, after: State): Step {
  return { who, did: { kind: 'event', words }, after };
}
