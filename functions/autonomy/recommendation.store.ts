import type { LedgerStore } from '../audit/ledger.store.ts';
import { checkStoredPlan } from '../change/stored-plan.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Item } from '../platform/dynamodb.ts';
import { InterlockError } from '../platform/errors.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import {
  outcomeOf,
  parseAskingDecision,
  type Recommendation,
  type RecommendOutcome,
  recommendationEvent,
  recommendationFor,
} from './recommendation.ts';

export interface RecommendationSettings {
  readonly operations: string;
  readonly environment: string;
}

/** What the incident machine hands over: ids, and the checks as the action's function answered them. */
export interface RecommendRequest {
  readonly incidentId: string;
  readonly planDigest: string;
  readonly checks: readonly unknown[];
}

/** Keeps what people are given about a plan, with its ledger entry; the first one made stays. */
export class RecommendationStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #settings: RecommendationSettings;
  readonly #clock: Clock;

  constructor(database: Database, ledger: LedgerStore, settings: RecommendationSettings, clock: Clock) {
    this.#database = database;
    this.#ledger = ledger;
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * Writes the recommendation for one plan, recomputed from what is stored. Asked again it answers from the
   * first one, whatever the checks say by now.
   *
   * @throws InterlockError `recommendation.not-asked` when no decision hands the plan to people.
   */
  async make({ incidentId, planDigest, checks }: RecommendRequest): Promise<RecommendOutcome> {
    const [planItem, decisionItem, triage] = await Promise.all([
      this.#get(itemKeys.plan(incidentId, planDigest)),
      this.#get(itemKeys.decision(incidentId, planDigest)),
      this.#get(itemKeys.triage(incidentId)),
    ]);
    const decision = parseAskingDecision(decisionItem);
    if (decision === undefined) {
      throw new InterlockError(
        'recommendation.not-asked',
        `no decision hands plan ${planDigest} of incident ${incidentId} to people`,
      );
    }
    const { environment } = this.#settings;
    const check = checkStoredPlan(planItem?.['plan'], { planDigest, incidentId, environment });
    if (check.outcome === 'unsound') {
      return { outcome: 'refused', failedChecks: ['plan-sound'], reason: check.reason };
    }
    const round = typeof triage?.['round'] === 'number' ? triage['round'] : 1;
    return outcomeOf(await this.#store(recommendationFor(check, { planDigest, decision, checks, round })));
  }

  async #store(made: Recommendation): Promise<Recommendation> {
    const now = this.#clock();
    const key = itemKeys.recommendation(made.incidentId, made.planDigest);
    const result = await this.#ledger.commit(
      incidentChain(made.incidentId),
      [recommendationEvent(made, now)],
      [
        {
          kind: 'put',
          table: this.#settings.operations,
          item: { ...key, ...made, madeAtEpochMs: now },
          condition: 'attribute_not_exists(pk)',
        },
      ],
    );
    if (result.outcome === 'committed') return made;
    const earlier = result.refusals[0]?.item;
    if (earlier !== undefined) return earlier as unknown as Recommendation;
    throw new InterlockError(
      'recommendation.lost',
      `recommendation for plan ${made.planDigest} neither stored nor found`,
    );
  }

  #get(key: { pk: string; sk: string }): Promise<Item | undefined> {
    return this.#database.get(this.#settings.operations, key);
  }
}
