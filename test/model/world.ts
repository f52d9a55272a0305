import type { Item, ItemKey } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { changeMachine } from '../change/asl-interpreter.ts';
import { start } from '../change/world.ts';
import type { Call, Outcome } from './calls.ts';
import { Interned } from './interned.ts';
import { Machine, withFewTries } from './machine.ts';
import { transact } from './memory-tables.ts';
import type { Operation, Seams } from './operation.ts';
import { Operations } from './operations.ts';
import { carryOut } from './product.ts';
import type { Scenario } from './scenario.ts';
import { type State, Tables, type Target, type Watched } from './state.ts';
import {
  type PlannedChange,
  plannedChange,
  releasedSwitch,
  settings,
  verdictApprovalId,
} from './subjects.ts';

/** What a call answered and what it left behind. */
export interface Performed {
  readonly outcomeId: number;
  readonly after: State;
}

/** Everything outside the code that runs: what its calls meet. */
export class World {
  readonly scenario: Scenario;
  readonly changes: readonly PlannedChange[];
  readonly operations: Operations;
  readonly machine: Machine;
  readonly tables: Tables;
  readonly targets = new Interned<Target>();
  readonly objects = new Interned<Readonly<Record<string, string>>>();
  readonly watched = new Interned<Watched>();
  readonly #initialTables: number;
  /** By content of the tables and call. */
  readonly #answered = new Map<number, { readonly outcomeId: number; readonly tables: number }>();

