import type { EpochMs } from '../platform/clock.ts';
import type { Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';

/** What can have failed. */
export type FindingKind =
  | 'ledger-altered'
  | 'rollback-failed'
  | 'break-glass-review'
  | 'autonomy-lowered'
  | 'agent-cut-off'
  | 'heartbeat-failed'
  | 'drift-follow-up';

/** A control that failed, or an exceptional act that has to be looked at, followed to its closure. */
export interface Finding {
  /** Derived from what failed, so that the same failure seen twice is one finding. */
  readonly findingId: string;
  readonly kind: FindingKind;
  readonly summary: string;
  readonly openedAtEpochMs: EpochMs;
  readonly detail: Readonly<Record<string, string | number>>;
  /** Who follows it up: a role, not a name. @default by kind, see {@link termsOf} */
  readonly owner?: string;
  /** @default by kind, see {@link termsOf} */
  readonly dueAtEpochMs?: EpochMs;
}

/** A finding as stored. Those opened by an early version have neither owner nor due date. */
export interface StoredFinding extends Finding {
  readonly status: 'open' | 'closed';
  readonly closedBy?: string;
  readonly closedAtEpochMs?: EpochMs;
  /** What shows that it was dealt with: a link, a ticket, a sentence. */
  readonly evidence?: string;
}

const hourMs = 3_600_000;

/** Who follows up which kind, and within how many hours. */
const terms: Readonly<Record<FindingKind, { readonly owner: string; readonly dueHours: number }>> = {
  'ledger-altered': { owner: 'security', dueHours: 24 },
  'rollback-failed': { owner: 'on-call', dueHours: 4 },
  'break-glass-review': { owner: 'security', dueHours: 72 },
  'autonomy-lowered': { owner: 'agent-owner', dueHours: 168 },
  'agent-cut-off': { owner: 'agent-owner', dueHours: 72 },
  'heartbeat-failed': { owner: 'on-call', dueHours: 4 },
  'drift-follow-up': { owner: 'workload-owner', dueHours: 168 },
};

/** Owner and due date of a finding of this kind. */
export function termsOf(kind: FindingKind, openedAtEpochMs: EpochMs) {
  const { owner, dueHours } = terms[kind];
  return { owner, dueAtEpochMs: openedAtEpochMs + dueHours * hourMs };
}

/** True once the due date has come; a finding without one never is. */
export function isOverdue(finding: Pick<Finding, 'dueAtEpochMs'>, now: EpochMs): boolean {
  return finding.dueAtEpochMs !== undefined && now >= finding.dueAtEpochMs;
}

/** The write that opens a finding, with its owner and due date; refused when it was opened before. */
export function openFinding(operationsTable: string, finding: Finding): Write {
  return {
    kind: 'put',
    table: operationsTable,
    item: {
      ...itemKeys.finding(finding.findingId),
      ...termsOf(finding.kind, finding.openedAtEpochMs),
      ...finding,
      status: 'open',
      statusKey: 'FINDING#open',
      statusAt: new Date(finding.openedAtEpochMs).toISOString(),
    },
    condition: 'attribute_not_exists(pk)',
  };
}
