import type { LedgerStore } from '../audit/ledger.store.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError, InvalidInputError } from '../platform/errors.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import {
  type Approval,
  approveUnderBreakGlass,
  castVote,
  expire,
  type TooLateReason,
  type Vote,
  type VoteOutcome,
} from './approval.ts';
import { approvalEvents } from './approval-events.ts';
import { approvalStatusKeys, statusOf, toApproval, toApprovalItem } from './approval-item.ts';
import type { Authority } from './authority.ts';

/** How often a writer re-reads after somebody else wrote first, before it gives up. */
const attempts = 30;

/** How long a token outlives its approval, so that a late callback can still be tried. */
const tokenGraceSeconds = 86_400;

/** `token-replaced`: the same request again, with a new token for the execution that waits now. */
export type CreateOutcome = 'requested' | 'token-replaced' | 'already-expired';

/** Everything that writes an approval. Each write names the version it read and carries its ledger entries. */
export class ApprovalStore {
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
   * it; where people have decided meanwhile, the decision is put up for delivery once more, to the execution
   * that waits now.
   *
   * @throws InvalidInputError `approval.bound-elsewhere` when the id already stands for another plan.
   */
  async create(approval: Approval, ciphertext: Uint8Array): Promise<CreateOutcome> {
    const { approvalId, incidentId } = approval;
    const token = this.#putToken(approval, ciphertext);
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
      const replaced = await this.#database.transact([this.#replace(existing, asked), token]);
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
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const approval = await this.get(approvalId);
      if (approval === undefined || approval.planDigest !== planDigest) return { outcome: 'unknown' };
      const cast: Vote = { ...vote, atEpochMs: this.#clock() };
      const result = castVote(approval, cast, authority, usableSeconds);
      if (result.outcome !== 'recorded') return result;
      const committed = await this.#ledger.commit(
        incidentChain(approval.incidentId),
        approvalEvents.voted(result.approval, cast),
        [this.#replacePending(approval, result.approval, cast.atEpochMs)],
      );
      if (committed.outcome === 'committed') return result;
    }
    throw contention(approvalId);
  }

  /** Ends the wait: a decision that was made stands, anything else becomes expired. */
  async expire(approvalId: string, by: 'settle-approval' | 'approval-sweep'): Promise<Approval | undefined> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const approval = await this.get(approvalId);
      if (approval === undefined) return undefined;
      const now = this.#clock();
      const result = expire(approval, now);
      if (result.outcome === 'already-decided') return approval;
      const committed = await this.#ledger.commit(
        incidentChain(approval.incidentId),
        [approvalEvents.expired(approval, now, by)],
        [this.#replace(approval, result.approval)],
      );
      if (committed.outcome === 'committed') return result.approval;
    }
    throw contention(approvalId);
  }

  /**
   * What approves a pending approval under a broken glass: for the transaction that breaks it. Nothing where it
   * is not pending any more.
   */
  async breakGlassWrites(
    approvalId: string,
    by: string,
    glassExpiresAtEpochMs: number,
  ): Promise<{ readonly event: LedgerEvent; readonly write: Write } | undefined> {
    const approval = await this.get(approvalId);
    if (approval === undefined) return undefined;
    const now = this.#clock();
    const result = approveUnderBreakGlass(approval, by, now, glassExpiresAtEpochMs);
    if (result.outcome === 'not-pending') return undefined;
    return {
      event: approvalEvents.approvedUnderBreakGlass(result.approval, by, now),
      write: this.#replacePending(approval, result.approval, now),
    };
  }

  /** Notes that telling the execution begins. Refused when somebody else has written meanwhile: read again. */
  async beginCallback(approval: Approval): Promise<Approval | 'superseded'> {
    const begun = {
      ...approval,
      callbackAttempts: approval.callbackAttempts + 1,
      version: approval.version + 1,
    };
    const result = await this.#database.transact([this.#replace(approval, begun)]);
    return result.outcome === 'committed' ? begun : 'superseded';
  }

  /** The execution knows, or is known to wait no more; the latter is reported in the ledger. */
  async markDelivered(approval: Approval, tooLate?: TooLateReason): Promise<'marked' | 'superseded'> {
    const write = this.#replace(approval, {
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

  /** Makes a channel that failed visible where auditors look. */
  async recordNotificationFailure(approval: Approval): Promise<void> {
    const event = approvalEvents.notificationFailed(approval, this.#clock());
    await this.#ledger.commit(incidentChain(approval.incidentId), [event], []);
  }

  #replacePending(before: Approval, after: Approval, now: number): Write {
    const write = this.#replace(before, after);
    return {
      ...write,
      condition: `${write.condition} AND #status = :pending AND expiresAtEpochMs > :now`,
      values: { ...write.values, ':pending': 'pending', ':now': now },
    };
  }

  /** Writes what may change, if nobody has written since `before` was read. */
  #replace(before: Approval, after: Approval) {
    const { statusKey, statusAt } = statusOf(after);
    const optional = (
      ['decidedAtEpochMs', 'usableUntilEpochMs', 'callbackTooLate', 'breakGlassBy'] as const
    ).filter((name) => after[name] !== undefined);
    return {
      kind: 'update',
      table: this.#table,
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

  #putToken(approval: Approval, ciphertext: Uint8Array): Write {
    return {
      kind: 'put',
      table: this.#table,
      item: {
        ...itemKeys.approvalToken(approval.approvalId),
        ciphertext,
        ttlEpochSeconds: Math.ceil(approval.expiresAtEpochMs / 1_000) + tokenGraceSeconds,
      },
    };
  }
}

function contention(approvalId: string): DependencyUnavailableError {
  return new DependencyUnavailableError(
    'approval.contention',
    `approval ${approvalId} changed ${attempts} times while it was being written; try again`,
  );
}
