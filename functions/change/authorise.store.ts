import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Item } from '../platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { readKillSwitches } from '../platform/kill-switch-reading.store.ts';
import type { ActionDefinition } from './action-definition.ts';
import {
  explainApproval,
  explainDecision,
  explainRefusal,
  isUnderBreakGlass,
  permits,
  refused,
} from './authorisation.ts';
import type { AuthoriseResult, Gate } from './change-protocol.ts';
import { parseChange } from './change-record.ts';
import { changeEntries, isLocked, type LockedChange } from './change-writes.ts';
import type { Plan } from './plan.ts';
import { type AuthoriseSettings, failedOf, hasQuorum, startConditions } from './start-conditions.ts';
import { checkStoredPlan } from './stored-plan.ts';

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
    const plan = await this.#get(itemKeys.plan(change.incidentId, change.planDigest));
    const check = checkStoredPlan(plan?.['plan'], { ...change, environment: this.#settings.environment });
    if (check.outcome === 'unsound') return refused('decision', check.reason);
    if (change.status === 'executing') return this.#authorisedBefore(check.plan);
    if (change.status !== 'snapshotted' && change.status !== 'progressing') {
      return refused('status', `the change is ${change.status}`);
    }
    if (check.targetKey !== change.targetKey || check.plan.action !== change.action) {
      return refused('decision', 'the change was opened for another action or target');
    }
    const decision = await this.#get(itemKeys.decision(change.incidentId, change.planDigest));
    return this.#start(change, check, decision);
  }

  /** The answer to an earlier request got lost. The start stands, but nothing more begins under a kill switch. */
  async #authorisedBefore(plan: Plan): Promise<AuthoriseResult> {
    const { reading, scope } = await readKillSwitches(this.#database, this.#settings.controls, plan);
    return reading === 'released'
      ? { outcome: 'authorised' }
      : refused('kill-switch', `the kill switch (${scope}) is ${reading}`);
  }

  async #start(
    change: LockedChange,
    { plan, definition }: { readonly plan: Plan; readonly definition: ActionDefinition },
    decision: Item | undefined,
  ): Promise<AuthoriseResult> {
    const now = this.#clock();
    const { policyDigest } = this.#settings;
    const subject = { ...change, policyDigest };
    if (!permits(decision)) return explainDecision(decision, subject, now);
    if (typeof decision['stageVersion'] !== 'number') {
      return refused('stage', 'the decision does not say which autonomy stage it rests on');
    }
    const approvalId = decision['outcome'] === 'require-approval' ? decision['approvalId'] : undefined;
    if (decision['outcome'] === 'require-approval' && typeof approvalId !== 'string') {
      return refused('approval', 'the decision asks for an approval but names none');
    }
    const approval =
      typeof approvalId === 'string' ? await this.#get(itemKeys.approval(approvalId)) : undefined;
    if (typeof approvalId === 'string' && !hasQuorum(decision, approval)) {
      return explainApproval(approval, subject, now);
    }
    const conditions = startConditions(this.#settings, change, { plan, definition, decision, approval }, now);
    const result = await this.#ledger.commit(
      incidentChain(change.incidentId),
      changeEntries(['change.started'], change, now, {
        policyDigest,
        ...(typeof approvalId === 'string' ? { approvalId } : {}),
        ...(isUnderBreakGlass(decision, approval) ? { breakGlass: true } : {}),
      }),
      conditions.map(({ write }) => write),
    );
    if (result.outcome === 'committed') return { outcome: 'authorised' };
    return explainRefusal(failedOf(conditions, result.refusals), subject, now);
  }

  #get(key: { pk: string; sk: string }): Promise<Item | undefined> {
    return this.#database.get(this.#settings.operations, key);
  }
}
