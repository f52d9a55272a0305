import type { AgentOwners } from '../approvals/authority.ts';
import type { LedgerStore } from '../audit/ledger.store.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Database, Refusal } from '../platform/dynamodb.ts';
import { InterlockError } from '../platform/errors.ts';
import { controlChain, itemKeys } from '../platform/item-keys.ts';
import {
  type ExceptionDecision,
  type ExceptionRequest,
  type ExceptionStatus,
  exceptionIdFor,
  exceptionPolicy,
  exceptionStatuses,
  mayDecide,
  type PolicyException,
} from './exception.ts';

/** What became of a decision about an exception. */
export type ExceptionDecided =
  | { readonly outcome: 'decided'; readonly exception: PolicyException }
  | { readonly outcome: 'refused'; readonly reason: string };

/** The register of exceptions: every one ever requested, and who decided on it. */
export class ExceptionStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #table: string;
  readonly #agentOwners: () => Promise<AgentOwners>;

  /** @param agentOwners Asked for when somebody approves and not before: taking back must not wait for them. */
  constructor(
    database: Database,
    ledger: LedgerStore,
    operationsTable: string,
    agentOwners: () => Promise<AgentOwners>,
  ) {
    this.#database = database;
    this.#ledger = ledger;
    this.#table = operationsTable;
    this.#agentOwners = agentOwners;
  }

  /** Enters a request. It permits nothing until a second person approved it. */
  async request(request: ExceptionRequest, requestedBy: string, now: EpochMs): Promise<PolicyException> {
    const exceptionId = exceptionIdFor(request, requestedBy, now);
    const exception: PolicyException = {
      ...request,
      exceptionId,
      status: 'requested',
      requestedBy,
      requestedAtEpochMs: now,
      policy: exceptionPolicy({ ...request, exceptionId }),
    };
    const refusal = await this.#write(exception, 'requested', requestedBy, now, {
      condition: 'attribute_not_exists(pk)',
    });
    if (refusal === undefined) return exception;
    throw new InterlockError('exception.exists', `exception ${exceptionId} was requested already`);
  }

  /**
   * Decides, unless somebody else did meanwhile. An approval is of what was shown, for who may take as long as they
   * like to say yes, and is refused where another policy stands there by then:
   *
   *     Ben's command ── shows checkout ───────────────── yes ✗ (permits payments) ── changed since it was shown
   *     somebody      ──────────────────── overwrites it ✓
   *
   * @param shown The exception as it was shown to this person; an approval needs it.
   */
  async decide(
    exceptionId: string,
    decision: ExceptionDecision,
    person: string,
    now: EpochMs,
    shown?: PolicyException,
  ): Promise<ExceptionDecided> {
    const isApproval = decision === 'approved';
    const stored = await this.find(exceptionId);
    if (stored === undefined) return refused(`there is no exception ${exceptionId}`);
    if (isApproval && shown === undefined)
      return refused(`exception ${exceptionId} was not shown; only what was seen is approved`);
    const exception = isApproval && shown !== undefined ? { ...shown, exceptionId } : stored;
    const owners = isApproval ? await this.#agentOwners() : [];
    const may = mayDecide(exception, person, decision, owners, now);
    if (may.outcome === 'refused') return may;
    const decided: PolicyException = {
      ...exception,
      status: decision,
      decidedBy: person,
      decidedAtEpochMs: now,
    };
    const refusal = await this.#write(decided, decision, person, now, {
      condition: `#status = :from${isApproval ? ' AND policy = :policy AND requestedBy = :requestedBy' : ''}`,
      names: { '#status': 'status' },
      values: {
        ':from': exception.status,
        ...(isApproval ? { ':policy': exception.policy, ':requestedBy': exception.requestedBy } : {}),
      },
    });
    if (refusal === undefined) return { outcome: 'decided', exception: decided };
    return refused(
      refusal.item?.['status'] === exception.status
        ? `exception ${exceptionId} changed since it was shown; look at it again`
        : `exception ${exceptionId} was decided by somebody else meanwhile`,
    );
  }

  /** Strongly consistent. */
  async find(exceptionId: string): Promise<PolicyException | undefined> {
    const item = await this.#database.get(this.#table, itemKeys.exception(exceptionId));
    return item === undefined ? undefined : toException(item);
  }

  /** The register, newest first within each status; waiting ones first. */
  async list(): Promise<PolicyException[]> {
    const lists = await Promise.all(
      exceptionStatuses.map((status) => this.#database.byStatus(this.#table, `EXCEPTION#${status}`, 1_000)),
    );
    return lists.flat().map(toException);
  }

  async #write(
    exception: PolicyException,
    type: ExceptionStatus,
    person: string,
    now: EpochMs,
    only: { condition: string; names?: Record<string, string>; values?: Record<string, string> },
  ): Promise<Refusal | undefined> {
    const { exceptionId, owner, ticket, reason, agentRole, action, targetKey, environment } = exception;
    const { expiresAtEpochMs } = exception;
    const scope = { agentRole, action, targetKey, environment, expiresAtEpochMs };
    const result = await this.#ledger.commit(
      controlChain('exception', now),
      [
        {
          type: `exception.${type}`,
          atEpochMs: now,
          actor: { kind: 'person', id: person },
          detail: { exceptionId, owner, ticket, reason, ...scope },
        },
      ],
      [
        {
          kind: 'put',
          table: this.#table,
          item: {
            ...itemKeys.exception(exceptionId),
            ...exception,
            statusKey: `EXCEPTION#${exception.status}`,
            statusAt: new Date(now).toISOString(),
          },
          ...only,
        },
      ],
    );
    return result.outcome === 'committed' ? undefined : (result.refusals[0] ?? { item: undefined });
  }
}

function refused(reason: string): ExceptionDecided {
  return { outcome: 'refused', reason };
}

function toException(item: Record<string, unknown>): PolicyException {
  const { pk: _pk, sk: _sk, statusKey: _key, statusAt: _at, ...exception } = item;
  return exception as unknown as PolicyException;
}
