import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Item, Refusal, Write } from '../platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { readKillSwitch } from '../platform/kill-switch-reading.store.ts';
import {
  countApprovers,
  explainApproval,
  explainDecision,
  explainRefusal,
  type FailedConditions,
  permits,
  refused,
} from './authorisation.ts';
import type { AuthoriseResult, Gate } from './change-protocol.ts';
import { parseChange, parseLock } from './change-record.ts';
import {
  type ChangeTables,
  changeEntries,
  isLocked,
  type LockedChange,
  moveChange,
  moveLock,
} from './change-writes.ts';
import type { Plan } from './plan.ts';
import { checkStoredPlan } from './stored-plan.ts';

export interface AuthoriseSettings extends ChangeTables {
  readonly environment: string;
  /** Digest of the policies that are deployed now. */
  readonly policyDigest: string;
  readonly lockLeaseSeconds: number;
}

/** The order of the writes in the transaction; refusals line up with it. */
const parts = ['change', 'killSwitch', 'decision', 'plan', 'lock', 'approval'] as const;

/**
 * The one gate in front of every effect. Everything that must be true for a change to start is checked in one
 * transaction with the write that starts it, so that no answer can go stale in between:
 *
 *     kill switch written ──┐
 *                           ├── whichever commits first: a start before it is visible as in flight,
 *     authorise committed ──┘   a start after it is refused
 */
export class AuthoriseStore implements Gate {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #settings: AuthoriseSettings;
  readonly #clock: Clock;

  constructor(database: Database, ledger: LedgerStore, settings: AuthoriseSettings, clock: Clock) {
    this.#database = database;
    this.#ledger = ledger;
    this.#settings = settings;
    this.#clock = clock;
  }

