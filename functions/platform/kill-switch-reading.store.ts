import type { Database } from './dynamodb.ts';
import { itemKeys } from './item-keys.ts';
import {
  type EngagedSwitches,
  engagedAmong,
  type KillSwitchesReading,
  type KillSwitchReading,
  type SwitchScope,
  type SwitchSubject,
  scopesOver,
  stateOf,
} from './kill-switch-scope.ts';
import { logger } from './pipeline.ts';

/**
 * Every switch over a subject. Strongly consistent, and never fails: a switch that cannot be read counts as
 * engaged.
 */
export async function readKillSwitches(
  database: Database,
  controlsTable: string,
  subject: SwitchSubject,
): Promise<KillSwitchesReading> {
  const scopes = scopesOver(subject);
  const readings = await Promise.all(scopes.map((scope) => readScope(database, controlsTable, scope)));
  const index = readings.findIndex((reading) => reading !== 'released');
  const reading = readings[index];
  const scope = scopes[index];
  return reading === undefined || scope === undefined ? { reading: 'released' } : { reading, scope };
}

/** All that are engaged, in one read, for people to see; the rest is as for {@link readKillSwitches}. */
export async function readEngagedSwitches(
  database: Database,
  controlsTable: string,
): Promise<EngagedSwitches> {
  try {
    return engagedAmong(await database.query(controlsTable, itemKeys.killSwitch('global').pk));
  } catch (error) {
    return unreadable('every scope', error);
  }
}

async function readScope(
  database: Database,
  controlsTable: string,
  scope: SwitchScope,
): Promise<KillSwitchReading> {
  try {
    return stateOf(scope, await database.get(controlsTable, itemKeys.killSwitch(scope)));
  } catch (error) {
    return unreadable(scope, error);
  }
}

function unreadable(scope: string, error: unknown): 'unreadable' {
  logger.warn('kill switch unreadable, counts as engaged', {
    scope,
    errorName: error instanceof Error ? error.name : 'unknown',
  });
  return 'unreadable';
}
