import * as z from 'zod/mini';
import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/dynamodb.ts';
import { incidentChain } from '../platform/item-keys.ts';
import type { People } from './close-incident.store.ts';
import { type StoredIncident, storedIncident } from './intake-items.ts';
import { isUnresolved, unresolvedEntry, unresolvedMessage } from './unresolved.ts';
import type { WindowStore } from './window.store.ts';

export interface IncidentSweepDependencies {
  readonly database: Database;
  readonly ledger: LedgerStore;
  readonly windows: WindowStore;
  readonly people: People;
  readonly operationsTable: string;
  /** The longest that a problem can stay suppressed after its incident closed. */
  readonly longestCooldownSeconds: number;
  readonly clock: Clock;
}

/** How many incidents of one list one sweep looks at; the next one is five minutes away. */
const sweptAtOnce = 1_000;
/** So long after a cooldown ended the sweep still looks for a problem that outlasted it. */
const lookBackSeconds = 86_400;

/** The incidents that a sweep looks at, and what it does about them beside closing. */
export class IncidentSweepStore {
  readonly #with: IncidentSweepDependencies;

  constructor(dependencies: IncidentSweepDependencies) {
    this.#with = dependencies;
  }

  /** Longest open first. */
  async open(): Promise<StoredIncident[]> {
    const { database, operationsTable } = this.#with;
    const items = await database.byStatus(operationsTable, 'INCIDENT#open', sweptAtOnce, {
      oldestFirst: true,
    });
    return items.map((item) => z.parse(storedIncident, item));
  }

  /** Last closed first. */
  async recentlyClosed(): Promise<StoredIncident[]> {
    const { database, operationsTable, longestCooldownSeconds, clock } = this.#with;
    const sinceEpochMs = clock() - (lookBackSeconds + longestCooldownSeconds) * 1_000;
    const items = await database.byStatus(operationsTable, 'INCIDENT#closed', sweptAtOnce, { sinceEpochMs });
    return items.map((item) => z.parse(storedIncident, item));
  }

  async start({ incidentId, signal }: StoredIncident): Promise<void> {
    await this.#with.windows.startExecution(signal.fingerprint, incidentId);
  }

  /** Told before it is recorded: a crash in between tells a person twice, never not at all. */
  async tellIfUnresolved(incident: StoredIncident): Promise<'told' | 'nothing'> {
    const { ledger, windows, people, clock } = this.#with;
    const { incidentId, signal } = incident;
    const window = await windows.read(signal.fingerprint);
    const now = clock();
    if (window === undefined || !isUnresolved(window, incident, now)) return 'nothing';
    const { subject, message } = unresolvedMessage(window, incident);
    await people.tell(subject, message);
    // Refused when it recovered in this very moment, or a report after the cooldown opened an incident.
    await ledger.commit(
      incidentChain(incidentId),
      [unresolvedEntry(window, now)],
      [windows.forgetting(signal.fingerprint, window)],
    );
    return 'told';
  }
}
