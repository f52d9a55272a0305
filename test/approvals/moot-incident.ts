import type { Database } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { now } from './fixtures.ts';

/** The problem of an incident goes away by itself, or comes back. */
export async function setRecovered(
  database: Database,
  table: string,
  incidentId: string,
  isRecovered = true,
): Promise<void> {
  const of = { kind: 'update', table, key: itemKeys.incident(incidentId) } as const;
  await database.transact([
    isRecovered
      ? { ...of, update: 'SET recoveredAtEpochMs = :at', values: { ':at': now } }
      : { ...of, update: 'REMOVE recoveredAtEpochMs' },
  ]);
}
