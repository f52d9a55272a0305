import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock, EpochMs } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { incidentIdFor } from '../platform/ids.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { type Admission, admit, type CooldownWindow, isOpen } from './cooldown.ts';
import {
  explainLateRecovery,
  explainOpening,
  explainRecovery,
  explainRecoveryWithoutIncident,
  explainSuppression,
} from './explanation.ts';
import {
  type EventRecord,
  eventItem,
  incidentItem,
  openingEntries,
  recordedSignal,
  recoveryEntry,
  windowItem,
} from './intake-items.ts';
import type { Arrival, Signal } from './signal.ts';

/** Starts an incident's execution; starting one that was started before changes nothing. */
export interface IncidentExecutions {
  start(incidentId: string): Promise<void>;
}

/** What became of one delivery. `repeated`: the same event was dealt with before. */
export type IntakeResult =
  | { readonly outcome: 'opened' | 'suppressed' | 'attached'; readonly incidentId: string }
  | { readonly outcome: 'recorded' | 'repeated' };

export interface IntakeDependencies {
  readonly database: Database;
  readonly ledger: LedgerStore;
  readonly executions: IncidentExecutions;
  readonly controlsTable: string;
  readonly operationsTable: string;
  readonly policyDigest: string;
  readonly clock: Clock;
}

/** How often a claim looks at the window again after somebody else got in between. Each miss means progress elsewhere. */
const claimAttempts = 10;

/**
 * Invariant 6: every event opens exactly one incident, or is attached to one, or is noted, with the rule that
 * said so; whatever is delivered again, or dies half-way, ends in the same state.
 *
 *     claim:   transaction {window, incident, event, ledger} ── StartExecution(name = incident) ── mark started
 *     crash here:                                            ▲                                  ▲
 *              the next delivery that reads the window sees `executionStarted = false` and goes on from there
 */
export class IntakeStore {
  readonly #with: IntakeDependencies;

  constructor(dependencies: IntakeDependencies) {
    this.#with = dependencies;
  }

  /** @throws DependencyUnavailableError when the delivery should be repeated. */
  async accept(arrival: Arrival): Promise<IntakeResult> {
    const now = this.#with.clock();
    switch (arrival.kind) {
      case 'problem':
        return this.#acceptProblem(arrival, now);
      case 'recovery':
        return this.#acceptRecovery(arrival.signal, now);
      case 'record': {
        const { eventId, class: name, rule } = arrival;
        return this.#note({ eventId, class: name, outcome: 'recorded', rule }, { outcome: 'recorded' }, now);
      }
    }
  }

