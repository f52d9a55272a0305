import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';

/** A control that failed, to be followed to its closure. */
export interface Finding {
  /** Derived from what failed, so that the same failure seen twice is one finding. */
  readonly findingId: string;
  readonly kind: 'ledger-altered' | 'rollback-failed';
  readonly summary: string;
  readonly openedAtEpochMs: number;
  readonly detail: Readonly<Record<string, string | number>>;
}

/** The write that opens a finding; refused when it is open already. */
export function openFinding(operationsTable: string, finding: Finding): Write {
  return {
    kind: 'put',
    table: operationsTable,
    item: {
      ...itemKeys.finding(finding.findingId),
      ...finding,
      status: 'open',
      statusKey: 'FINDING#open',
      statusAt: new Date(finding.openedAtEpochMs).toISOString(),
    },
    condition: 'attribute_not_exists(pk)',
  };
}