  async authorise(changeId: string, fencingToken: number): Promise<AuthoriseResult> {
    const item = await this.#database.get(this.#settings.operations, itemKeys.change(changeId));
    const change = item === undefined ? undefined : parseChange(item);
    if (change === undefined || !isLocked(change)) return refused('status', 'the change is not recorded');
    if (change.fencingToken !== fencingToken) {
      return refused('lock', 'the target lock is not held under this fencing token');
    }
    if (change.status === 'executing') return this.#authorisedBefore();
    if (change.status !== 'snapshotted') return refused('status', `the change is ${change.status}`);
    const plan = await this.#get(itemKeys.plan(change.incidentId, change.planDigest));
    const check = checkStoredPlan(plan?.['plan'], { ...change, environment: this.#settings.environment });
    if (check.outcome === 'unsound') return refused('decision', check.reason);
    if (check.targetKey !== change.targetKey || check.plan.action !== change.action) {
      return refused('decision', 'the change was opened for another action or target');
    }
    const decision = await this.#get(itemKeys.decision(change.incidentId, change.planDigest));
    return this.#start(change, check.plan, decision);
  }

  /** The answer to an earlier request got lost. The start stands, but nothing more begins under a kill switch. */
  async #authorisedBefore(): Promise<AuthoriseResult> {
    return (await readKillSwitch(this.#database, this.#settings.controls)) === 'released'
      ? { outcome: 'authorised' }
      : refused('kill-switch', 'the kill switch is engaged');
  }

  async #start(change: LockedChange, plan: Plan, decision: Item | undefined): Promise<AuthoriseResult> {
    const now = this.#clock();
    const { policyDigest } = this.#settings;
    const subject = { ...change, policyDigest };
    if (!permits(decision)) return explainDecision(decision, subject);
    const approvalId = decision['outcome'] === 'require-approval' ? decision['approvalId'] : undefined;
    if (decision['outcome'] === 'require-approval' && typeof approvalId !== 'string') {
      return refused('approval', 'the decision asks for an approval but names none');
    }
    const approval =
      typeof approvalId === 'string' ? await this.#get(itemKeys.approval(approvalId)) : undefined;
    if (typeof approvalId === 'string' && countApprovers(approval) < quorumOf(decision)) {
      return explainApproval(approval, subject, now);
    }
    const result = await this.#ledger.commit(
      incidentChain(change.incidentId),
      changeEntries(['change.started'], change, now, {
        policyDigest,
        ...(typeof approvalId === 'string' ? { approvalId } : {}),
      }),
      this.#conditions(change, plan, decision, approval, now),
    );
    if (result.outcome === 'committed') return { outcome: 'authorised' };
    return explainRefusal(this.#failed(result.refusals), subject, now);
  }

  #conditions(
    change: LockedChange,
    plan: Plan,
    decision: Readonly<Record<string, unknown>>,
    approval: Item | undefined,
    now: number,
  ): Write[] {
    const { controls, operations, lockLeaseSeconds } = this.#settings;
    const { incidentId, planDigest } = change;
    const leaseExpiresAtEpochMs = now + lockLeaseSeconds * 1_000;
    const outcome = String(decision['outcome']);
    const approvalId = decision['approvalId'];
    return [
      moveChange(this.#settings, change, 'executing', now, { startedAtEpochMs: now }),
      {
        kind: 'check',
        table: controls,
        key: itemKeys.killSwitch('global'),
        condition: 'engaged = :off',
        values: { ':off': false },
      },
      {
        kind: 'check',
        table: operations,
        key: itemKeys.decision(incidentId, planDigest),
        condition:
          '#outcome = :outcome AND policyDigest = :policy AND planDigest = :plan' +
          (outcome === 'auto' ? '' : ' AND approvalId = :approval AND #quorum = :quorum'),
        names: { '#outcome': 'outcome', ...(outcome === 'auto' ? {} : { '#quorum': 'quorum' }) },
        values: {
          ':outcome': outcome,
          ':policy': this.#settings.policyDigest,
          ':plan': planDigest,
          ...(outcome === 'auto' ? {} : { ':approval': String(approvalId), ':quorum': quorumOf(decision) }),
        },
      },
      {
        kind: 'check',
        table: operations,
        key: itemKeys.plan(incidentId, planDigest),
        // The very document whose digest was recomputed a moment ago.
        condition: 'planDigest = :digest AND #plan = :plan',
        names: { '#plan': 'plan' },
        values: { ':digest': planDigest, ':plan': plan },
      },
      moveLock(
        this.#settings,
        change,
        { phase: 'mutating', leaseExpiresAtEpochMs },
        { onlyWhileLeaseIsLive: now },
      ),
      ...(outcome === 'auto' ? [] : [this.#approvalCheck(change, decision, approval, now)]),
    ];
  }

  /**
   * The quorum is counted in people, which no condition can do: it was counted on what was read, and the
   * transaction insists on that very version.
   */
  #approvalCheck(
    change: LockedChange,
    decision: Readonly<Record<string, unknown>>,
    approval: Item | undefined,
    now: number,
  ): Write {
    return {
      kind: 'check',
      table: this.#settings.operations,
      key: itemKeys.approval(String(decision['approvalId'])),
      condition:
        '#status = :approved AND planDigest = :plan AND incidentId = :incident' +
        ' AND usableUntilEpochMs > :now AND size(votes) >= :quorum AND #version = :version',
      names: { '#status': 'status', '#version': 'version' },
      values: {
        ':approved': 'approved',
        ':plan': change.planDigest,
        ':incident': change.incidentId,
        ':now': now,
        ':version': approval?.['version'] ?? 'none',
        ':quorum': quorumOf(decision),
      },
    };
  }

  #failed(refusals: readonly (Refusal | undefined)[]): FailedConditions {
    const failed: Record<string, { found: unknown }> = {};
    for (const [index, part] of parts.entries()) {
      const refusal = refusals[index];
      if (refusal === undefined) continue;
      const { item } = refusal;
      failed[part] = { found: part === 'lock' && item !== undefined ? parseLock(item) : item };
    }
    return failed;
  }

  #get(key: { pk: string; sk: string }): Promise<Item | undefined> {
    return this.#database.get(this.#settings.operations, key);
  }
}

/** How many distinct people must have approved; a decision that asks for approval asks at least one. */
function quorumOf(decision: Readonly<Record<string, unknown>>): number {
  const quorum = decision['quorum'];
  return typeof quorum === 'number' && quorum >= 1 ? quorum : 1;
}
