import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { canBeApprovalId } from './approval.ts';
import { approvalEvents } from './approval-events.ts';
import { toApproval } from './approval-item.ts';
import {
  noteRefusal,
  type RefusalEvidence,
  refusalMark,
  refusalsRecordedAtMost,
  type VoteRefusal,
} from './refused-vote.ts';

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
   * A writer that loses the race has lost it to the same evidence or to the last place:
   *
   *     A reads no mark ── writes mark and entry ✓
   *     B reads no mark ─────────────────────────── writes mark and entry ✗ (marked): recorded before
   */
  async record(approvalId: string, identityId: string, because: VoteRefusal): Promise<RefusalEvidence> {
    if (!canBeApprovalId(approvalId)) return 'unknown';
    const item = await this.#database.get(this.#table, itemKeys.approval(approvalId));
    if (item === undefined) return 'unknown';
    const approval = toApproval(item);
    const noted = noteRefusal(approval, identityId, because);
    if (typeof noted === 'string') return noted;
    const mark = refusalMark(identityId, because);
    const committed = await this.#ledger.commit(
      incidentChain(approval.incidentId),
      [approvalEvents.voteRefused(approval, identityId, this.#clock(), because)],
      [
        {
          kind: 'update',
          table: this.#table,
          key: itemKeys.approval(approvalId),
          update: 'SET refusedVotes = list_append(if_not_exists(refusedVotes, :none), :marks)',
          condition: `attribute_exists(pk) AND (attribute_not_exists(refusedVotes)
            OR (NOT contains(refusedVotes, :mark) AND size(refusedVotes) < :most))`,
          values: { ':none': [], ':marks': [mark], ':mark': mark, ':most': refusalsRecordedAtMost },
        },
      ],
    );
    return committed.outcome === 'committed' ? 'recorded' : 'recorded-before';
  }
}
