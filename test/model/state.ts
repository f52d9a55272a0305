import { canonicalJson } from '../../functions/platform/canonical-json.ts';
import type { Item, ItemKey } from '../../functions/platform/dynamodb.ts';
import { Interned } from './interned.ts';
import type { Written } from './memory-tables.ts';

/** The one target of a scenario: an alias, and whose write was the last. */
export interface Target {
  readonly functionVersion: string;
  readonly weights: Readonly<Record<string, number>>;
  readonly revision: number;
  readonly writer: Writer;
}

/** `by`: a change id, or `somebody else`; the effect tells a change's own write from its rollback. */
export interface Writer {
  readonly by: string;
  readonly effect: 'none' | 'apply' | 'restore' | 'foreign';
}

/** What is known only to whoever watches the model, never to the code in it. */
export interface Watched {
  /** The person who switched the kill switch on has read that nothing is in flight, and it is on still. */
  readonly toldStopped: boolean;
  /** Changes that a person was paged about. */
  readonly paged: readonly string[];
}

/** An execution of the change machine. */
export interface Execution {
  readonly name: string;
  readonly machine: number;
  /** How far its task has got; absent at a wait and at the end. */
  readonly progress?: number;
  /** Executions that wait until this call can no longer be running. */
  readonly awaitedBy: readonly string[];
  /** It was ended from outside. */
  readonly died?: true;
}

/** A function that still runs although the execution that called it has given it up. */
export interface Stray {
  readonly of: string;
  readonly progress: number;
  readonly awaitedBy: readonly string[];
}

/** Somebody who does one thing after the other: a person, or the recovery that runs every minute. */
export interface Actor {
  readonly name: string;
  readonly at: number;
  /** Absent when there is nothing left to do, and before its time has come. */
  readonly progress?: number;
}

/** Everything there is at one moment. Numbers stand for interned values. */
export interface State {
  readonly tables: number;
  readonly target: number;
  readonly objects: number;
  readonly watched: number;
  /** Index of the instant that it is. */
  readonly instant: number;
  /** How many more things may go wrong. */
  readonly faults: number;
  readonly executions: readonly Execution[];
  readonly strays: readonly Stray[];
  readonly actors: readonly Actor[];
}

/** Text that is equal for equal states. */
export function textOf(state: State): string {
  const executions = state.executions.map(
    ({ name, machine, progress, awaitedBy, died }) =>
      `${name}:${machine}:${progress ?? ''}:${awaitedBy.join('+')}${died === true ? '!' : ''}`,
  );
  const strays = state.strays.map(
    ({ of, progress, awaitedBy }) => `${of}:${progress}:${awaitedBy.join('+')}`,
  );
  const actors = state.actors.map(({ at, progress }) => `${at}:${progress ?? ''}`);
  const { tables, target, objects, watched, instant, faults } = state;
  return `${tables},${target},${objects},${watched},${instant},${faults};${executions.join(',')};${strays.toSorted().join(',')};${actors.join(',')}`;
}

/** Members of items by which nobody decides anything: they are there for people and for the lists. */
const forPeople = new Set([
  'changedAtEpochMs',
  'createdAtEpochMs',
  'decidedAtEpochMs',
  'nextAttemptAtEpochMs',
  'snapshotTakenAtEpochMs',
  'startedAtEpochMs',
  'statusAt',
  'statusReason',
  'ttlEpochSeconds',
  'updatedAtEpochMs',
]);

/** The item as if all of it had happened at once, and for no reason. */
function forgotten(item: Item): Item {
  const members = Object.entries(item).map(([name, value]) => {
    if (!forPeople.has(name)) return [name, value];
    return [name, typeof value === 'number' ? 0 : ''];
  });
  return Object.fromEntries(members) as Item;
}

/** Contents of the three tables, each content under a number. */
export class Tables {
  readonly #isForgetful: boolean;
  readonly #items = new Interned<Item | undefined>();
  readonly #slots = new Map<string, number>();
  readonly #keys: { readonly table: string; readonly key: ItemKey }[] = [];
  readonly #contents = new Interned<readonly number[]>();
  readonly #none = this.#items.id(undefined, '');

  constructor(isForgetful: boolean) {
    this.#isForgetful = isForgetful;
  }

  empty(): number {
    return this.#contents.id([], '');
  }

  with(content: number, written: readonly Written[]): number {
    const next = [...this.#contents.value(content)];
    for (const { table, key, after } of written) {
      const slot = this.#slot(table, key);
      while (next.length <= slot) next.push(this.#none);
      const kept = after === undefined || !this.#isForgetful ? after : forgotten(after);
      next[slot] = kept === undefined ? this.#none : this.#items.id(kept, canonicalJson(kept));
    }
    while (next.at(-1) === this.#none) next.pop();
    return this.#contents.id(next, next.join(','));
  }

  item(content: number, table: string, key: ItemKey): Item | undefined {
    const slot = this.#slots.get(textOfKey(table, key));
    const id = slot === undefined ? undefined : this.#contents.value(content)[slot];
    return id === undefined ? undefined : this.#items.value(id);
  }

  /** Items of one partition in the order of their sort key. */
  partition(content: number, table: string, pk: string): Item[] {
    return this.#contents
      .value(content)
      .flatMap((id, slot) => {
        const place = this.#keys[slot];
        return place?.table === table && place.key.pk === pk ? (this.#items.value(id) ?? []) : [];
      })
      .toSorted((a, b) => (String(a['sk']) < String(b['sk']) ? -1 : 1));
  }

  #slot(table: string, key: ItemKey): number {
    const text = textOfKey(table, key);
    const known = this.#slots.get(text);
    if (known !== undefined) return known;
    this.#slots.set(text, this.#keys.length);
    return this.#keys.push({ table, key }) - 1;
  }
}

function textOfKey(table: string, { pk, sk }: ItemKey): string {
  return `${table}/${pk}/${sk}`;
}
