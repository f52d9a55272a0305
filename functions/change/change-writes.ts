import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import type { ChangeRecord } from './change-record.ts';
import type { ChangeStatus } from './change-status.ts';
import { stepInHand } from './change-steps.ts';
import type { LockPhase, TargetLock } from './target-lock.ts';

export interface ChangeTables {
  readonly controls: string;
  readonly operations: string;
}

/** A change that holds, or held, a lock. */
export type LockedChange = ChangeRecord & {
  readonly action: string;
  readonly fencingToken: number;
  readonly targetKey: string;
};

export function isLocked(change: ChangeRecord): change is LockedChange {
  return change.action !== undefined && change.fencingToken !== undefined && change.targetKey !== undefined;
}

/** Members that make a status findable through the index `byStatus`. */
export function statusMembers(status: ChangeStatus, now: EpochMs) {
  return {
    status,
    statusKey: `CHANGE#${status}`,
    statusAt: new Date(now).toISOString(),
    updatedAtEpochMs: now,
  };
}

/**
 * Moves a change on, unless somebody else moved it or took it over since it was read.
 *
 * @param remove A member that is not true of the change any more.
 */
export function moveChange(
  tables: ChangeTables,
  change: LockedChange,
  to: ChangeStatus,
  now: EpochMs,
  set: Readonly<Record<string, string | number>> = {},
  remove?: 'recoveredFrom',
): Write {
  const members = Object.entries({ ...statusMembers(to, now), ...set });
  return {
    kind: 'update',
    table: tables.operations,
    key: itemKeys.change(change.changeId),
    update: `SET ${members.map((_, index) => `#n${index} = :v${index}`).join(', ')}${remove === undefined ? '' : ` REMOVE ${remove}`}`,
    condition: '#status = :from AND #token = :token AND #digest = :digest',
    names: {
      '#status': 'status',
      '#token': 'fencingToken',
      '#digest': 'planDigest',
      ...Object.fromEntries(members.map(([name], index) => [`#n${index}`, name])),
    },
    values: {
      ':from': change.status,
      ':token': change.fencingToken,
      ':digest': change.planDigest,
      ...Object.fromEntries(members.map(([, value], index) => [`:v${index}`, value])),
    },
  };
}

/**
 * Takes the lock of a change's target under the change's own fencing token.
 *
 * @param before The lock as it was read; its token must not have moved since.
 */
export function takeLock(
  tables: ChangeTables,
  change: LockedChange,
  phase: Exclude<LockPhase, 'free'>,
  leaseExpiresAtEpochMs: EpochMs,
  before: TargetLock | undefined,
): Write {
  return {
    kind: 'update',
    table: tables.controls,
    key: itemKeys.lock(change.targetKey),
    update:
      'SET fencingToken = :token, phase = :phase, changeId = :changeId, incidentId = :incidentId,' +
      ' leaseExpiresAtEpochMs = :lease',
    condition: before === undefined ? 'attribute_not_exists(pk)' : 'fencingToken = :before',
    values: {
      ':token': change.fencingToken,
      ':phase': phase,
      ':changeId': change.changeId,
      ':incidentId': change.incidentId,
      ':lease': leaseExpiresAtEpochMs,
      ...(before === undefined ? {} : { ':before': before.fencingToken }),
    },
  };
}

/**
 * Carries the lock along with its change and renews the lease.
 *
 * @param options.onlyWhileLeaseIsLive At this instant: what a change needs before it starts. Afterwards the
 * fencing token alone decides, because nobody but recovery may take an orphaned lock and that raises the token.
 */
export function moveLock(
  tables: ChangeTables,
  change: LockedChange,
  to: {
    readonly phase: Exclude<LockPhase, 'free'>;
    readonly leaseExpiresAtEpochMs: EpochMs;
    readonly fencingToken?: number;
  },
  options: { readonly onlyWhileLeaseIsLive?: EpochMs } = {},
): Write {
  const now = options.onlyWhileLeaseIsLive;
  return {
    kind: 'update',
    table: tables.controls,
    key: itemKeys.lock(change.targetKey),
    update: 'SET phase = :phase, leaseExpiresAtEpochMs = :lease, fencingToken = :next',
    condition: `changeId = :changeId AND fencingToken = :token${now === undefined ? '' : ' AND leaseExpiresAtEpochMs > :now'}`,
    values: {
      ':changeId': change.changeId,
      ':token': change.fencingToken,
      ':phase': to.phase,
      ':lease': to.leaseExpiresAtEpochMs,
      ':next': to.fencingToken ?? change.fencingToken,
      ...(now === undefined ? {} : { ':now': now }),
    },
  };
}

/** Frees the lock; the item and its fencing token stay. */
export function freeLock(tables: ChangeTables, change: LockedChange): Write {
  return freeLockOf(tables, change.targetKey, change.changeId, change.fencingToken);
}

export function freeLockOf(
  tables: ChangeTables,
  targetKey: string,
  changeId: string,
  fencingToken: number,
): Write {
  return {
    kind: 'update',
    table: tables.controls,
    key: itemKeys.lock(targetKey),
    update: 'SET phase = :free REMOVE changeId, incidentId, leaseExpiresAtEpochMs',
    condition: 'changeId = :changeId AND fencingToken = :token',
    values: { ':changeId': changeId, ':token': fencingToken, ':free': 'free' },
  };
}

/** Entries of one step of a change: ids, digests and closed words only. */
export function changeEntries(
  types: readonly string[],
  change: ChangeRecord,
  now: EpochMs,
  detail: Readonly<Record<string, string | number | boolean>> = {},
): LedgerEvent[] {
  return types.map((type) => ({
    type,
    atEpochMs: now,
    actor: { kind: 'system', id: 'change-control' },
    detail: {
      changeId: change.changeId,
      planDigest: change.planDigest,
      ...(change.action === undefined ? {} : { action: change.action }),
      ...(change.targetKey === undefined ? {} : { targetKey: change.targetKey }),
      ...(change.fencingToken === undefined ? {} : { fencingToken: change.fencingToken }),
      // For people: the first step is number 1.
      ...(change.steps === undefined ? {} : { step: stepInHand(change) + 1, steps: change.steps }),
      ...detail,
    },
  }));
}

/** End of a lease that begins now. */
export function leaseFrom(settings: { readonly lockLeaseSeconds: number }, now: EpochMs): EpochMs {
  return now + settings.lockLeaseSeconds * 1_000;
}
