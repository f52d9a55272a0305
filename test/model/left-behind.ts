import { type Approval } from '../../functions/approvals/approval.ts';
import { toApproval } from '../../functions/approvals/approval-item.ts';
import { intentOf, snapshotDigestOf, snapshotKey } from '../../functions/change/actions/action-task.ts';
import { type ChangeRecord, parseChange, parseLock } from '../../functions/change/change-record.ts';
import type { TargetLock } from '../../functions/change/target-lock.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import type { State, Target } from './state.ts';
import { type PlannedChange, settings } from './subjects.ts';
import type { World } from './world.ts';

/** What the code under test has left behind in a state, as anybody could read it. */
export class LeftBehind {
  readonly #world: World;
  readonly #records = new Parsed(parseChange);
  readonly #locks = new Parsed(parseLock);

  constructor(world: World) {
    this.#world = world;
  }

  target(state: State): Target {
    return this.#world.targets.value(state.target);
  }

  record(state: State, { changeId }: PlannedChange): ChangeRecord | undefined {
    const item = this.#world.item(state, settings.operations, itemKeys.change(changeId));
    return item === undefined ? undefined : this.#records.of(item);
  }

  lock(state: State, { targetKey }: PlannedChange): TargetLock | undefined {
    const item = this.#world.item(state, settings.controls, itemKeys.lock(targetKey));
    return item === undefined ? undefined : this.#locks.of(item);
  }

  approval(state: State, { approvalId }: PlannedChange): Approval | undefined {
    const item = this.#world.item(state, settings.operations, itemKeys.approval(approvalId));
    return item === undefined ? undefined : toApproval(item);
  }

  /** From the intent on, the very value of the plan may be our doing, whoever set it: nobody could tell. */
  mayBeOurs(state: State, { changeId, toVersion, action }: PlannedChange): boolean {
    const intents = Object.keys(this.#world.objects.value(state.objects));
    if (this.target(state).writer.effect !== 'foreign') return false;
    const isBegun = intents.some(
      (key) => key.startsWith(`${action}/${changeId}.`) && key.includes('.intent'),
    );
    return isBegun && this.target(state).functionVersion === toVersion;
  }

  /** Whether a person's undo of the change had got as far as its first write. */
  hasBegunUndo(state: State, { changeId, action }: PlannedChange): boolean {
    const { key } = intentOf(action, changeId, '', 'undo');
    return this.#world.objects.value(state.objects)[key] !== undefined;
  }

  /** What the snapshot that the change is bound to says about the target; undefined without one. */
  snapshotVersion(state: State, { changeId, snapshotDigest, action }: ChangeRecord): string | undefined {
    const text = this.#world.objects.value(state.objects)[snapshotKey(String(action), changeId)];
    if (text === undefined || snapshotDigestOf(text) !== snapshotDigest) return undefined;
    return (JSON.parse(text) as { state: { functionVersion: string } }).state.functionVersion;
  }
}

/** What an item says; the same item is parsed once. */
class Parsed<T> {
  readonly #parse: (item: Item) => T;
  readonly #known = new WeakMap<Item, T>();

  constructor(parse: (item: Item) => T) {
    this.#parse = parse;
  }

  of(item: Item): T {
    const known = this.#known.get(item);
    if (known !== undefined) return known;
    const parsed = this.#parse(item);
    this.#known.set(item, parsed);
    return parsed;
  }
}
