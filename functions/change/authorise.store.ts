import type { LedgerStore } from '../audit/ledger.store.ts';
import { breakGlassCheck } from '../autonomy/break-glass.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Item, Refusal, Write } from '../platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { readKillSwitches } from '../platform/kill-switch-reading.store.ts';
import { killSwitchChecks } from '../platform/kill-switch-scope.ts';
import { exceptionIdOf } from '../policy/exception.ts';
import type { ActionDefinition } from './action-definition.ts';
import {
  countApprovers,
  explainApproval,
  explainDecision,
  explainRefusal,
  type FailedConditions,
  isUnderBreakGlass,
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
import { type DailyLimits, usageWrite } from './daily-usage.ts';
import type { Plan } from './plan.ts';
import { checkStoredPlan } from './stored-plan.ts';

export interface AuthoriseSettings extends ChangeTables {
  readonly environment: string;
  /** Digest of the policies that are deployed now. */
  readonly policyDigest: string;
  readonly lockLeaseSeconds: number;
  /** How many changes may start in this environment on one UTC day. */
  readonly dailyLimits: DailyLimits;
}

/** A condition of the transaction and what it is called when it does not hold. */
interface Condition {
  readonly part: keyof FailedConditions;
  readonly write: Write;
}

/** What the start of a change rests on, as read right before the transaction that insists on it. */
interface Grounds {
  readonly plan: Plan;
  readonly definition: ActionDefinition;
  readonly decision: Item;
  readonly approval: Item | undefined;
}

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
    if (!permits(decision)) return explainDecision(decision, subject);
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
    const conditions = this.#conditions(change, { plan, definition, decision, approval }, now);
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

  #conditions(change: LockedChange, grounds: Grounds, now: number): Condition[] {
    const { controls, operations, environment, lockLeaseSeconds, dailyLimits } = this.#settings;
    const { incidentId, planDigest } = change;
    const { plan, definition, decision, approval } = grounds;
    const place = { environment, agentRole: plan.agentRole, actionClass: definition.actionClass };
    const subject = { environment, agentRole: plan.agentRole, action: definition.id };
    const leaseExpiresAtEpochMs = now + lockLeaseSeconds * 1_000;
    return [
      {
        part: 'change',
        write: moveChange(this.#settings, change, 'executing', now, { startedAtEpochMs: now }),
      },
      ...killSwitchChecks(controls, subject).map((write): Condition => ({ part: 'killSwitch', write })),
      { part: 'decision', write: this.#decisionCheck(change, decision) },
      {
        part: 'plan',
        write: {
          kind: 'check',
          table: operations,
          key: itemKeys.plan(incidentId, planDigest),
          // The very document whose digest was recomputed a moment ago.
          condition: 'planDigest = :digest AND #plan = :plan',
          names: { '#plan': 'plan' },
          values: { ':digest': planDigest, ':plan': plan },
        },
      },
      {
        part: 'lock',
        write: moveLock(
          this.#settings,
          change,
          { phase: 'mutating', leaseExpiresAtEpochMs },
          { onlyWhileLeaseIsLive: now },
        ),
      },
      ...exceptionsOf(decision).map(
        (exceptionId): Condition => ({
          part: 'exception',
          write: exceptionCheck(operations, exceptionId, change.status === 'progressing' ? undefined : now),
        }),
      ),
      { part: 'stage', write: stageCheck(controls, place, Number(decision['stageVersion'])) },
      // A further step of a change that was counted when it started is not one more change.
      ...(change.status === 'progressing'
        ? []
        : [{ part: 'usage', write: usageWrite(controls, change, environment, dailyLimits, now) } as const]),
      ...(decision['outcome'] === 'auto'
        ? []
        : [{ part: 'approval', write: this.#approvalCheck(change, decision, approval, now) } as const]),
      ...(isUnderBreakGlass(decision, approval)
        ? [
            {
              part: 'breakGlass',
              write: breakGlassCheck(controls, { incidentId, environment }, now),
            } as const,
          ]
        : []),
    ];
  }

  #decisionCheck(change: LockedChange, decision: Item): Write {
    const { operations, policyDigest } = this.#settings;
    const outcome = String(decision['outcome']);
    const asksPeople = outcome !== 'auto';
    const exceptionIds: unknown = decision['exceptionIds'];
    return {
      kind: 'check',
      table: operations,
      key: itemKeys.decision(change.incidentId, change.planDigest),
      condition:
        '#outcome = :outcome AND policyDigest = :policy AND planDigest = :plan AND stageVersion = :stage' +
        (asksPeople ? ' AND approvalId = :approval AND #quorum = :quorum' : '') +
        (exceptionIds === undefined
          ? ' AND attribute_not_exists(exceptionIds)'
          : ' AND exceptionIds = :exceptions'),
      names: { '#outcome': 'outcome', ...(asksPeople ? { '#quorum': 'quorum' } : {}) },
      values: {
        ':outcome': outcome,
        ':policy': policyDigest,
        ':plan': change.planDigest,
        ':stage': Number(decision['stageVersion']),
        ...(exceptionIds === undefined ? {} : { ':exceptions': exceptionIds }),
        ...(asksPeople ? { ':approval': String(decision['approvalId']), ':quorum': quorumOf(decision) } : {}),
      },
    };
  }

  /**
   * The quorum is counted in people, which no condition can do: it was counted on what was read, and the
   * transaction insists on that very version.
   */
  #approvalCheck(change: LockedChange, decision: Item, approval: Item | undefined, now: number): Write {
    const byBreakGlass = approval?.['breakGlassBy'] !== undefined;
    // The change started in time; how long its steps take is no reason to undo it.
    const isFurtherStep = change.status === 'progressing';
    return {
      kind: 'check',
      table: this.#settings.operations,
      key: itemKeys.approval(String(decision['approvalId'])),
      condition:
        '#status = :approved AND planDigest = :plan AND incidentId = :incident' +
        ' AND #version = :version' +
        (isFurtherStep ? '' : ' AND usableUntilEpochMs > :now') +
        (byBreakGlass ? '' : ' AND size(votes) >= :quorum'),
      names: { '#status': 'status', '#version': 'version' },
      values: {
        ':approved': 'approved',
        ':plan': change.planDigest,
        ':incident': change.incidentId,
        ...(isFurtherStep ? {} : { ':now': now }),
        ':version': approval?.['version'] ?? 'none',
        ...(byBreakGlass ? {} : { ':quorum': quorumOf(decision) }),
      },
    };
  }

  #get(key: { pk: string; sk: string }): Promise<Item | undefined> {
    return this.#database.get(this.#settings.operations, key);
  }
}

/** The autonomy stage is still the one that was decided under: a stage that was lowered since stops the change. */
function stageCheck(controls: string, place: Parameters<typeof itemKeys.stage>[0], version: number): Write {
  return {
    kind: 'check',
    table: controls,
    key: itemKeys.stage(place),
    ...(version === 0
      ? { condition: 'attribute_not_exists(pk)' }
      : {
          condition: '#version = :version',
          names: { '#version': 'version' },
          values: { ':version': version },
        }),
  };
}

/** What the decision was permitted by, beside the deployed policies. */
function exceptionsOf(decision: Item): string[] {
  const ids: unknown = decision['exceptionIds'];
  return Array.isArray(ids) ? ids.map((id) => exceptionIdOf(String(id))) : [];
}

/**
 * The exception is still approved, and has not run out when the change starts. A further step of a change that
 * started in time only asks whether it was taken back.
 */
function exceptionCheck(operations: string, exceptionId: string, startsAt: number | undefined): Write {
  return {
    kind: 'check',
    table: operations,
    key: itemKeys.exception(exceptionId),
    condition: '#status = :approved' + (startsAt === undefined ? '' : ' AND expiresAtEpochMs > :now'),
    names: { '#status': 'status' },
    values: { ':approved': 'approved', ...(startsAt === undefined ? {} : { ':now': startsAt }) },
  };
}

function failedOf(
  conditions: readonly Condition[],
  refusals: readonly (Refusal | undefined)[],
): FailedConditions {
  const failed: Record<string, { found: unknown }> = {};
  for (const [index, { part, write }] of conditions.entries()) {
    const refusal = refusals[index];
    if (refusal === undefined || failed[part] !== undefined) continue;
    const { item } = refusal;
    failed[part] = {
      found: part === 'lock' && item !== undefined ? parseLock(item) : item,
      ...(write.kind === 'check' && part === 'killSwitch' ? { scope: write.key.sk } : {}),
    };
  }
  return failed;
}

/** A broken glass stands in for the quorum, but for nobody where the decision asks for people alone. */
function hasQuorum(decision: Item, approval: Item | undefined): boolean {
  const isStoodInFor = approval?.['breakGlassBy'] !== undefined && decision['peopleOnly'] !== true;
  return isStoodInFor || countApprovers(approval) >= quorumOf(decision);
}

/** How many distinct people must have approved; a decision that asks for approval asks at least one. */
function quorumOf(decision: Item): number {
  const quorum = decision['quorum'];
  return typeof quorum === 'number' && quorum >= 1 ? quorum : 1;
}
