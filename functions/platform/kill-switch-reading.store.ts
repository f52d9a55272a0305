import type { Database, Item } from './dynamodb.ts';
import { itemKeys } from './item-keys.ts';
import { logger } from './pipeline.ts';

/** Everything but `released` stops; `unreadable` is kept apart only so that people can be told. */
export type KillSwitchReading = 'engaged' | 'released' | 'unreadable';

/** Strongly consistent, and never fails: a switch that cannot be read counts as engaged. */
export async function readKillSwitch(database: Database, controlsTable: string): Promise<KillSwitchReading> {
  try {
    return stateOf(await database.get(controlsTable, itemKeys.killSwitch('global')));
  } catch (error) {
    logger.warn('kill switch unreadable, counts as engaged', {
      errorName: error instanceof Error ? error.name : 'unknown',
    });
    return 'unreadable';
  }
}

/** Released only when the item says so in so many words: a missing or altered one is engaged. */
export function stateOf(item: Item | undefined): 'engaged' | 'released' {
  return item?.['engaged'] === false ? 'released' : 'engaged';
}
