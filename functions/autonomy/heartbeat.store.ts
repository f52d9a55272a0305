import { openAndAnnounce } from '../audit/announcement.ts';
import { openedEntry } from '../audit/finding-closure.ts';
import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, TransactResult, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { randomId } from '../platform/ids.ts';
import { controlChain, itemKeys } from '../platform/item-keys.ts';
import { releasedCheck } from '../platform/kill-switch-scope.ts';
import {
  type Beat,
  beatPatienceMs,
  type Heartbeat,
  heartbeatFinding,
  heartbeatWords,
  judgeBeat,
} from './heartbeat.ts';

export type BeatOutcome =
  | ({ readonly outcome: 'beaten'; readonly lastPassedAtEpochMs: number } & Beat)
  /** Another beat holds the canary: it will say how it went. */
  | { readonly outcome: 'busy' };

/** Tries the halt path on a switch that covers nothing real. */
export class HeartbeatStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #tables: { readonly controls: string; readonly operations: string };
  readonly #clock: Clock;

  constructor(
    database: Database,
    ledger: LedgerStore,
    tables: { readonly controls: string; readonly operations: string },
    clock: Clock,
  ) {
    this.#database = database;
    this.#ledger = ledger;
    this.#tables = tables;
    this.#clock = clock;
  }

  /** The last beat, or `undefined` when there was none. Strongly consistent. */
  async last(): Promise<Heartbeat | undefined> {
    const item = await this.#database.get(this.#tables.controls, itemKeys.heartbeat());
    return item === undefined ? undefined : (item as unknown as Heartbeat);
  }

  /**
   * One beat: engage the canary, try a write that it guards, release it, try again; then record what was seen.
   * Two beats at once would release each other's switch, so the canary belongs to one of them at a time.
   */
  async beat(): Promise<BeatOutcome> {
    const beatId = randomId();
    if ((await this.#engage(beatId)) === 'busy') return { outcome: 'busy' };
    const engagedAt = this.#clock();
    const whileEngaged = await this.#guardedWrite(beatId);
    const latencyMs = this.#clock() - engagedAt;
    const leftSomething = (await this.#record())?.['beatId'] === beatId;
    const released = await this.#database.transact([this.#canary(beatId, false)]);
    if (released.outcome === 'refused') return { outcome: 'busy' };
    const beat = judgeBeat(whileEngaged, leftSomething, await this.#guardedWrite(beatId), latencyMs);
    return { outcome: 'beaten', ...beat, lastPassedAtEpochMs: await this.#store(beat) };
  }

  async #engage(beatId: string): Promise<'engaged' | 'busy'> {
    const now = this.#clock();
    const result = await this.#database.transact([
      {
        ...this.#canary(beatId, true),
        condition: 'attribute_not_exists(pk) OR engaged = :off OR engagedAtEpochMs < :gone',
        values: { ':off': false, ':gone': now - beatPatienceMs },
      },
    ]);
    return result.outcome === 'committed' ? 'engaged' : 'busy';
  }

  #canary(beatId: string, engaged: boolean): Write & { readonly kind: 'put' } {
    return {
      kind: 'put',
      table: this.#tables.controls,
      item: { ...itemKeys.canarySwitch(), engaged, beatId, engagedAtEpochMs: this.#clock() },
      condition: 'beatId = :beat',
      values: { ':beat': beatId },
    };
  }

  /** Stands for the start of a change: the same condition, in a transaction of the same kind. */
  #guardedWrite(beatId: string): Promise<TransactResult> {
    const { controls } = this.#tables;
    return this.#database.transact([
      releasedCheck(controls, itemKeys.canarySwitch(), 'engaged'),
      { kind: 'put', table: controls, item: { ...itemKeys.canaryRecord(), beatId } },
    ]);
  }

  #record() {
    return this.#database.get(this.#tables.controls, itemKeys.canaryRecord());
  }

  /** Beat, ledger entry and, for the first of a run of failures, the finding and its announcement: one transaction. */
  async #store(beat: Beat): Promise<number> {
    const now = this.#clock();
    const before = (await this.last())?.lastPassedAtEpochMs ?? 0;
    const lastPassedAtEpochMs = beat.result === 'passed' ? now : before;
    const heartbeat: Heartbeat = { ...beat, lastBeatAtEpochMs: now, lastPassedAtEpochMs };
    const writes: Write[] = [
      { kind: 'put', table: this.#tables.controls, item: { ...itemKeys.heartbeat(), ...heartbeat } },
    ];
    const entry = {
      type: 'kill-switch.heartbeat',
      atEpochMs: now,
      actor: { kind: 'system', id: 'kill-switch-heartbeat' },
      detail: { ...beat },
    } as const;
    const chain = controlChain('heartbeat', now);
    if (beat.result === 'failed') {
      const finding = heartbeatFinding(beat, lastPassedAtEpochMs, now);
      const opened = await this.#ledger.commit(
        chain,
        [entry, openedEntry(finding, 'kill-switch-heartbeat')],
        [
          ...writes,
          ...openAndAnnounce(this.#tables.operations, finding, heartbeatWords(beat, lastPassedAtEpochMs)),
        ],
      );
      if (opened.outcome === 'committed') return lastPassedAtEpochMs;
    }
    const result = await this.#ledger.commit(chain, [entry], writes);
    if (result.outcome === 'committed') return lastPassedAtEpochMs;
    throw new DependencyUnavailableError(
      'heartbeat.not-recorded',
      'the heartbeat could not be recorded; the next one comes in five minutes',
    );
  }
}
