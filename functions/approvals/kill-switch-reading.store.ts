import type { Database } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import type { KillSwitchReading } from './dossier.ts';

/** Never fails: a switch that cannot be read is shown, and counts, as engaged. A missing one is engaged. */
export async function readKillSwitch(database: Database, controlsTable: string): Promise<KillSwitchReading> {
  try {
    const item = await database.get(controlsTable, itemKeys.killSwitch('global'));
    return item?.['engaged'] === false ? 'released' : 'engaged';
  } catch {
    return 'unreadable';
  }
}
