import type { Database } from '../../platform/dynamodb.ts';
import { itemKeys } from '../../platform/item-keys.ts';
import { logger } from '../../platform/pipeline.ts';
import { parseChange, parseLock } from '../change-record.ts';
import type { ChangeTables } from '../change-writes.ts';
import type { ActionFacts, ActionTask } from './action-task.ts';

/** What an action's function reads of Interlock's own state: strongly consistent, and it can write none of it. */
export class ActionRuntimeStore {
  readonly #database: Database;
  readonly #tables: ChangeTables;

  constructor(database: Database, tables: ChangeTables) {
    this.#database = database;
    this.#tables = tables;
  }

  async facts({ changeId, incidentId, planDigest }: ActionTask): Promise<ActionFacts> {
    const { operations, controls } = this.#tables;
    const [changeItem, planItem] = await Promise.all([
      this.#database.get(operations, itemKeys.change(changeId)),
      this.#database.get(operations, itemKeys.plan(incidentId, planDigest)),
    ]);
    const change = changeItem === undefined ? undefined : parseChange(changeItem);
    const lockItem =
      change?.targetKey === undefined
        ? undefined
        : await this.#database.get(controls, itemKeys.lock(change.targetKey));
    return {
      change,
      lock: lockItem === undefined ? undefined : parseLock(lockItem),
      storedPlan: planItem?.['plan'],
    };
  }

  /** A switch that is missing counts as engaged, one that cannot be read as `unreadable`: neither lets anything start. */
  async killSwitch(): Promise<'released' | 'engaged' | 'unreadable'> {
    try {
      const item = await this.#database.get(this.#tables.controls, itemKeys.killSwitch('global'));
      return item?.['engaged'] === false ? 'released' : 'engaged';
    } catch (error) {
      logger.warn('kill switch unreadable, counts as engaged', {
        errorName: error instanceof Error ? error.name : 'unknown',
      });
      return 'unreadable';
    }
  }
}
