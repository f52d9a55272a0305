import {
  type RunAutomationParameters,
  runAutomation,
} from '../change/actions/ssm-run-automation/definition.ts';
import { type ResolvedAction, resolveAction } from '../change/catalogue.ts';
import { dayOf } from '../change/daily-usage.ts';
import { type Plan, planDigestOf } from '../change/plan.ts';
import { checkStoredPlan } from '../change/stored-plan.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Database, Item } from '../platform/dynamodb.ts';
import { InterlockError } from '../platform/errors.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { readKillSwitches } from '../platform/kill-switch-reading.store.ts';
import { longestExceptionDays, permitOf } from '../policy/exception.ts';
import { historyFrom } from '../policy/limits.ts';
import type { ExceptionPermit } from '../policy/policy-set.ts';
import type { Denial } from '../policy/variants.ts';
import type { BreakGlassReading, DecisionInput, TagReading } from './decision-input.ts';
import { describeAction, type ProposedAction } from './proposed-action.ts';
import { stageSetOf } from './stage.ts';

export interface DecisionTables {
  readonly controls: string;
  readonly operations: string;
  /** Where this Interlock acts. */
  readonly environment: string;
}

/** Reads the tags of a target; never throws. */
export type ReadTargetTags = (
  proposal: Extract<ResolvedAction, { outcome: 'resolved' }>,
) => Promise<TagReading>;

/** Denied proposals of one incident and how often they were written. */
export interface Denials {
  readonly denials: readonly Denial[];
  /** 0 when nothing was denied yet. */
  readonly version: number;
}

/** Everything a decision is made on, and the version of what other decisions of the incident may add to. */
export interface DecisionFacts {
  readonly input: DecisionInput;
  readonly denialsVersion: number;
}

const noTarget: TagReading = { reading: 'unreadable', reason: 'there is no known target' };
const nothingStarted = { changesToday: 0, changesTodayOfAction: 0, changesTodayOnTarget: 0 };
/** More live exceptions for one target are not looked at; those approved last come first. */
const mostExceptions = 1_000;

/** Reads everything that a decision depends on: items strongly consistent, tags as their own API has them. */
export class DecisionFactsStore {
  readonly #database: Database;
  readonly #tables: DecisionTables;
  readonly #readTags: ReadTargetTags;

  constructor(database: Database, tables: DecisionTables, readTags: ReadTargetTags) {
    this.#database = database;
    this.#tables = tables;
    this.#readTags = readTags;
  }

  /**
   * The plan under a digest, recomputed, and what it is decided by.
   *
   * @throws InterlockError `decision.plan-missing`, `decision.plan-altered`.
   */
  async read(incidentId: string, planDigest: string, now: EpochMs): Promise<DecisionFacts> {
    const { environment } = this.#tables;
    const [planItem, triage, incident, denied, breakGlass] = await Promise.all([
      this.#operations(itemKeys.plan(incidentId, planDigest)),
      this.#operations(itemKeys.triage(incidentId)),
      this.#operations(itemKeys.incident(incidentId)),
      this.#denials(incidentId),
      this.#database.get(this.#tables.controls, itemKeys.breakGlass(incidentId)),
    ]);
    const plan = soundPlan(planItem, incidentId, planDigest);
    const proposal = resolveAction(plan.action, plan.parameters);
    const action = describeAction(plan.action, proposal);
    const { agentRole } = plan;
    const switches = { environment, agentRole, action: action.id };
    const [killSwitch, targetTags, byAction] = await Promise.all([
      readKillSwitches(this.#database, this.#tables.controls, switches),
      proposal.outcome === 'resolved' ? this.#readTags(proposal) : noTarget,
      this.#byAction(action, agentRole, now),
    ]);
    const confidence: unknown = triage?.['confidence'];
    const model = triage?.['model'] as { lowConfidence?: unknown } | undefined;
    const planDigests = triage?.['planDigests'] as readonly string[] | undefined;
    return {
      denialsVersion: denied.version,
      input: {
        nowEpochMs: now,
        killSwitch,
        incidentId,
        planDigest,
        environment,
        planEnvironment: plan.environment,
        agentRole,
        action,
        targetKey: plan.target?.key,
        targetTags,
        planFault: faultOf(plan, planDigest, incidentId, incident),
        runbook: runbookOf(proposal),
        confidence: typeof confidence === 'number' ? confidence : 0,
        // The model says how sure it is of its first proposal; that vouches for no other.
        lowConfidence: model?.lowConfidence !== false || planDigests?.[0] !== planDigest,
        denials: denied.denials,
        breakGlass: toBreakGlass(breakGlass),
        ...byAction,
      },
    };
  }

  /** What depends on which action it is; nothing for one that is denied anyway. */
  async #byAction(
    action: ProposedAction,
    agentRole: string,
    now: EpochMs,
  ): Promise<Pick<DecisionInput, 'stageSet' | 'history' | 'exceptions'>> {
    if (action.outcome !== 'resolved')
      return { stageSet: undefined, history: nothingStarted, exceptions: [] };
    const { controls, environment } = this.#tables;
    const { actionClass } = action;
    const [stage, usage, exceptions] = await Promise.all([
      this.#database.get(controls, itemKeys.stage({ environment, agentRole, actionClass })),
      this.#database.get(controls, itemKeys.usage(environment, dayOf(now))),
      this.#exceptions(action.id, agentRole, action.target.key, now),
    ]);
    return {
      stageSet: stageSetOf(stage),
      history: historyFrom(usage, action.id, action.target.key),
      exceptions,
    };
  }

