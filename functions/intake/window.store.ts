import type { EpochMs } from '../platform/clock.ts';
import type { Database, Write } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { type CooldownWindow, isReturn } from './cooldown.ts';
import type { IncidentExecutions } from './incident-execution.ts';
import type { Signal } from './signal.ts';

/** The cooldown windows in `Controls`, and the start of an incident's execution, which its window records. */
export class WindowStore {
  readonly #database: Database;
  readonly #table: string;
  readonly #executions: IncidentExecutions;

  constructor(database: Database, controlsTable: string, executions: IncidentExecutions) {
    this.#database = database;
    this.#table = controlsTable;
    this.#executions = executions;
  }

  /** Strongly consistent. */
  async read(fingerprint: string): Promise<CooldownWindow | undefined> {
    const item = await this.#database.get(this.#table, itemKeys.window(fingerprint));
    return item as unknown as CooldownWindow | undefined;
  }

  /** Reads a problem's window and first finishes a start that its claimer did not live to make. */
  async readWithExecutionStarted(fingerprint: string): Promise<CooldownWindow | undefined> {
    const window = await this.read(fingerprint);
    // An incident that closed without an execution went to a person: it is not taken up again.
    if (window?.executionStarted === false && window.incidentOpen)
      await this.startExecution(fingerprint, window.incidentId);
    return window;
  }

  async startExecution(fingerprint: string, incidentId: string): Promise<void> {
    await this.#executions.start(incidentId);
    // Refused when a more severe signal has taken the window over: then there is nothing left to mark.
    await this.#database.transact([
      {
        kind: 'update',
        table: this.#table,
        key: itemKeys.window(fingerprint),
        update: 'SET executionStarted = :yes',
        condition: 'incidentId = :incident',
        values: { ':incident': incidentId, ':yes': true },
      },
    ]);
  }

  /** Remembers a report of a problem whose incident is open; refused when a later one or a recovery got in between. */
  reporting(window: CooldownWindow, { fingerprint, occurredAtEpochMs }: Signal): Write {
    const forgetting = isReturn(window, occurredAtEpochMs) ? ' REMOVE recoveredAtEpochMs' : '';
    return this.#whileOpen(
      window,
      fingerprint,
      `SET reportedAtEpochMs = :at${forgetting}`,
      occurredAtEpochMs,
    );
  }

  /** Remembers that the problem of an open incident went away; refused when it was reported after that, or closed. */
  recovering(window: CooldownWindow, { fingerprint, occurredAtEpochMs }: Signal): Write {
    return this.#whileOpen(window, fingerprint, 'SET recoveredAtEpochMs = :at', occurredAtEpochMs);
  }

  #whileOpen(window: CooldownWindow, fingerprint: string, update: string, at: EpochMs): Write {
    const { incidentId, recoveredAtEpochMs } = window;
    return {
      kind: 'update',
      table: this.#table,
      key: itemKeys.window(fingerprint),
      update,
      condition: `incidentId = :incident AND incidentOpen = :yes
        AND (attribute_not_exists(reportedAtEpochMs) OR reportedAtEpochMs <= :at) AND ${
          recoveredAtEpochMs === undefined
            ? 'attribute_not_exists(recoveredAtEpochMs)'
            : 'recoveredAtEpochMs = :recovered'
        }`,
      values: {
        ':at': at,
        ':incident': incidentId,
        ':yes': true,
        ...(recoveredAtEpochMs === undefined ? {} : { ':recovered': recoveredAtEpochMs }),
      },
    };
  }

  /** Remembers a problem that came back during the cooldown: the first report of an episode, no other. */
  remembering({ incidentId }: CooldownWindow, signal: Signal): Write {
    return {
      kind: 'update',
      table: this.#table,
      key: itemKeys.window(signal.fingerprint),
      update: 'SET suppressedAtEpochMs = :at, suppressedEventId = :event',
      condition:
        'incidentId = :incident AND incidentOpen = :no AND attribute_not_exists(suppressedAtEpochMs)',
      values: {
        ':at': signal.occurredAtEpochMs,
        ':event': signal.eventId,
        ':incident': incidentId,
        ':no': false,
      },
    };
  }

  /** Forgets that problem: it recovered, or a person was told. Refused when the window remembers another one. */
  forgetting(fingerprint: string, { incidentId, suppressedEventId }: CooldownWindow): Write {
    return {
      kind: 'update',
      table: this.#table,
      key: itemKeys.window(fingerprint),
      update: 'REMOVE suppressedAtEpochMs, suppressedEventId',
      condition: 'incidentId = :incident AND suppressedEventId = :event',
      values: { ':incident': incidentId, ':event': suppressedEventId },
    };
  }
}
