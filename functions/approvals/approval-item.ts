import type { Item } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import type { Approval } from './approval.ts';

/** Status keys of the `byStatus` index. */
export const approvalStatusKeys = {
  pending: 'APPROVAL#pending',
  /** Decided, and the waiting execution has not been told yet. */
  undelivered: 'APPROVAL#undelivered',
  done: 'APPROVAL#done',
} as const;

/** An approval as it stands in `Operations`. */
export function toApprovalItem(approval: Approval): Item {
  return { ...itemKeys.approval(approval.approvalId), ...approval, ...statusOf(approval) };
}

/** A stored item without its keys. */
export function toApproval(item: Item): Approval {
  const { pk: _pk, sk: _sk, statusKey: _statusKey, statusAt: _statusAt, ...approval } = item;
  return approval as unknown as Approval;
}

/** Where an approval stands in the lists, and since when. */
export function statusOf(approval: Approval): { statusKey: string; statusAt: string } {
  return {
    statusKey:
      approval.status === 'pending'
        ? approvalStatusKeys.pending
        : approval.callbackDelivered
          ? approvalStatusKeys.done
          : approvalStatusKeys.undelivered,
    statusAt: new Date(approval.decidedAtEpochMs ?? approval.requestedAtEpochMs).toISOString(),
  };
}