  constructor(scenario: Scenario, seams: Seams) {
    const { isForgetful = false } = scenario;
    this.scenario = scenario;
    this.tables = new Tables(isForgetful);
    this.changes = scenario.changes.map(plannedChange);
    const [asked] = this.changes;
    if (asked === undefined) throw new Error(`scenario ${scenario.name} has no change`);
    const items = [releasedSwitch, ...this.changes.flatMap((change) => change.items)];
    this.#initialTables = this.tables.with(
      this.tables.empty(),
      items.map(({ table, item }) => ({ table, key: keyOf(item), after: item })),
    );
    this.operations = new Operations(
      async (operation, script) => {
        const value = await carryOut(operation, script, seams, this.changes);
        return isForgetful ? withoutReason(value) : value;
      },
      (call) => this.#constant(call),
      start,
    );
    const definition = withFewTries(changeMachine({ [asked.action]: 'action' }, 'change-control', 5), 2);
    this.machine = new Machine(seams.machine?.(definition) ?? definition, this.operations.outcomes);
  }

  /** Before anything has begun. */
  get initial(): State {
    return {
      tables: this.#initialTables,
      target: this.targets.id({
        functionVersion: '2',
        weights: {},
        revision: 1,
        writer: { by: 'nobody', effect: 'none' },
      }),
      objects: this.objects.id({}),
      watched: this.watched.id({ toldStopped: false, paged: [] }),
      instant: 0,
      faults: this.scenario.faults,
      executions: [],
      strays: [],
      actors: [],
    };
  }

  /** Behind the last instant, time only moves where the end of everything is looked at. */
  nowAt(instant: number): number {
    const { instants } = this.scenario;
    const last = instants.length - 1;
    const beyond = Math.max(0, instant - last) * 2_000_000;
    return start + (instants[Math.min(instant, last)] ?? 0) + beyond;
  }

  isTimeOver(instant: number): boolean {
    return instant >= this.scenario.instants.length - 1;
  }

  item(state: State, table: string, key: ItemKey): Item | undefined {
    return this.tables.item(state.tables, table, key);
  }

  /** What may come of a call: more than one answer only where the world is free to choose. */
  perform(state: State, operation: Operation, call: Call, callId: number): Performed[] {
    const answer = (value: unknown, change: Partial<State> = {}): Performed[] => [
      {
        outcomeId: this.operations.outcomeId({ value: value as never }),
        after: { ...state, ...change },
      },
    ];
    switch (call.kind) {
      case 'get':
      case 'query':
      case 'transact': {
        const { outcomeId, tables } = this.#ofTables(state.tables, call, callId);
        if (tables === state.tables) return [{ outcomeId, after: state }];
        return [{ outcomeId, after: { ...state, tables, watched: this.#watchedAfter(state, tables) } }];
      }
      case 'clock':
        return answer(this.nowAt(state.instant));
      case 'object-find':
        return answer(this.objects.value(state.objects)[call.key]);
      case 'object-keep': {
        const objects = this.objects.value(state.objects);
        const text = objects[call.key] ?? call.text;
        return answer(text, { objects: this.objects.id({ ...objects, [call.key]: text }) });
      }
      case 'target-read': {
        const { functionVersion, weights, revision } = this.targets.value(state.target);
        return answer({ functionVersion, weights, revisionId: `r${revision}` });
      }
      case 'target-write': {
        const { revision } = this.targets.value(state.target);
        if (call.revisionId !== `r${revision}`) return answer('changed');
        return answer('written', { target: this.#written(call, revision, writerOf(operation)) });
      }
      case 'foreign-write': {
        const { revision } = this.targets.value(state.target);
        const writer = { by: 'somebody else', effect: 'foreign' } as const;
        return answer('written', { target: this.#written({ ...call, weights: {} }, revision, writer) });
      }
      case 'alarm':
        return this.scenario.alarm.flatMap((result) => answer(result));
      case 'verdict':
        return (this.scenario.verdicts ?? ['nobody']).flatMap((verdict) =>
          answer(verdict, verdict === 'nobody' ? {} : { tables: this.#withVerdict(state.tables, verdict) }),
        );
      case 'page': {
        const watched = this.watched.value(state.watched);
        const paged = [...new Set([...watched.paged, call.changeId])].toSorted();
        return answer(undefined, { watched: this.watched.id({ ...watched, paged }) });
      }
      case 'execution-state':
        return answer(this.#executionState(state, call.name));
      case 'start-execution':
        return answer(state.executions.some(({ name }) => name === call.name) ? 'existed' : 'started');
    }
  }

  /** The same request to the same tables has the same answer. */
  #ofTables(tables: number, call: Extract<Call, { kind: 'get' | 'query' | 'transact' }>, callId: number) {
    const text = tables * 1_000_000 + callId;
    const known = this.#answered.get(text);
    if (known !== undefined) return known;
    const answered = this.#ask(tables, call);
    this.#answered.set(text, answered);
    return answered;
  }

  #ask(tables: number, call: Extract<Call, { kind: 'get' | 'query' | 'transact' }>) {
    const read = (value: unknown) => ({
      outcomeId: this.operations.outcomeId({ value: value as never }),
      tables,
    });
    if (call.kind === 'get') return read(this.tables.item(tables, call.table, call.key));
    if (call.kind === 'query') return read(this.tables.partition(tables, call.table, call.pk));
    const { result, written } = transact((table, key) => this.tables.item(tables, table, key), call.writes);
    for (const { table, key } of written) {
      if (this.#constant({ kind: 'get', table, key }) === undefined) continue;
      throw new Error(`${key.pk} is written although the model takes it for constant`);
    }
    return { ...read(result), tables: this.tables.with(tables, written) };
  }

  isEngaged(tables: number): boolean {
    return this.tables.item(tables, controls, itemKeys.killSwitch('global'))?.['engaged'] !== false;
  }

  /** Whoever switches the kill switch off takes back that everything has stopped. */
  #watchedAfter(state: State, tables: number): number {
    const watched = this.watched.value(state.watched);
    if (!watched.toldStopped || this.isEngaged(tables)) return state.watched;
    return this.watched.id({ ...watched, toldStopped: false });
  }

  /** As the approvals store it, as far as a change looks at it. */
  #withVerdict(tables: number, status: string): number {
    const [{ incidentId, planDigest } = {}] = this.changes;
    const key = itemKeys.approval(verdictApprovalId);
    const bound = { approvalId: verdictApprovalId, incidentId, planDigest, requestedAtEpochMs: 0 };
    const told = { callbackDelivered: false, callbackAttempts: 0 };
    const after = { ...key, ...bound, ...told, status, quorum: 1, votes: [], version: 2 };
    return this.tables.with(tables, [{ table: settings.operations, key, after }]);
  }

  #written(
    to: { readonly version: string; readonly weights: Readonly<Record<string, number>> },
    revision: number,
    writer: Target['writer'],
  ): number {
    const { version: functionVersion, weights } = to;
    return this.targets.id({ functionVersion, weights, revision: revision + 1, writer });
  }

  #executionState(state: State, name: string): string {
    const execution = state.executions.find((one) => one.name === name);
    if (execution === undefined) return 'gone';
    return execution.died === true || !('at' in this.machine.at(execution.machine)) ? 'ENDED' : 'RUNNING';
  }

  /** Reading what nobody in the scenario can change is no step: it is the same at any time. */
  #constant(call: Call): Outcome | undefined {
    const does = new Set(
      this.scenario.actors.flatMap((actor) => actor.does.map((operation) => operation.do)),
    );
    switch (call.kind) {
      case 'clock':
        return undefined;
      case 'alarm':
        return this.scenario.alarm.length === 1 ? { value: this.scenario.alarm[0] } : undefined;
      case 'get': {
        const { pk, sk } = call.key;
        const isVariable =
          variable.some((prefix) => pk.startsWith(prefix)) ||
          (pk === 'SWITCH' && sk === 'global' && does.has('switch')) ||
          pk === itemKeys.approval(verdictApprovalId).pk ||
          (pk.startsWith('APPROVAL#') && (does.has('vote') || does.has('cancel') || does.has('settle')));
        if (isVariable) return undefined;
        return { value: this.tables.item(this.#initialTables, call.table, call.key) as never };
      }
      default:
        return undefined;
    }
  }
}

/** The answer with any reason as good as the other: none decides where the machine goes. */
function withoutReason(answer: unknown): unknown {
  const hasReason = typeof answer === 'object' && answer !== null && 'reason' in answer;
  return hasReason ? { ...answer, reason: 'for a reason' } : answer;
}

/** Partition keys of what changes and their executions write, and of what people are told. */
const variable = ['ANNOUNCEMENT#', 'CHANGE#', 'FINDING#', 'LOCK', 'NOTICE#', 'USAGE#'];

function keyOf(item: Item): ItemKey {
  return { pk: String(item['pk']), sk: String(item['sk']) };
}

function writerOf(operation: Operation): Target['writer'] {
  if (operation.do !== 'act') throw new Error(`${operation.do} wrote to the target`);
  const { changeId, operation: step } = operation.task;
  return { by: String(changeId), effect: step === 'roll-back' ? 'restore' : 'apply' };
}

/** Tables that the code is set up with. */
export const { controls, operations: operationsTable } = settings;
