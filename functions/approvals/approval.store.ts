import type { LedgerStore } from '../audit/ledger.store.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { Plan } from '../change/plan.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { InvalidInputError } from '../platform/errors.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import type { Approval, CancelReason, TooLateReason, Vote } from './approval.ts';
import { approvalEvents } from './approval-events.ts';
import { approvalStatusKeys, toApproval, toApprovalItem } from './approval-item.ts';
import { ApprovalMoves, attempts, contention } from './approval-moves.store.ts';
import { approveUnderBreakGlass, cancel, castVote, expire, type VoteOutcome } from './approval-moves.ts';
import { incidentIsMoot, replacePendingWrite, replaceWrite, tokenWrite } from './approval-writes.ts';
import { escalate, remind } from './ask-again.ts';
import type { Authority } from './authority.ts';
import { neverAgainWrite, saysNeverAgain } from './never-again.ts';
import { type Channel, type NoticeKind, noticeWrite } from './notice.ts';

/** `token-replaced`: the same request again, with a new token for the execution that waits now. */
export type CreateOutcome = 'requested' | 'token-replaced' | 'already-expired';

/**
 * Everything that writes an approval. Each write names the version it read and carries, in one transaction, its
 * ledger entries and what people are to be told of it: nothing becomes true unseen or unsaid.
 */
