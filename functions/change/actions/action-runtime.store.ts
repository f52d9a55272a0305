import type { Database } from '../../platform/dynamodb.ts';
import { itemKeys } from '../../platform/item-keys.ts';
import { readKillSwitches } from '../../platform/kill-switch-reading.store.ts';
import type { KillSwitchesReading, SwitchSubject } from '../../platform/kill-switch-scope.ts';
import { parseChange, parseLock } from '../change-record.ts';
import type { ChangeTables } from '../change-writes.ts';
import type { ActionFacts, ActionTask, PreCheckTask } from './action-task.ts';

/** What an action's function reads of Interlock's own state: strongly consistent, and it can write none of it. */
export class ActionRuntimeStore {
  readonly #database: Database;
  readonly #tables: ChangeTables;

  constructor(database: Database, tables: ChangeTables) {
    this.#database = database;
    this.#tables = tables;
  }

  async facts(task: ActionTask): Promise<ActionFacts> {
    const { operations, controls } = this.#tables;
    const [changeItem, storedPlan] = await Promise.all([
      this.#database.get(operations, itemKeys.change(task.changeId)),
      this.plan(task),
    ]);
    const change = changeItem === undefined ? undefined : parseChange(changeItem);
    const lockItem =
      change?.targetKey === undefined
        ? undefined
        : await this.#database.get(controls, itemKeys.lock(change.targetKey));
    return {
      change,
      lock: lockItem === undefined ? undefined : parseLock(lockItem),
      storedPlan,
    };
  }

  /** The plan as stored, whatever it is. */
  async plan({ incidentId, planDigest }: ActionTask | PreCheckTask): Promise<unknown> {
    const item = await this.#database.get(this.#tables.operations, itemKeys.plan(incidentId, planDigest));
    return item?.['plan'];
  }

  killSwitch(subject: SwitchSubject): Promise<KillSwitchesReading> {
    return readKillSwitches(this.#database, this.#tables.controls, subject);
  }
}
