import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { type Approval, canBeApprovalId } from './approval.ts';
import { approvalEvents } from './approval-events.ts';
import { toApproval } from './approval-item.ts';
import { noteRefusal, type RefusalEvidence, refusalMark, type VoteRefusal } from './refused-vote.ts';

/** Evidence of votes that did not count: a ledger entry, and its mark on the approval that keeps it to one. */
export class RefusedVoteStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #table: string;
  readonly #clock: Clock;

  constructor(database: Database, ledger: LedgerStore, table: string, clock: Clock) {
    this.#database = database;
    this.#ledger = ledger;
    this.#table = table;
    this.#clock = clock;
  }

  /**
   * Writes entry and mark together, bounded as {@link noteRefusal} says; nothing else of the approval changes.
   * Marks are only ever added, so as many as were read are those that were read. A writer that loses the race reads
   * again, at most once for each place that was free:
   *
   *     A reads no mark ── writes mark and entry ✓
   *     B reads no mark ─────────────────────────── writes mark and entry ✗ (one more) ── reads it: recorded before
   */
  async record(approvalId: string, identityId: string, because: VoteRefusal): Promise<RefusalEvidence> {
    if (!canBeApprovalId(approvalId)) return 'unknown';
    for (;;) {
      const item = await this.#database.get(this.#table, itemKeys.approval(approvalId));
      if (item === undefined) return 'unknown';
      const approval = toApproval(item);
      const noted = noteRefusal(approval, identityId, because);
      if (typeof noted === 'string') return noted;
      const committed = await this.#ledger.commit(
        incidentChain(approval.incidentId),
        [approvalEvents.voteRefused(approval, identityId, this.#clock(), because)],
        [markWrite(this.#table, approval, refusalMark(identityId, because))],
      );
      if (committed.outcome === 'committed') return 'recorded';
    }
  }
}

/** Adds a mark to those that were read. */
function markWrite(table: string, { approvalId, refusedVotes }: Approval, mark: string): Write {
  return {
    kind: 'update',
    table,
    key: itemKeys.approval(approvalId),
    update: 'SET refusedVotes = list_append(if_not_exists(refusedVotes, :none), :marks)',
    condition:
      refusedVotes === undefined
        ? 'attribute_exists(pk) AND attribute_not_exists(refusedVotes)'
        : 'size(refusedVotes) = :read',
    values: {
      ':none': [],
      ':marks': [mark],
      ...(refusedVotes === undefined ? {} : { ':read': refusedVotes.length }),
    },
  };
}
