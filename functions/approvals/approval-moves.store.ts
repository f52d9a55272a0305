import type { LedgerStore } from '../audit/ledger.store.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { Clock, EpochMs } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import type { Approval } from './approval.ts';
import { toApproval } from './approval-item.ts';
import { replacePendingWrite } from './approval-writes.ts';
import { type NoticeKind, noticeWrite } from './notice.ts';

/** How often a writer re-reads after somebody else wrote first, before it gives up. */
export const attempts = 30;

/** What somebody wants of an approval as it stands: an answer, and what is written where that changes anything. */
export interface Move<Answer> {
  readonly answer: Answer;
  readonly write?: {
    readonly after: Approval;
    readonly events: readonly LedgerEvent[];
    readonly notice: NoticeKind;
    /** It must not have expired at this instant; absent where its expiry is what is written. */
    readonly aliveAt?: EpochMs;
    readonly further?: readonly Write[];
    /** What must hold elsewhere; where it does not, nothing is written and that is the answer. */
    readonly only?: { readonly when: Write; readonly otherwise: Answer };
  };
}

/** Moves pending approvals on: the write, its ledger entries and what people are told are one transaction. */
export class ApprovalMoves {
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

  /** Strongly consistent. */
  async get(approvalId: string): Promise<Approval | undefined> {
    const item = await this.#database.get(this.#table, itemKeys.approval(approvalId));
    return item === undefined ? undefined : toApproval(item);
  }

  /**
   * Moves a pending approval on as `judge` says, or leaves it as it is; nothing where there is no such approval.
   * A lost race is read again and judged anew.
   *
   * @throws DependencyUnavailableError `approval.contention` when it was lost too often.
   */
  async move<Answer>(
    approvalId: string,
    judge: (approval: Approval, now: EpochMs) => Move<Answer> | Promise<Move<Answer>>,
  ): Promise<Answer | undefined> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const approval = await this.get(approvalId);
      if (approval === undefined) return undefined;
      const now = this.#clock();
      const { answer, write } = await judge(approval, now);
      if (write === undefined) return answer;
      const { after, events, notice, aliveAt, further = [], only } = write;
      const committed = await this.#ledger.commit(incidentChain(approval.incidentId), events, [
        replacePendingWrite(this.#table, approval, after, aliveAt),
        noticeWrite(this.#table, after, notice, now),
        ...further,
        ...(only === undefined ? [] : [only.when]),
      ]);
      if (committed.outcome === 'committed') return answer;
      const { refusals } = committed;
      if (only !== undefined && refusals[0] === undefined && refusals.at(-1) !== undefined) {
        return only.otherwise;
      }
    }
    throw contention(approvalId);
  }
}

/** Somebody else wrote first, again and again. */
export function contention(approvalId: string): DependencyUnavailableError {
  return new DependencyUnavailableError(
    'approval.contention',
    `approval ${approvalId} changed ${attempts} times while it was being written; try again`,
  );
}
