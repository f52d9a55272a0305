import type { Actor, LedgerEvent } from '../audit/ledger-entry.ts';
import type { Write } from '../platform/dynamodb.ts';
import { InterlockError } from '../platform/errors.ts';
import { itemKeys } from '../platform/item-keys.ts';
import type { AutonomyStage } from '../platform/vocabulary.ts';
import type { StageItem, StageReading } from './stage.ts';

/** Writes a stage, if what stands there is still what was read. */
export function putStage(controlsTable: string, before: StageReading, item: StageItem): Write {
  return {
    kind: 'put',
    table: controlsTable,
    item: { ...itemKeys.stage(item), ...item },
    ...unmoved(before),
  };
}

/** The condition that a stage is still what was read. */
export function unmoved({ from, version }: StageReading) {
  // It counts as observe, and only another lowering is ever written over it.
  return from === 'unreadable' ? { condition: 'attribute_exists(pk)' } : stageUnmoved(version);
}

/** The condition that a stage is still the one that was read under this version; 0 says that none was set. */
export function stageUnmoved(version: number) {
  return version === 0
    ? { condition: 'attribute_not_exists(pk)' }
    : {
        condition: '#version = :version',
        names: { '#version': 'version' },
        values: { ':version': version },
      };
}

/**
 * The condition that the policies published last are still those that declared stages were read from: else a
 * declaration that was lowered meanwhile would be lost to a write that rests on the one before.
 */
export function policiesUnmoved(operationsTable: string, policyDigest: string): Write {
  return {
    kind: 'check',
    table: operationsTable,
    key: itemKeys.currentPolicySet(),
    condition: 'policyDigest = :policyDigest',
    values: { ':policyDigest': policyDigest },
  };
}

/** Not a refusal but a look too old to go by. */
export function policiesChanged(): InterlockError {
  return new InterlockError(
    'autonomy.policies-changed',
    'the policies were published anew meanwhile, so nothing was changed; look again',
    { retryable: true },
  );
}

/** What the ledger says about a changed stage. */
export function stageEntry(
  type: string,
  from: AutonomyStage,
  item: StageItem,
  actor: Actor,
  detail: Readonly<Record<string, string | number>> = {},
): LedgerEvent {
  const { environment, agentRole, actionClass, stage, version, reason } = item;
  return {
    type,
    atEpochMs: item.changedAtEpochMs,
    actor,
    detail: { environment, agentRole, actionClass, from, to: stage, version, reason, ...detail },
  };
}
