import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import type { Approval } from './approval.ts';
import { statusOf } from './approval-item.ts';

/** How long a token outlives its approval, so that a late callback can still be tried. */
const tokenGraceSeconds = 86_400;

/** Members that are set once, and absent before. */
const setOnce = [
  'breakGlassBy',
  'callbackTooLate',
  'cancelledBecause',
  'decidedAtEpochMs',
  'escalatedAtEpochMs',
  'remindedAtEpochMs',
  'usableUntilEpochMs',
] as const satisfies readonly (keyof Approval)[];

/** Writes what may change, if nobody has written since `before` was read. */
export function replaceWrite(table: string, before: Approval, after: Approval) {
  const { statusKey, statusAt } = statusOf(after);
  const optional = setOnce.filter((name) => after[name] !== undefined);
  return {
    kind: 'update',
    table,
    key: itemKeys.approval(before.approvalId),
    update: `SET ${[
      '#status = :status, votes = :votes, #version = :after, statusKey = :statusKey, statusAt = :statusAt',
      'callbackDelivered = :delivered, callbackAttempts = :attempts',
      ...optional.map((name) => `${name} = :${name}`),
    ].join(', ')}`,
    condition: '#version = :before AND planDigest = :planDigest',
    names: { '#status': 'status', '#version': 'version' },
    values: {
      ':before': before.version,
      ':after': before.version + 1,
      ':planDigest': before.planDigest,
      ':status': after.status,
      ':votes': after.votes,
      ':statusKey': statusKey,
      ':statusAt': statusAt,
      ':delivered': after.callbackDelivered,
      ':attempts': after.callbackAttempts,
      ...Object.fromEntries(optional.map((name) => [`:${name}`, after[name]])),
    },
  } as const satisfies Write;
}

/**
 * The same for what is still pending. The version says that already where the rules were asked first; the table
 * refuses whoever forgets to.
 *
 * @param aliveAt It must not have expired at this instant; absent where its expiry is what is written.
 */
export function replacePendingWrite(
  table: string,
  before: Approval,
  after: Approval,
  aliveAt: EpochMs | undefined,
): Write {
  const write = replaceWrite(table, before, after);
  const isAlive = aliveAt === undefined ? '' : ' AND expiresAtEpochMs > :now';
  return {
    ...write,
    condition: `${write.condition} AND #status = :pending${isAlive}`,
    values: {
      ...write.values,
      ':pending': 'pending',
      ...(aliveAt === undefined ? {} : { ':now': aliveAt }),
    },
  };
}

/** Holds while an incident needs nobody: a problem that comes back meanwhile is not waved through as gone. */
export function incidentIsMoot(table: string, { incidentId }: Approval): Write {
  return {
    kind: 'check',
    table,
    key: itemKeys.incident(incidentId),
    condition: '#status = :closed OR attribute_exists(recoveredAtEpochMs)',
    names: { '#status': 'status' },
    values: { ':closed': 'closed' },
  };
}

/** Stores the encrypted task token of the execution that waits now. */
export function tokenWrite(table: string, approval: Approval, ciphertext: Uint8Array): Write {
  return {
    kind: 'put',
    table,
    item: {
      ...itemKeys.approvalToken(approval.approvalId),
      ciphertext,
      ttlEpochSeconds: Math.ceil(approval.expiresAtEpochMs / 1_000) + tokenGraceSeconds,
    },
  };
}
