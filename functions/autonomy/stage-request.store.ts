import type { AgentOwners } from '../approvals/authority.ts';
import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import { digestOf } from '../platform/digest.ts';
import type { Database, Item } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { randomId } from '../platform/ids.ts';
import { controlChain, itemKeys } from '../platform/item-keys.ts';
import { personOf } from '../platform/person.ts';
import type { AutonomyStage } from '../platform/vocabulary.ts';
import type { RaiseEvidence } from './raise-evidence.ts';
import type { StageStore } from './stage.store.ts';
import { nextStage, type StageItem, type StageReading } from './stage.ts';
import {
  approvalRefusal,
  type StageRequest,
  type StageRequestRefusal,
  stageRequestLifeMs,
} from './stage-request.ts';
import { decidedRequest, requestEntry, statusMembers } from './stage-request-writes.ts';
import { policiesChanged, putStage, stageEntry } from './stage-writes.ts';

/** Why a request was not decided. */
export type UndecidedRequest =
  | { readonly outcome: 'unknown' }
  | { readonly outcome: StageRequestRefusal; readonly request: StageRequest };

/** Requests to raise a stage: asked by one person, granted by another. */
export class StageRequestStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #tables: { readonly controls: string; readonly operations: string };
  readonly #stages: StageStore;
  readonly #agentOwners: AgentOwners;
  readonly #clock: Clock;

  constructor(
    database: Database,
    ledger: LedgerStore,
    tables: { readonly controls: string; readonly operations: string },
    stages: StageStore,
    agentOwners: AgentOwners,
    clock: Clock,
  ) {
    this.#database = database;
    this.#ledger = ledger;
    this.#tables = tables;
    this.#stages = stages;
    this.#agentOwners = agentOwners;
    this.#clock = clock;
  }

  /**
   * Asks for a stage. Nothing changes until somebody else approves.
   *
   * @throws InterlockError `autonomy.policies-changed`.
   */
  async request(
    before: StageReading,
    to: AutonomyStage,
    by: string,
    reason: string,
    evidence: RaiseEvidence,
  ): Promise<StageRequest | 'unknown-person'> {
    const person = personOf(by);
    if (person === undefined) return 'unknown-person';
    const now = this.#clock();
    const { environment, agentRole, actionClass } = before;
    const request: StageRequest = {
      environment,
      agentRole,
      actionClass,
      requestId: `raise-${randomId().slice(0, 12)}`,
      from: before.stage,
      to,
      againstVersion: before.version,
      reason,
      requestedBy: by,
      requestedByPerson: person,
      requestedAtEpochMs: now,
      expiresAtEpochMs: now + stageRequestLifeMs,
      status: 'requested',
      evidence,
      evidenceDigest: digestOf(evidence),
    };
    const result = await this.#ledger.commit(
      controlChain('autonomy', now),
      [requestEntry('autonomy.raise-requested', request, by, now, reason)],
      [
        {
          kind: 'put',
          table: this.#tables.operations,
          item: {
            ...itemKeys.stageRequest(request.requestId),
            ...request,
            ...statusMembers('requested', now),
          },
          condition: 'attribute_not_exists(pk)',
        },
        ...this.#stages.declaredUnmoved(),
      ],
    );
    if (result.outcome === 'committed') return request;
    if (result.refusals[1] !== undefined) throw policiesChanged();
    throw new DependencyUnavailableError('autonomy.not-requested', 'the request was not stored; ask again');
  }

  /** Strongly consistent. */
  async find(requestId: string): Promise<StageRequest | undefined> {
    const item = await this.#database.get(this.#tables.operations, itemKeys.stageRequest(requestId));
    return item === undefined ? undefined : toRequest(item);
  }

  /** A request beside what is in force now, and why this person may not approve it, where that is so. */
  async asked(
    requestId: string,
    by: string,
  ): Promise<
    | {
        readonly request: StageRequest;
        readonly inForce: StageReading;
        readonly refusal?: StageRequestRefusal;
      }
    | undefined
  > {
    const request = await this.find(requestId);
    if (request === undefined) return undefined;
    const inForce = await this.#stages.inForce(request);
    const refusal = approvalRefusal(request, inForce, by, this.#agentOwners, this.#clock());
    return { request, inForce, ...(refusal === undefined ? {} : { refusal }) };
  }

  /** Newest first, for people. */
  async list(status: StageRequest['status']): Promise<StageRequest[]> {
    return (await this.#database.byStatus(this.#tables.operations, `STAGE-REQUEST#${status}`)).map(toRequest);
  }

  /**
   * Raises the stage to what was shown, for who may take as long as they like to say yes. The agent's owner may not.
   * That the request is still the one that was shown, that the approver is another person, that nobody decided
   * before, that it has not expired, that the stage is the one it was asked for and that no other policies were
   * published is checked in the very write:
   *
   *     Ben approves  ── reads version 3 ───────────────────── writes 4 ✗ (version is 4) ── stage-changed
   *     review lowers ── reads version 3 ── writes version 4 ✓
   *
   *     Ben's command ── shows `suggest` ──────────────── yes ✗ (asks for `guarded`) ── changed-since-shown
   *     somebody      ───────────────────── overwrites it ✓
   */
  async approve(
    requestId: string,
    by: string,
    shown: StageRequest,
  ): Promise<{ readonly outcome: 'raised'; readonly item: StageItem } | UndecidedRequest> {
    const stored = await this.find(requestId);
    if (stored === undefined) return { outcome: 'unknown' };
    const request: StageRequest = { ...shown, requestId, status: stored.status };
    const before = await this.#stages.inForce(request);
    const now = this.#clock();
    const refusal = approvalRefusal(request, before, by, this.#agentOwners, now);
    if (refusal !== undefined) return { outcome: refusal, request };
    const item = nextStage(before, {
      stage: request.to,
      changedBy: by,
      changedAtEpochMs: now,
      reason: request.reason,
      cause: 'raised',
    });
    const { requestedBy, evidenceDigest } = request;
    const result = await this.#ledger.commit(
      controlChain('autonomy', now),
      [
        stageEntry(
          'autonomy.raised',
          before.stage,
          item,
          { kind: 'person', id: by },
          { requestId, requestedBy, evidenceDigest },
        ),
      ],
      [
        decidedRequest(this.#tables.operations, request, 'approved', by, now),
        putStage(this.#tables.controls, before, item),
        ...this.#stages.declaredUnmoved(),
      ],
    );
    if (result.outcome === 'committed') return { outcome: 'raised', item };
    const [decided, stage] = result.refusals;
    if (decided !== undefined) {
      const isWaiting = decided.item?.['status'] === 'requested';
      return { outcome: isWaiting ? 'changed-since-shown' : 'already-decided', request };
    }
    return { outcome: stage === undefined ? 'policies-changed' : 'stage-changed', request };
  }

  /** Ends a request without effect; whoever asked may withdraw it like this. */
  async reject(
    requestId: string,
    by: string,
    reason: string,
  ): Promise<{ readonly outcome: 'rejected' } | UndecidedRequest> {
    const request = await this.find(requestId);
    if (request === undefined) return { outcome: 'unknown' };
    if (request.status !== 'requested') return { outcome: 'already-decided', request };
    if (personOf(by) === undefined) return { outcome: 'unknown-person', request };
    const now = this.#clock();
    const result = await this.#ledger.commit(
      controlChain('autonomy', now),
      [requestEntry('autonomy.raise-rejected', request, by, now, reason)],
      [decidedRequest(this.#tables.operations, request, 'rejected', by, now, reason)],
    );
    return result.outcome === 'committed' ? { outcome: 'rejected' } : { outcome: 'already-decided', request };
  }
}

function toRequest(item: Item): StageRequest {
  const { pk: _pk, sk: _sk, statusKey: _statusKey, statusAt: _statusAt, ...request } = item;
  return request as unknown as StageRequest;
}
