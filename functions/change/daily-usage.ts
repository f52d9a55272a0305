import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';

/** How many changes may start in one environment on one UTC day; each at least 0. */
export interface DailyLimits {
  readonly maximumChangesPerDay: number;
  readonly maximumChangesPerDayOfAction: number;
  readonly maximumChangesPerDayOnTarget: number;
}

/** Counters are kept for a month beyond their day, for whoever asks what happened. */
const keptDays = 31;

/** `2026-11-23`: the day, in UTC, that a start counts to. */
export function dayOf(now: EpochMs): string {
  return new Date(now).toISOString().slice(0, 10);
}

/** Names of the counters on a day's item. */
export function countersOf({ action, targetKey }: { readonly action: string; readonly targetKey: string }) {
  return { all: 'all', ofAction: `action#${action}`, onTarget: `target#${targetKey}` };
}

/** Counts one start, unless a limit is reached: part of the transaction that starts the change. */
export function usageWrite(
  controlsTable: string,
  change: { readonly action: string; readonly targetKey: string },
  environment: string,
  limits: DailyLimits,
  now: EpochMs,
): Write {
  const counters = countersOf(change);
  const below = (name: string, value: string, limit: number) =>
    limit > 0 ? `(attribute_not_exists(${name}) OR ${name} < ${value})` : `${name} < ${value}`;
  return {
    kind: 'update',
    table: controlsTable,
    key: itemKeys.usage(environment, dayOf(now)),
    update: 'ADD #all :one, #action :one, #target :one SET ttlEpochSeconds = :ttl',
    // An absent counter is below every limit but 0.
    condition: [
      below('#all', ':maxAll', limits.maximumChangesPerDay),
      below('#action', ':maxAction', limits.maximumChangesPerDayOfAction),
      below('#target', ':maxTarget', limits.maximumChangesPerDayOnTarget),
    ].join(' AND '),
    names: { '#all': counters.all, '#action': counters.ofAction, '#target': counters.onTarget },
    values: {
      ':one': 1,
      ':ttl': Math.floor(now / 1_000) + keptDays * 86_400,
      ':maxAll': limits.maximumChangesPerDay,
      ':maxAction': limits.maximumChangesPerDayOfAction,
      ':maxTarget': limits.maximumChangesPerDayOnTarget,
    },
  };
}
