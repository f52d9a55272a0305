import type { LedgerStore } from '../audit/ledger.store.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Item, Write } from '../platform/dynamodb.ts';
import { InterlockError, InvalidInputError } from '../platform/errors.ts';
import { changeIdFor } from '../platform/ids.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { type EarlierPlan, type EarlierRound, earlierPlan, type Round } from './earlier-round.ts';
import { type Incident, parseIncident } from './incident.ts';
import { agentRole } from './plans.ts';
import type { Prompt } from './prompt.ts';
import type { Triaged, TriageRecord } from './triage-record.ts';

/** Keeps what triage found: record, plans and their ledger entries appear together or not at all. */
export class TriageStore {
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

  /** @throws InvalidInputError `triage.incident-not-found`: intake writes the incident before it starts anything. */
  async incident(incidentId: string): Promise<Incident> {
    const item = await this.#database.get(this.#table, itemKeys.incident(incidentId));
    if (item !== undefined) return parseIncident(item);
    throw new InvalidInputError('triage.incident-not-found', `incident ${incidentId} does not exist`);
  }

  /** What was found in a round, if anything. */
  async find(incidentId: string, round: Round): Promise<TriageRecord | undefined> {
    const latest = await this.#database.get(this.#table, itemKeys.triage(incidentId));
    if (latest === undefined || roundOf(latest) < round) return undefined;
    const item =
      roundOf(latest) === round
        ? latest
        : await this.#database.get(this.#table, itemKeys.earlierTriage(incidentId, round));
    return item as unknown as TriageRecord | undefined;
  }

  /**
   * What the first round proposed, what was decided and what came of it: from what is stored, never from what
   * the caller says.
   *
   * @throws InvalidInputError `triage.no-earlier-round`.
   */
  async earlier(incidentId: string): Promise<EarlierRound> {
    const first = await this.find(incidentId, 1);
    if (first === undefined) {
      throw new InvalidInputError('triage.no-earlier-round', `incident ${incidentId} has no first round`);
    }
    const plans = await Promise.all(
      first.planDigests.map((planDigest) => this.#earlierPlan(incidentId, planDigest)),
    );
    return { plans };
  }

  async #earlierPlan(incidentId: string, planDigest: string): Promise<EarlierPlan> {
    const [plan, decision, change] = await Promise.all(
      [
        itemKeys.plan(incidentId, planDigest),
        itemKeys.decision(incidentId, planDigest),
        itemKeys.change(changeIdFor(incidentId, planDigest)),
      ].map((key) => this.#database.get(this.#table, key)),
    );
    return earlierPlan(planDigest, { plan: plan?.['plan'], decision, change });
  }

  /** Notes that a model is about to be asked: asked twice after a crash, it stands there twice. */
  async recordAsked({ incidentId }: Incident, { digest, version }: Prompt, round: Round): Promise<void> {
    const detail = { round, promptDigest: digest, promptVersion: version };
    await this.#ledger.commit(incidentChain(incidentId), [this.#event('triage.asked', 'system', detail)], []);
  }

  /**
   * First answer wins: when two runs raced, the loser gets the winner's record and its own is forgotten.
   *
   *     A asks ──── A puts record ✓
   *        B asks ───────────────── B puts record ✗ (exists) ── answers from A's
   */
  async recordAnswer({ record, plans }: Triaged): Promise<TriageRecord> {
    const { incidentId } = record;
    const writes: Write[] = [
      ...(await this.#recordWrites(record)),
      ...plans.map(({ plan, planDigest }) => ({
        kind: 'put' as const,
        table: this.#table,
        item: { ...itemKeys.plan(incidentId, planDigest), plan, planDigest },
        condition: 'attribute_not_exists(pk)',
      })),
    ];
    const result = await this.#ledger.commit(
      incidentChain(incidentId),
      this.#answerEvents(record, plans),
      writes,
    );
    if (result.outcome === 'committed') return record;
    const earlier = await this.find(incidentId, record.round);
    if (earlier !== undefined) return earlier;
    throw new InterlockError(
      'triage.plan-without-record',
      `incident ${incidentId} has a plan but no triage record; both are only ever written together`,
    );
  }

  /**
   * The latest round stands where everybody looks for confidence and diagnosis; the one it replaces stays
   * beside it, in the same transaction.
   */
  async #recordWrites(record: TriageRecord): Promise<Write[]> {
    const { incidentId, round } = record;
    const put = {
      kind: 'put' as const,
      table: this.#table,
      item: { ...itemKeys.triage(incidentId), ...record, answeredAtEpochMs: this.#clock() },
    };
    if (round === 1) return [{ ...put, condition: 'attribute_not_exists(pk)' }];
    const first = await this.find(incidentId, 1);
    return [
      {
        ...put,
        condition: 'attribute_exists(pk) AND (attribute_not_exists(#round) OR #round < :round)',
        names: { '#round': 'round' },
        values: { ':round': round },
      },
      {
        kind: 'put',
        table: this.#table,
        item: { ...first, ...itemKeys.earlierTriage(incidentId, 1) },
        condition: 'attribute_not_exists(pk)',
      },
    ];
  }

  #answerEvents(record: TriageRecord, plans: Triaged['plans']): LedgerEvent[] {
    const { round, model, confidence, promptDigest, promptVersion } = record;
    const counts = { plans: plans.length, gaps: record.gaps.length };
    return [
      this.#event('triage.answered', model.runtime === 'rules' ? 'system' : 'agent', {
        round,
        ...model,
        confidence,
        promptDigest,
        promptVersion,
        ...counts,
      }),
      ...plans.map(({ plan, planDigest, resolution }) =>
        this.#event('plan.proposed', 'agent', {
          planDigest,
          action: plan.action,
          resolution,
          ...(plan.target === undefined ? {} : { targetKey: plan.target.key }),
        }),
      ),
    ];
  }

  #event(type: string, kind: 'system' | 'agent', detail: LedgerEvent['detail']): LedgerEvent {
    const id = kind === 'agent' ? agentRole : 'triage';
    return { type, atEpochMs: this.#clock(), actor: { kind, id }, detail };
  }
}

/** Records from before there were rounds are of the first. */
function roundOf(item: Item): number {
  return typeof item['round'] === 'number' ? item['round'] : 1;
}