  /**
   * The index says which exceptions there are and may be behind; whether one still permits is read from the
   * item itself, so that a revocation holds at once.
   */
  async #exceptions(
    action: string,
    agentRole: string,
    targetKey: string,
    now: EpochMs,
  ): Promise<ExceptionPermit[]> {
    const { operations, environment } = this.#tables;
    const scope = { agentRole, action, targetKey, environment };
    const listed = await this.#database.byStatus(operations, 'EXCEPTION#approved', mostExceptions, {
      // Approved before, it has expired.
      sinceEpochMs: now - longestExceptionDays * 86_400_000,
    });
    const ids = listed
      .filter((item) => permitOf(item, scope, now) !== undefined)
      .map((item) => String(item['exceptionId']));
    const current = await Promise.all(ids.map((id) => this.#operations(itemKeys.exception(id))));
    return current
      .flatMap((item) => permitOf(item ?? {}, scope, now) ?? [])
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  async #denials(incidentId: string): Promise<Denials> {
    const item = await this.#operations(itemKeys.denials(incidentId));
    if (item === undefined) return { denials: [], version: 0 };
    return { denials: item['denials'] as readonly Denial[], version: Number(item['version']) };
  }

  #operations(key: { pk: string; sk: string }): Promise<Item | undefined> {
    return this.#database.get(this.#tables.operations, key);
  }
}

function soundPlan(item: Item | undefined, incidentId: string, planDigest: string): Plan {
  if (item === undefined) {
    throw new InterlockError('decision.plan-missing', `incident ${incidentId} has no plan ${planDigest}`);
  }
  const plan = item['plan'] as Plan;
  if (planDigestOf(plan) !== planDigest) {
    throw new InterlockError(
      'decision.plan-altered',
      `plan ${planDigest} of incident ${incidentId} no longer has that digest`,
    );
  }
  return plan;
}

function toBreakGlass(item: Item | undefined): BreakGlassReading | undefined {
  const { incidentId, environment, openedAtEpochMs, expiresAtEpochMs } = item ?? {};
  if (typeof incidentId !== 'string' || typeof environment !== 'string') return undefined;
  if (!Number.isSafeInteger(openedAtEpochMs) || !Number.isSafeInteger(expiresAtEpochMs)) return undefined;
  return { incidentId, environment, openedAtEpochMs, expiresAtEpochMs };
}

/** Facts only: whether it may be run is for the rules, which may be others when the decision is made again. */
function runbookOf(proposal: ResolvedAction): RunAutomationParameters | undefined {
  return proposal.outcome === 'resolved' && proposal.definition.id === runAutomation.id
    ? (proposal.parameters as RunAutomationParameters)
    : undefined;
}

/** Triage wrote the plan; intake wrote the incident, so the alarm that must fall silent is taken from there. */
function faultOf(
  plan: Plan,
  planDigest: string,
  incidentId: string,
  incident: Item | undefined,
): string | undefined {
  const check = checkStoredPlan(plan, { planDigest, incidentId, environment: plan.environment });
  if (check.outcome === 'unsound') return check.reason;
  const alarmName = (incident?.['signal'] as { alarmName?: string } | undefined)?.alarmName;
  if (alarmName === undefined) return undefined;
  return plan.successCriteria.some(
    (criterion) => criterion.kind === 'alarm-ok' && criterion.alarmName === alarmName,
  )
    ? undefined
    : "the incident's own alarm is not among the success criteria";
}
