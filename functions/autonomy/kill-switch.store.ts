import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Actor } from '../audit/ledger-entry.ts';
import type { Database } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { controlChain, itemKeys } from '../platform/item-keys.ts';
import { stateOf } from '../platform/kill-switch-scope.ts';
import type { KillSwitchState } from './decision.ts';

/** The switch as it stands, for people. */
export interface KillSwitchStatus {
  readonly state: KillSwitchState;
  readonly reason?: string;
  readonly changedBy?: string;
  readonly changedAtEpochMs?: number;
}

/** A change whose effect is under way right now. */
export interface InFlight {
  readonly changeId: string;
  readonly incidentId: string;
  readonly target: string;
  readonly phase: 'mutating' | 'rolling-back';
}

/** The kill switch over everything Interlock may start. */
export class KillSwitchStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #table: string;

  constructor(database: Database, ledger: LedgerStore, table: string) {
    this.#database = database;
    this.#ledger = ledger;
    this.#table = table;
  }

  /** Strongly consistent. A missing item counts as engaged: a new deployment does nothing until it is switched off. */
  async status(): Promise<KillSwitchStatus> {
    const item = await this.#database.get(this.#table, itemKeys.killSwitch('global'));
    if (item === undefined)
      return { state: 'engaged', reason: 'never switched off since this stage was deployed' };
    return {
      state: stateOf('global', item),
      reason: item['reason'] as string,
      changedBy: item['changedBy'] as string,
      changedAtEpochMs: item['changedAtEpochMs'] as number,
    };
  }

  /**
   * Switches, with its ledger entry. Once this returns with `engaged`, no authorise transaction can commit:
   * each of them checks this item.
   */
  async set(state: KillSwitchState, actor: Actor, reason: string, nowEpochMs: number): Promise<void> {
    const result = await this.#ledger.commit(
      controlChain('kill-switch', nowEpochMs),
      [{ type: `kill-switch.${state}`, atEpochMs: nowEpochMs, actor, detail: { scope: 'global', reason } }],
      [
        {
          kind: 'put',
          table: this.#table,
          item: {
            ...itemKeys.killSwitch('global'),
            engaged: state === 'engaged',
            reason,
            changedBy: actor.id,
            changedAtEpochMs: nowEpochMs,
          },
        },
      ],
    );
    if (result.outcome === 'refused') {
      throw new DependencyUnavailableError(
        'kill-switch.not-written',
        'the kill switch could not be written; try again',
      );
    }
  }

  /** Everything whose effect is under way, consistently read: empty means stopped. */
  async inFlight(): Promise<InFlight[]> {
    const locks = await this.#database.query(this.#table, 'LOCK');
    return locks
      .filter((lock) => lock['phase'] === 'mutating' || lock['phase'] === 'rolling-back')
      .map((lock) => ({
        changeId: lock['changeId'] as string,
        incidentId: lock['incidentId'] as string,
        target: lock['sk'] as string,
        phase: lock['phase'] as InFlight['phase'],
      }));
  }
}
