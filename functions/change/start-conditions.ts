import { breakGlassCheck } from '../autonomy/break-glass.ts';
import { stageUnmoved } from '../autonomy/stage-writes.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Item, Refusal, Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { killSwitchChecks } from '../platform/kill-switch-scope.ts';
import { exceptionIdOf } from '../policy/exception.ts';
import type { ActionDefinition } from './action-definition.ts';
import { countApprovers, type FailedConditions, isUnderBreakGlass } from './authorisation.ts';
import { parseLock } from './change-record.ts';
import { type ChangeTables, type LockedChange, moveChange, moveLock } from './change-writes.ts';
import { type DailyLimits, usageWrite } from './daily-usage.ts';
import type { Plan } from './plan.ts';

export interface AuthoriseSettings extends ChangeTables {
  readonly environment: string;
  /** Digest of the policies that are deployed now. */
  readonly policyDigest: string;
  readonly lockLeaseSeconds: number;
  /** How many changes may start in this environment on one UTC day. */
  readonly dailyLimits: DailyLimits;
}

/** A condition of the transaction and what it is called when it does not hold. */
export interface Condition {
  readonly part: keyof FailedConditions;
  readonly write: Write;
}

/** What the start of a change rests on, as read right before the transaction that insists on it. */
export interface Grounds {
  readonly plan: Plan;
  readonly definition: ActionDefinition;
  readonly decision: Item;
  readonly approval: Item | undefined;
}

/**
 * Everything that must hold for a change, or its next step, to start: the write that starts it, and a condition
 * for each thing it rests on. Pure, so that whoever reviews the gate reads it in one place.
 */
export function startConditions(
  settings: AuthoriseSettings,
  change: LockedChange,
  grounds: Grounds,
  now: EpochMs,
): Condition[] {
  const { controls, operations, environment, lockLeaseSeconds, dailyLimits } = settings;
  const { incidentId, planDigest } = change;
  const { plan, definition, decision, approval } = grounds;
  const place = { environment, agentRole: plan.agentRole, actionClass: definition.actionClass };
  const subject = { environment, agentRole: plan.agentRole, action: definition.id };
  const leaseExpiresAtEpochMs = now + lockLeaseSeconds * 1_000;
  return [
    {
      part: 'change',
      write: moveChange(settings, change, 'executing', now, { startedAtEpochMs: now }),
    },
    ...killSwitchChecks(controls, subject).map((write): Condition => ({ part: 'killSwitch', write })),
    { part: 'decision', write: decisionCheck(settings, change, decision, now) },
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
        settings,
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
      : [{ part: 'approval', write: approvalCheck(operations, change, decision, approval, now) } as const]),
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

function decisionCheck(
  { operations, policyDigest }: AuthoriseSettings,
  change: LockedChange,
  decision: Item,
  now: EpochMs,
): Write {
  const outcome = String(decision['outcome']);
  const asksPeople = outcome !== 'auto';
  const exceptionIds: unknown = decision['exceptionIds'];
  // A change that started in time goes on, as with approvals and exceptions.
  const isFurtherStep = change.status === 'progressing';
  return {
    kind: 'check',
    table: operations,
    key: itemKeys.decision(change.incidentId, change.planDigest),
    condition:
      '#outcome = :outcome AND policyDigest = :policy AND planDigest = :plan AND stageVersion = :stage' +
      (asksPeople ? ' AND approvalId = :approval AND #quorum = :quorum' : '') +
      (exceptionIds === undefined
        ? ' AND attribute_not_exists(exceptionIds)'
        : ' AND exceptionIds = :exceptions') +
      (isFurtherStep ? '' : ' AND (attribute_not_exists(notAfterEpochMs) OR notAfterEpochMs >= :now)'),
    names: { '#outcome': 'outcome', ...(asksPeople ? { '#quorum': 'quorum' } : {}) },
    values: {
      ':outcome': outcome,
      ':policy': policyDigest,
      ':plan': change.planDigest,
      ':stage': Number(decision['stageVersion']),
      ...(exceptionIds === undefined ? {} : { ':exceptions': exceptionIds }),
      ...(isFurtherStep ? {} : { ':now': now }),
      ...(asksPeople ? { ':approval': String(decision['approvalId']), ':quorum': quorumOf(decision) } : {}),
    },
  };
}

/**
 * The quorum is counted in people, which no condition can do: it was counted on what was read, and the
 * transaction insists on that very version.
 */
function approvalCheck(
  operations: string,
  change: LockedChange,
  decision: Item,
  approval: Item | undefined,
  now: EpochMs,
): Write {
  const byBreakGlass = approval?.['breakGlassBy'] !== undefined;
  // The change started in time; how long its steps take is no reason to undo it.
  const isFurtherStep = change.status === 'progressing';
  return {
    kind: 'check',
    table: operations,
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

/** The autonomy stage is still the one that was decided under: a stage that was lowered since stops the change. */
function stageCheck(controls: string, place: Parameters<typeof itemKeys.stage>[0], version: number): Write {
  return {
    kind: 'check',
    table: controls,
    key: itemKeys.stage(place),
    ...stageUnmoved(version),
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

/** What the refused conditions found, the first of each kind. */
export function failedOf(
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
export function hasQuorum(decision: Item, approval: Item | undefined): boolean {
  const isStoodInFor = approval?.['breakGlassBy'] !== undefined && decision['peopleOnly'] !== true;
  return isStoodInFor || countApprovers(approval) >= quorumOf(decision);
}

/** How many distinct people must have approved; a decision that asks for approval asks at least one. */
function quorumOf(decision: Item): number {
  const quorum = decision['quorum'];
  return typeof quorum === 'number' && quorum >= 1 ? quorum : 1;
}
