import * as z from 'zod/mini';
import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock, EpochMs } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError, InvalidInputError } from '../platform/errors.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import type { IncidentResult } from '../platform/vocabulary.ts';
import type { CooldownWindow } from './cooldown.ts';
import { asItStands, closingEntry, closingMessage, type IncidentClose } from './incident-close.ts';
import { type StoredIncident, storedIncident } from './intake-items.ts';
import { windowRetentionSeconds } from './taxonomy.ts';

/** Where a person is told; best effort on its side, at least once on ours. */
export interface People {
  tell(subject: string, message: string): Promise<void>;
}

export interface CloseResult {
  readonly outcome: 'closed' | 'already-closed';
  /** How the incident ended: the first close wins. */
  readonly result: IncidentResult;
}

export interface CloseDependencies {
  readonly database: Database;
  readonly ledger: LedgerStore;
  readonly people: People;
  readonly controlsTable: string;
  readonly operationsTable: string;
  readonly clock: Clock;
}

/** How often a close looks again after its window was taken over or another close got in. */
const closeAttempts = 5;

/** Ends incidents: once each, with the cooldown that follows and a word to a person unless all is well. */
export class CloseIncidentStore {
  readonly #with: CloseDependencies;

  constructor(dependencies: CloseDependencies) {
    this.#with = dependencies;
  }

  /**
   * Closes an incident, starts the cooldown of its window, and tells a person unless the problem is gone. The
   * message follows the commit; a call that finds the incident closed but nobody told sends it.
   *
   * @throws InvalidInputError `close-incident.unknown-incident`.
   */
  async close(close: IncidentClose): Promise<CloseResult> {
    for (let attempt = 1; attempt <= closeAttempts; attempt++) {
      const found = await this.#read(close.incidentId);
      if (found.status === 'closed') {
        const stored = {
          ...close,
          result: found.result ?? 'needs-person',
          reason: found.resultReason ?? close.reason,
        };
        await this.#tellPerson(stored, found);
        return { outcome: 'already-closed', result: stored.result };
      }
      const ending = asItStands(close, found.recoveredAtEpochMs !== undefined);
      if (await this.#commit(ending, found, this.#with.clock())) {
        await this.#tellPerson(ending, found);
        return { outcome: 'closed', result: ending.result };
      }
    }
    throw new DependencyUnavailableError(
      'close-incident.contention',
      `incident ${close.incidentId} changed ${closeAttempts} times while closing; close it again`,
    );
  }

  async #read(incidentId: string): Promise<StoredIncident> {
    const item = await this.#with.database.get(this.#with.operationsTable, itemKeys.incident(incidentId));
    if (item === undefined)
      throw new InvalidInputError(
        'close-incident.unknown-incident',
        `incident ${incidentId} does not exist; check the id`,
      );
    return z.parse(storedIncident, item);
  }

  /** `false` when the incident or its window changed since they were read. */
  async #commit(close: IncidentClose, { signal }: StoredIncident, now: EpochMs): Promise<boolean> {
    const { database, ledger, controlsTable, operationsTable } = this.#with;
    const windowKey = itemKeys.window(signal.fingerprint);
    const window = (await database.get(controlsTable, windowKey)) as unknown as CooldownWindow | undefined;
    // A more severe signal took the window over: its own incident will close it.
    const ours = window?.incidentId === close.incidentId ? window : undefined;
    const cooldown = ours === undefined ? undefined : { closesAtEpochMs: now + ours.cooldownSeconds * 1_000 };
    const writes: Write[] = [
      {
        kind: 'update',
        table: operationsTable,
        key: itemKeys.incident(close.incidentId),
        update:
          'SET #status = :closed, #result = :result, resultReason = :reason, closedAtEpochMs = :now, statusKey = :key, statusAt = :at',
        // A problem that comes back in this very moment is no recovered one: then it is read again.
        condition: `#status = :open${close.result === 'recovered' ? ' AND attribute_exists(recoveredAtEpochMs)' : ''}`,
        names: { '#status': 'status', '#result': 'result' },
        values: {
          ':open': 'open',
          ':closed': 'closed',
          ':result': close.result,
          ':reason': close.reason,
          ':now': now,
          ':key': 'INCIDENT#closed',
          ':at': new Date(now).toISOString(),
        },
      },
    ];
    if (cooldown !== undefined)
      writes.push({
        kind: 'update',
        table: controlsTable,
        key: windowKey,
        update: 'SET incidentOpen = :no, closesAtEpochMs = :closes, ttlEpochSeconds = :ttl',
        condition: 'incidentId = :incident',
        values: {
          ':no': false,
          ':closes': cooldown.closesAtEpochMs,
          ':ttl': Math.ceil(cooldown.closesAtEpochMs / 1_000) + windowRetentionSeconds,
          ':incident': close.incidentId,
        },
      });
    const entry = closingEntry(close, cooldown, now);
    const result = await ledger.commit(incidentChain(close.incidentId), [entry], writes);
    return result.outcome === 'committed';
  }

  /** Sent before it is marked: a crash in between tells a person twice, never not at all. */
  async #tellPerson(close: IncidentClose, { signal, personToldAtEpochMs }: StoredIncident): Promise<void> {
    const { database, people, operationsTable, clock } = this.#with;
    const { title, severity, environment, resource } = signal;
    const words = closingMessage(close, { title, severity, environment, resource: resource.id });
    if (words === undefined || personToldAtEpochMs !== undefined) return;
    await people.tell(words.subject, words.message);
    await database.transact([
      {
        kind: 'update',
        table: operationsTable,
        key: itemKeys.incident(close.incidentId),
        update: 'SET personToldAtEpochMs = :now',
        condition: 'attribute_exists(pk)',
        values: { ':now': clock() },
      },
    ]);
  }
}
