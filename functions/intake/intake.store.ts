import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock, EpochMs } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { incidentIdFor } from '../platform/ids.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import {
  type Admission,
  admit,
  type CooldownWindow,
  isNews,
  isOpen,
  isReturn,
  isStale,
  recoversFrom,
} from './cooldown.ts';
import { EventStore } from './event.store.ts';
import {
  explainLateRecovery,
  explainOpening,
  explainRecovery,
  explainRecoveryWithoutIncident,
  explainSuppression,
} from './explanation.ts';
import type { IncidentExecutions } from './incident-execution.ts';
import {
  type EventRecord,
  incidentItem,
  openingEntries,
  recordedSignal,
  recoveryEntry,
  returnEntry,
  windowItem,
} from './intake-items.ts';
import type { Arrival, Signal } from './signal.ts';
import { WindowStore } from './window.store.ts';

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
 *              the next delivery that reads the window sees `executionStarted = false` and goes on from there;
 *              where none comes, the sweep finds an open incident without an execution
 */
export class IntakeStore {
  readonly #with: IntakeDependencies;
  readonly #windows: WindowStore;
  readonly #events: EventStore;

  constructor(dependencies: IntakeDependencies) {
    this.#with = dependencies;
    const { database, controlsTable, executions } = dependencies;
    this.#windows = new WindowStore(database, controlsTable, executions);
    this.#events = new EventStore(database, dependencies.operationsTable);
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
        return this.#events.note(
          { eventId, class: name, outcome: 'recorded', rule },
          { outcome: 'recorded' },
          now,
        );
      }
    }
  }

  async #acceptProblem(
    { signal, cooldown }: Extract<Arrival, { kind: 'problem' }>,
    now: EpochMs,
  ): Promise<IntakeResult> {
    for (let attempt = 1; attempt <= claimAttempts; attempt++) {
      const window = await this.#windows.readWithExecutionStarted(signal.fingerprint);
      const admission = admit(window, signal.severity, cooldown, now);
      if (admission.decision === 'suppress') {
        const suppressed = await this.#suppress(signal, admission, window, now);
        if (suppressed === 'overtaken') continue;
        return suppressed;
      }
      const claim = await this.#claim(signal, admission, window, now);
      if (claim.outcome === 'opened') return claim;
      if (claim.outcome === 'known') {
        // Another delivery of this event got in between; it may have died before it started the execution.
        await this.#windows.readWithExecutionStarted(signal.fingerprint);
        return { outcome: 'repeated' };
      }
    }
    throw contention(signal.fingerprint);
  }

  /**
   * A duplicate is one read and one write of its own item. Beside that, the first one after the incident closed
   * writes the window: a problem that came back and stays is reported once, and then never again. So does, once
   * a second, one for an open incident, which must not close as recovered while the problem is there.
   */
  async #suppress(
    signal: Signal,
    admission: Extract<Admission, { decision: 'suppress' }>,
    window: CooldownWindow | undefined,
    now: EpochMs,
  ): Promise<IntakeResult | 'overtaken'> {
    const { incidentId } = admission;
    const rule = explainSuppression(admission);
    const record: EventRecord = { ...recordedSignal(signal), outcome: 'suppressed', rule, incidentId };
    const done: IntakeResult = { outcome: 'suppressed', incidentId };
    if (window === undefined) return this.#events.note(record, done, now);
    if (window.incidentOpen) {
      return isNews(window, signal.occurredAtEpochMs)
        ? this.#noteReport(signal, record, window, done, now)
        : this.#events.note(record, done, now);
    }
    if (window.suppressedAtEpochMs !== undefined) return this.#events.note(record, done, now);
    return this.#events.noteWith(record, this.#windows.remembering(window, signal), done, now);
  }

  /** A return takes the recovery back from the incident too: whoever waits for people goes on waiting. */
  async #noteReport(
    signal: Signal,
    record: EventRecord,
    window: CooldownWindow,
    done: IntakeResult,
    now: EpochMs,
  ): Promise<IntakeResult | 'overtaken'> {
    const { incidentId } = window;
    const reporting = this.#windows.reporting(window, signal);
    if (!isReturn(window, signal.occurredAtEpochMs))
      return this.#events.noteWith(record, reporting, done, now);
    const writes: Write[] = [
      this.#events.put(record, now),
      reporting,
      {
        kind: 'update',
        table: this.#with.operationsTable,
        key: itemKeys.incident(incidentId),
        update: 'REMOVE recoveredAtEpochMs',
        condition: 'attribute_exists(pk)',
      },
    ];
    const entry = returnEntry(incidentId, signal, now);
    const result = await this.#with.ledger.commit(incidentChain(incidentId), [entry], writes);
    if (result.outcome === 'committed') return done;
    return result.refusals[0] === undefined ? 'overtaken' : { outcome: 'repeated' };
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
      this.#events.put({ ...recordedSignal(signal), outcome: 'opened', rule, incidentId }, now),
    ];
    const entries = openingEntries(incidentId, signal, admission, policyDigest, now);
    const result = await ledger.commit(incidentChain(incidentId), entries, writes, { newChain: true });
    if (result.outcome === 'refused') {
      const [, incident, event] = result.refusals;
      return { outcome: incident !== undefined || event !== undefined ? 'known' : 'overtaken' };
    }
    await this.#windows.startExecution(signal.fingerprint, incidentId);
    return { outcome: 'opened', incidentId };
  }

  async #acceptRecovery(signal: Signal, now: EpochMs): Promise<IntakeResult> {
    for (let attempt = 1; attempt <= claimAttempts; attempt++) {
      const window = await this.#windows.readWithExecutionStarted(signal.fingerprint);
      const forgetting =
        window !== undefined && recoversFrom(window, signal.occurredAtEpochMs)
          ? this.#windows.forgetting(signal.fingerprint, window)
          : undefined;
      const result =
        window === undefined || !isOpen(window, now)
          ? await this.#noteRecovery(signal, forgetting, now)
          : await this.#attachRecovery(signal, window, forgetting, now);
      if (result !== 'overtaken') return result;
    }
    throw contention(signal.fingerprint);
  }

  async #noteRecovery(
    signal: Signal,
    forgetting: Write | undefined,
    now: EpochMs,
  ): Promise<IntakeResult | 'overtaken'> {
    const rule = explainRecoveryWithoutIncident;
    const record: EventRecord = { ...recordedSignal(signal), outcome: 'recorded', rule };
    const done: IntakeResult = { outcome: 'recorded' };
    return forgetting === undefined
      ? this.#events.note(record, done, now)
      : this.#events.noteWith(record, forgetting, done, now);
  }

  async #attachRecovery(
    signal: Signal,
    window: CooldownWindow,
    forgetting: Write | undefined,
    now: EpochMs,
  ): Promise<IntakeResult | 'overtaken'> {
    const { ledger, operationsTable } = this.#with;
    const { incidentId } = window;
    const record = recordedSignal(signal);
    if (window.incidentOpen && isStale(window, signal.occurredAtEpochMs))
      return this.#noteStale(record, incidentId, now);
    const onWindow = window.incidentOpen ? this.#windows.recovering(window, signal) : forgetting;
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
      this.#events.put(
        { ...record, outcome: 'attached', rule: explainRecovery(incidentId), incidentId },
        now,
      ),
      ...(onWindow === undefined ? [] : [onWindow]),
    ];
    const entry = recoveryEntry(incidentId, signal, now);
    const result = await ledger.commit(incidentChain(incidentId), [entry], writes);
    if (result.outcome === 'committed') return { outcome: 'attached', incidentId };
    const [tooEarly, known] = result.refusals;
    if (known !== undefined) return { outcome: 'repeated' };
    return tooEarly === undefined ? 'overtaken' : this.#noteStale(record, incidentId, now);
  }

  #noteStale(
    record: ReturnType<typeof recordedSignal>,
    incidentId: string,
    now: EpochMs,
  ): Promise<IntakeResult> {
    const rule = explainLateRecovery(incidentId);
    return this.#events.note(
      { ...record, outcome: 'recorded', rule, incidentId },
      { outcome: 'recorded' },
      now,
    );
  }
}

function contention(fingerprint: string): DependencyUnavailableError {
  return new DependencyUnavailableError(
    'intake.contention',
    `window ${fingerprint} changed hands ${claimAttempts} times during one delivery; deliver the event again`,
  );
}
