import type { LedgerStore } from '../audit/ledger.store.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { InterlockError, InvalidInputError } from '../platform/errors.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
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

  /** What was found before, if anything. */
  async find(incidentId: string): Promise<TriageRecord | undefined> {
    const item = await this.#database.get(this.#table, itemKeys.triage(incidentId));
    return item === undefined ? undefined : (item as unknown as TriageRecord);
  }

  /** Notes that a model is about to be asked: asked twice after a crash, it stands there twice. */
  async recordAsked({ incidentId }: Incident, { digest, version }: Prompt): Promise<void> {
    await this.#ledger.commit(
      incidentChain(incidentId),
      [this.#event('triage.asked', 'system', { promptDigest: digest, promptVersion: version })],
      [],
    );
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
      {
        kind: 'put',
        table: this.#table,
        item: { ...itemKeys.triage(incidentId), ...record, answeredAtEpochMs: this.#clock() },
        condition: 'attribute_not_exists(pk)',
      },
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
    const earlier = await this.find(incidentId);
    if (earlier !== undefined) return earlier;
    throw new InterlockError(
      'triage.plan-without-record',
      `incident ${incidentId} has a plan but no triage record; both are only ever written together`,
    );
  }

  #answerEvents(record: TriageRecord, plans: Triaged['plans']): LedgerEvent[] {
    const { model, confidence, promptDigest, promptVersion } = record;
    const counts = { plans: plans.length, gaps: record.gaps.length };
    return [
      this.#event('triage.answered', model.runtime === 'rules' ? 'system' : 'agent', {
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