  async #acceptProblem(
    { signal, cooldown }: Extract<Arrival, { kind: 'problem' }>,
    now: EpochMs,
  ): Promise<IntakeResult> {
    for (let attempt = 1; attempt <= claimAttempts; attempt++) {
      const window = await this.#windowWithExecutionStarted(signal.fingerprint);
      const admission = admit(window, signal.severity, cooldown, now);
      if (admission.decision === 'suppress') {
        const { incidentId } = admission;
        const rule = explainSuppression(admission);
        return this.#note(
          { ...recordedSignal(signal), outcome: 'suppressed', rule, incidentId },
          { outcome: 'suppressed', incidentId },
          now,
        );
      }
      const claim = await this.#claim(signal, admission, window, now);
      if (claim.outcome === 'opened') return claim;
      if (claim.outcome === 'known') {
        // Another delivery of this event got in between; it may have died before it started the execution.
        await this.#windowWithExecutionStarted(signal.fingerprint);
        return { outcome: 'repeated' };
      }
    }
    throw new DependencyUnavailableError(
      'intake.contention',
      `window ${signal.fingerprint} changed hands ${claimAttempts} times during one claim; deliver the event again`,
    );
  }

  async #claim(
    signal: Signal,
    admission: Extract<Admission, { decision: 'open' | 'pierce' }>,
    previous: CooldownWindow | undefined,
    now: EpochMs,
  ): Promise<{ outcome: 'opened'; incidentId: string } | { outcome: 'known' | 'overtaken' }> {
    const { ledger, controlsTable, operationsTable, policyDigest } = this.#with;
    const incidentId = incidentIdFor(signal.fingerprint, signal.eventId);
    const rule = explainOpening(admission, incidentId, previous, signal.severity);
    const writes: Write[] = [
      {
        kind: 'put',
        table: controlsTable,
        item: windowItem(incidentId, signal, admission, now),
        ...(previous === undefined
          ? { condition: 'attribute_not_exists(pk)' }
          : { condition: 'incidentId = :previous', values: { ':previous': previous.incidentId } }),
      },
      {
        kind: 'put',
        table: operationsTable,
        item: incidentItem(incidentId, signal, now),
        condition: 'attribute_not_exists(pk)',
      },
      this.#eventPut({ ...recordedSignal(signal), outcome: 'opened', rule, incidentId }, now),
    ];
    const entries = openingEntries(incidentId, signal, admission, policyDigest, now);
    const result = await ledger.commit(incidentChain(incidentId), entries, writes, { newChain: true });
    if (result.outcome === 'refused') {
      const [, incident, event] = result.refusals;
      return { outcome: incident !== undefined || event !== undefined ? 'known' : 'overtaken' };
    }
    await this.#startExecution(signal.fingerprint, incidentId);
    return { outcome: 'opened', incidentId };
  }

  async #acceptRecovery(signal: Signal, now: EpochMs): Promise<IntakeResult> {
    const { ledger, operationsTable } = this.#with;
    const record = recordedSignal(signal);
    const window = await this.#windowWithExecutionStarted(signal.fingerprint);
    if (window === undefined || !isOpen(window, now))
      return this.#note(
        { ...record, outcome: 'recorded', rule: explainRecoveryWithoutIncident },
        { outcome: 'recorded' },
        now,
      );
    const { incidentId } = window;
    const writes: Write[] = [
      {
        kind: 'update',
        table: operationsTable,
        key: itemKeys.incident(incidentId),
        update: 'SET recoveredAtEpochMs = :at',
        // EventBridge keeps no order: a recovery from before the report must not count as one from after it.
        condition: '#signal.occurredAtEpochMs <= :at',
        names: { '#signal': 'signal' },
        values: { ':at': signal.occurredAtEpochMs },
      },
      this.#eventPut({ ...record, outcome: 'attached', rule: explainRecovery(incidentId), incidentId }, now),
    ];
    const entry = recoveryEntry(incidentId, signal, now);
    const result = await ledger.commit(incidentChain(incidentId), [entry], writes);
    if (result.outcome === 'committed') return { outcome: 'attached', incidentId };
    if (result.refusals[1] !== undefined) return { outcome: 'repeated' };
    const rule = explainLateRecovery(incidentId);
    return this.#note({ ...record, outcome: 'recorded', rule, incidentId }, { outcome: 'recorded' }, now);
  }

  /** The one write of a duplicate. Each event has its own item, so a thousand duplicates never meet on one. */
  async #note(record: EventRecord, done: IntakeResult, now: EpochMs): Promise<IntakeResult> {
    const stored = await this.#with.database.putOnce(this.#with.operationsTable, eventItem(record, now));
    return stored === 'stored' ? done : { outcome: 'repeated' };
  }

  #eventPut(record: EventRecord, now: EpochMs): Write {
    return {
      kind: 'put',
      table: this.#with.operationsTable,
      item: eventItem(record, now),
      condition: 'attribute_not_exists(pk)',
    };
  }

  /** Reads a problem's window and first finishes a start that its claimer did not live to make. */
  async #windowWithExecutionStarted(fingerprint: string): Promise<CooldownWindow | undefined> {
    const { database, controlsTable } = this.#with;
    const window = (await database.get(controlsTable, itemKeys.window(fingerprint))) as unknown as
      | CooldownWindow
      | undefined;
    if (window?.executionStarted === false) await this.#startExecution(fingerprint, window.incidentId);
    return window;
  }

  async #startExecution(fingerprint: string, incidentId: string): Promise<void> {
    const { database, controlsTable, executions } = this.#with;
    await executions.start(incidentId);
    // Refused when a more severe signal has taken the window over: then there is nothing left to mark.
    await database.transact([
      {
        kind: 'update',
        table: controlsTable,
        key: itemKeys.window(fingerprint),
        update: 'SET executionStarted = :yes',
        condition: 'incidentId = :incident',
        values: { ':incident': incidentId, ':yes': true },
      },
    ]);
  }
}
