import type { LedgerStore } from '../audit/ledger.store.ts';
import { type Plan, planDigestOf } from '../change/plan.ts';
import { checkStoredPlan } from '../change/stored-plan.ts';
import type { Database, Item } from '../platform/dynamodb.ts';
import { InterlockError } from '../platform/errors.ts';
import { randomId } from '../platform/ids.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import type { Decision } from './decision.ts';

/** A decision as stored: bound to one plan of one incident and to the policies it was made under. */
export interface StoredDecision extends Decision {
  readonly incidentId: string;
  readonly planDigest: string;
  readonly policyDigest: string;
  readonly decidedAtEpochMs: number;
  /** Unguessable id of the approval to ask for; only when one is required. */
  readonly approvalId?: string;
}

/** What a decision is made about. */
export interface DecisionSubject {
  readonly plan: Plan;
  readonly confidence: number;
  readonly lowConfidence: boolean;
  /** What the plan claims and does not hold. */
  readonly planFault: string | undefined;
}

export class DecisionStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #table: string;

  constructor(database: Database, ledger: LedgerStore, table: string) {
    this.#database = database;
    this.#ledger = ledger;
    this.#table = table;
  }

  /**
   * The plan under a digest, recomputed, and the confidence of the answer it came from.
   *
   * @throws InterlockError `decision.plan-missing`, `decision.plan-altered`.
   */
  async subject(incidentId: string, planDigest: string): Promise<DecisionSubject> {
    const [planItem, triage, incident] = await Promise.all([
      this.#database.get(this.#table, itemKeys.plan(incidentId, planDigest)),
      this.#database.get(this.#table, itemKeys.triage(incidentId)),
      this.#database.get(this.#table, itemKeys.incident(incidentId)),
    ]);
    if (planItem === undefined) {
      throw new InterlockError('decision.plan-missing', `incident ${incidentId} has no plan ${planDigest}`);
    }
    const plan = planItem['plan'] as Plan;
    if (planDigestOf(plan) !== planDigest) {
      throw new InterlockError(
        'decision.plan-altered',
        `plan ${planDigest} of incident ${incidentId} no longer has that digest`,
      );
    }
    const confidence: unknown = triage?.['confidence'];
    const model = triage?.['model'] as { lowConfidence?: unknown } | undefined;
    const planDigests = triage?.['planDigests'] as readonly string[] | undefined;
    return {
      plan,
      planFault: faultOf(plan, planDigest, incidentId, incident),
      confidence: typeof confidence === 'number' ? confidence : 0,
      // The model says how sure it is of its first proposal; that vouches for no other.
      lowConfidence: model?.lowConfidence !== false || planDigests?.[0] !== planDigest,
    };
  }

  /** The decision already made for a plan, if any. */
  async find(incidentId: string, planDigest: string): Promise<StoredDecision | undefined> {
    const item = await this.#database.get(this.#table, itemKeys.decision(incidentId, planDigest));
    return item === undefined ? undefined : toDecision(item);
  }

  /** Stores a decision with its ledger entry; the first one for a plan stays, whoever asks again. */
  async record(
    incidentId: string,
    planDigest: string,
    decision: Decision,
    policyDigest: string,
    nowEpochMs: number,
  ): Promise<StoredDecision> {
    const stored: StoredDecision = {
      ...decision,
      incidentId,
      planDigest,
      policyDigest,
      decidedAtEpochMs: nowEpochMs,
      ...(decision.outcome === 'require-approval' ? { approvalId: randomId() } : {}),
    };
    const result = await this.#ledger.commit(
      incidentChain(incidentId),
      [
        {
          type: 'decision.made',
          atEpochMs: nowEpochMs,
          actor: { kind: 'system', id: 'decide' },
          detail: {
            planDigest,
            outcome: decision.outcome,
            quorum: decision.quorum,
            clause: decision.clause,
            reason: decision.reason,
            policyDigest,
            determiningPolicies: decision.determiningPolicies.join(', '),
            ...(decision.tier === undefined ? {} : { tier: decision.tier }),
            ...(decision.stage === undefined ? {} : { stage: decision.stage }),
          },
        },
      ],
      [
        {
          kind: 'put',
          table: this.#table,
          item: { ...itemKeys.decision(incidentId, planDigest), ...stored },
          condition: 'attribute_not_exists(pk)',
        },
      ],
    );
    if (result.outcome === 'committed') return stored;
    const earlier = result.refusals[0]?.item;
    if (earlier === undefined)
      throw new InterlockError('decision.lost', `decision for plan ${planDigest} neither stored nor found`);
    return toDecision(earlier);
  }
}

function toDecision(item: Record<string, unknown>): StoredDecision {
  const { pk: _pk, sk: _sk, ...decision } = item;
  return decision as unknown as StoredDecision;
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