export class ApprovalStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #table: string;
  readonly #clock: Clock;
  readonly #moves: ApprovalMoves;

  constructor(database: Database, ledger: LedgerStore, table: string, clock: Clock) {
    this.#database = database;
    this.#ledger = ledger;
    this.#table = table;
    this.#clock = clock;
    this.#moves = new ApprovalMoves(database, ledger, table, clock);
  }

  /** Strongly consistent. */
  get(approvalId: string): Promise<Approval | undefined> {
    return this.#moves.get(approvalId);
  }

  /** The encrypted task token, for the callback. */
  async tokenOf(approvalId: string): Promise<Uint8Array | undefined> {
    const item = await this.#database.get(this.#table, itemKeys.approvalToken(approvalId));
    return item?.['ciphertext'] as Uint8Array | undefined;
  }

  /** Of one list, oldest first; eventually consistent: for pages and sweeps. */
  async list(status: keyof typeof approvalStatusKeys, limit: number): Promise<Approval[]> {
    const longestWaitingFirst = { oldestFirst: true };
    return (
      await this.#database.byStatus(this.#table, approvalStatusKeys[status], limit, longestWaitingFirst)
    ).map(toApproval);
  }

  /**
   * Stores the request and its encrypted token. A retried task carries a new token, so asking again replaces
   * it; where people have decided meanwhile, or nobody needs to any more, that is put up for delivery once more,
   * to the execution that waits now.
   *
   * @throws InvalidInputError `approval.bound-elsewhere` when the id already stands for another plan.
   */
  async create(approval: Approval, ciphertext: Uint8Array): Promise<CreateOutcome> {
    const { approvalId, incidentId } = approval;
    const token = tokenWrite(this.#table, approval, ciphertext);
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const created = await this.#ledger.commit(
        incidentChain(incidentId),
        [approvalEvents.requested(approval)],
        [
          {
            kind: 'put',
            table: this.#table,
            item: toApprovalItem(approval),
            condition: 'attribute_not_exists(pk)',
          },
          token,
          noticeWrite(this.#table, approval, 'requested', approval.requestedAtEpochMs),
        ],
      );
      if (created.outcome === 'committed') return 'requested';
      const existing = await this.get(approvalId);
      if (existing === undefined) continue;
      if (existing.incidentId !== incidentId || existing.planDigest !== approval.planDigest) {
        throw new InvalidInputError(
          'approval.bound-elsewhere',
          `approval ${approvalId} stands for another plan; ask under a new id`,
        );
      }
      if (existing.status === 'expired') return 'already-expired';
      const asked = { ...existing, callbackDelivered: false };
      const replaced = await this.#database.transact([replaceWrite(this.#table, existing, asked), token]);
      if (replaced.outcome === 'committed') return 'token-replaced';
    }
    throw contention(approvalId);
  }

  /**
   * Records one vote, first come first served; a lost race is read again and judged anew.
   *
   *     Ana approves  ── reads v1 ── writes v2 approved ✓
   *     Ben rejects   ── reads v1 ───────────────────── writes v2 ✗ ── reads v2: already decided
   *
   * @param planDigest What the voter's authority was judged on.
   */
  async vote(
    approvalId: string,
    planDigest: string,
    vote: Omit<Vote, 'atEpochMs'>,
    authority: Authority,
    usableSeconds: number,
  ): Promise<VoteOutcome | { readonly outcome: 'unknown' }> {
    const answer = await this.#moves.move<VoteOutcome | { readonly outcome: 'unknown' }>(
      approvalId,
      async (approval, now) => {
        if (approval.planDigest !== planDigest) return { answer: { outcome: 'unknown' } };
        const cast: Vote = { ...vote, atEpochMs: now };
        const result = castVote(approval, cast, authority, usableSeconds);
        if (result.outcome !== 'recorded') return { answer: result };
        const after = result.approval;
        const events = approvalEvents.voted(after, cast);
        const notice = after.status === 'pending' ? 'progress' : 'outcome';
        const further = saysNeverAgain(cast) ? await this.#neverAgain(after, cast) : [];
        return { answer: result, write: { after, events, notice, aliveAt: now, further } };
      },
    );
    return answer ?? { outcome: 'unknown' };
  }

  /** Ends the wait: what was decided or cancelled stands, anything else becomes expired. */
  async expire(approvalId: string, by: 'settle-approval' | 'approval-sweep'): Promise<Approval | undefined> {
    return this.#moves.move(approvalId, (approval, now) => {
      const { outcome, approval: after } = expire(approval, now, by === 'approval-sweep');
      if (outcome === 'already-decided') return { answer: approval };
      const events = [approvalEvents.expired(approval, now, by)];
      return { answer: after, write: { after, events, notice: 'outcome' } };
    });
  }

  /**
   * Ends the wait because nobody needs to decide any more. Answers with what stands: a decision that was made first
   * stays, and so does the question where the incident needs somebody again by then.
   */
  async cancel(
    approvalId: string,
    because: CancelReason,
    by: 'incident-watch' | 'approval-sweep',
  ): Promise<Approval | undefined> {
    return this.#moves.move(approvalId, (approval, now) => {
      const { outcome, approval: after } = cancel(approval, because, now);
      if (outcome === 'not-pending') return { answer: approval };
      const events = [approvalEvents.cancelled(approval, now, because, by)];
      const only = { when: incidentIsMoot(this.#table, approval), otherwise: approval };
      return { answer: after, write: { after, events, notice: 'outcome', aliveAt: now, only } };
    });
  }

  /** Asks the same people again where {@link remind} says that it is time. */
  async remind(approvalId: string): Promise<'reminded' | 'not-due'> {
    const answer = await this.#moves.move<'reminded' | 'not-due'>(approvalId, (approval, now) => {
      const { outcome, approval: after } = remind(approval, now);
      if (outcome === 'not-due') return { answer: 'not-due' };
      const events = [approvalEvents.reminded(approval, now)];
      return { answer: 'reminded', write: { after, events, notice: 'reminder', aliveAt: now } };
    });
    return answer ?? 'not-due';
  }

  /** Asks those who join at escalation where {@link escalate} says that it is time. */
  async escalate(approvalId: string): Promise<'escalated' | 'not-due'> {
    const answer = await this.#moves.move<'escalated' | 'not-due'>(approvalId, (approval, now) => {
      const { outcome, approval: after } = escalate(approval, now);
      if (outcome === 'not-due') return { answer: 'not-due' };
      const events = [approvalEvents.escalated(approval, now)];
      return { answer: 'escalated', write: { after, events, notice: 'escalated', aliveAt: now } };
    });
    return answer ?? 'not-due';
  }

  /**
   * What approves a pending approval under a broken glass: for the transaction that breaks it. Nothing where it
   * is not pending any more.
   */
  async breakGlassWrites(
    approvalId: string,
    by: string,
    glassExpiresAtEpochMs: number,
  ): Promise<{ readonly event: LedgerEvent; readonly writes: readonly Write[] } | undefined> {
    const approval = await this.get(approvalId);
    if (approval === undefined) return undefined;
    const now = this.#clock();
    const { outcome, approval: after } = approveUnderBreakGlass(approval, by, now, glassExpiresAtEpochMs);
    if (outcome === 'not-pending') return undefined;
    return {
      event: approvalEvents.approvedUnderBreakGlass(after, by, now),
      writes: [
        replacePendingWrite(this.#table, approval, after, now),
        noticeWrite(this.#table, after, 'outcome', now),
      ],
    };
  }

  /** Notes that telling the execution begins. Refused when somebody else has written meanwhile: read again. */
  async beginCallback(approval: Approval): Promise<Approval | 'superseded'> {
    const begun = {
      ...approval,
      callbackAttempts: approval.callbackAttempts + 1,
      version: approval.version + 1,
    };
    const result = await this.#database.transact([replaceWrite(this.#table, approval, begun)]);
    return result.outcome === 'committed' ? begun : 'superseded';
  }

  /** The execution knows, or is known to wait no more; the latter is reported in the ledger. */
  async markDelivered(approval: Approval, tooLate?: TooLateReason): Promise<'marked' | 'superseded'> {
    const write = replaceWrite(this.#table, approval, {
      ...approval,
      callbackDelivered: true,
      ...(tooLate === undefined ? {} : { callbackTooLate: tooLate }),
    });
    const result =
      tooLate === undefined
        ? await this.#database.transact([write])
        : await this.#ledger.commit(
            incidentChain(approval.incidentId),
            [approvalEvents.callbackTooLate(approval, this.#clock(), tooLate)],
            [write],
          );
    return result.outcome === 'committed' ? 'marked' : 'superseded';
  }

  /** Makes a channel that failed visible where auditors look: one entry for each call. */
  async recordNotificationFailure(approval: Approval, channel: Channel, kind: NoticeKind): Promise<void> {
    const event = approvalEvents.notificationFailed(approval, this.#clock(), channel, kind);
    await this.#ledger.commit(incidentChain(approval.incidentId), [event], []);
  }

  /** A plan that is gone leaves nothing to learn from; the rejection itself stands either way. */
  async #neverAgain(approval: Approval, cast: Vote): Promise<readonly Write[]> {
    const item = await this.#database.get(
      this.#table,
      itemKeys.plan(approval.incidentId, approval.planDigest),
    );
    const plan = item?.['plan'] as Plan | undefined;
    return plan === undefined ? [] : [neverAgainWrite(this.#table, approval, plan, cast)];
  }
}
