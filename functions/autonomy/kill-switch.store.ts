import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Actor } from '../audit/ledger-entry.ts';
import { type Plan, planDigestOf } from '../change/plan.ts';
import type { Database, Item } from '../platform/dynamodb.ts';
import { itemKeys } from '../platform/item-keys.ts';
import { covers, type SwitchScope, type SwitchSubject, stateOf } from '../platform/kill-switch-scope.ts';
import { writeKillSwitch } from '../platform/kill-switch-writing.store.ts';

/** A switch as it stands, for people. */
export interface KillSwitchStatus {
  readonly scope: SwitchScope;
  readonly state: 'engaged' | 'released';
  readonly reason?: string;
  readonly changedBy?: string;
  readonly changedAtEpochMs?: number;
}

/** A change whose effect is under way right now. Members that could not be found out are absent. */
export interface InFlight extends Partial<SwitchSubject> {
  readonly changeId: string;
  readonly incidentId: string;
  readonly target: string;
  /** `watched`: the effect is there, and is about to be kept or undone. */
  readonly phase: 'mutating' | 'rolling-back' | 'watched';
}

/** The kill switches: over everything Interlock may start, or over one environment, agent role or action. */
export class KillSwitchStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #table: string;
  readonly #operations: string | undefined;

  /** @param operationsTable Where plans are read, so that a narrower switch waits only for what it covers. */
  constructor(database: Database, ledger: LedgerStore, table: string, operationsTable?: string) {
    this.#database = database;
    this.#ledger = ledger;
    this.#table = table;
    this.#operations = operationsTable;
  }

  /** Strongly consistent. A missing global switch counts as engaged: a new deployment does nothing. */
  async status(scope: SwitchScope = 'global'): Promise<KillSwitchStatus> {
    return toStatus(scope, await this.#database.get(this.#table, itemKeys.killSwitch(scope)));
  }

  /** Every switch that was ever written and the global one, the global one first; strongly consistent. */
  async all(): Promise<KillSwitchStatus[]> {
    const items = await this.#database.query(this.#table, 'SWITCH');
    const byScope = new Map(items.map((item) => [String(item['sk']) as SwitchScope, item]));
    const narrower = [...byScope.keys()].filter((scope) => scope !== 'global');
    return (['global', ...narrower] as const).map((scope) => toStatus(scope, byScope.get(scope)));
  }

  /** Switches, see {@link writeKillSwitch}. */
  async set(
    state: 'engaged' | 'released',
    actor: Actor,
    reason: string,
    nowEpochMs: number,
    scope: SwitchScope = 'global',
  ): Promise<void> {
    await writeKillSwitch(this.#ledger, this.#table, { state, scope, reason, actor }, nowEpochMs);
  }

  /**
   * Everything covered whose effect is under way or not yet judged, from one consistent read of all locks: empty
   * means stopped. A lock that is held for a change without effect is not among it: its first step has to pass
   * the switch.
   */
  async inFlight(scope: SwitchScope = 'global'): Promise<InFlight[]> {
    const locks = await this.#database.query(this.#table, 'LOCK');
    const known = await Promise.all(
      locks.filter((lock) => lock['phase'] !== 'free').map((lock) => this.#changeUnder(lock)),
    );
    return known.filter((change) => change !== undefined).filter((change) => covers(scope, change));
  }

  async #changeUnder(lock: Item): Promise<(InFlight & Partial<SwitchSubject>) | undefined> {
    const { changeId, incidentId, sk: target, phase } = lock;
    const change = { changeId: String(changeId), incidentId: String(incidentId), target: String(target) };
    if (phase === 'mutating' || phase === 'rolling-back') {
      return { ...change, phase, ...(await this.#subjectOf(change)) };
    }
    return (await this.#hasEffect(change.changeId))
      ? { ...change, phase: 'watched', ...(await this.#subjectOf(change)) }
      : undefined;
  }

  /** A change that was made and is neither kept nor undone. One that cannot be read may be one. */
  async #hasEffect(changeId: string): Promise<boolean> {
    if (this.#operations === undefined) return false;
    try {
      const status: unknown = (await this.#database.get(this.#operations, itemKeys.change(changeId)))?.[
        'status'
      ];
      return status === 'executed' || status === 'progressing';
    } catch {
      return true;
    }
  }

  /** What a change under way belongs to; what cannot be read stays unknown, and unknown counts as covered. */
  async #subjectOf({
    changeId,
    incidentId,
  }: Pick<InFlight, 'changeId' | 'incidentId'>): Promise<Partial<SwitchSubject>> {
    const operations = this.#operations;
    if (operations === undefined) return {};
    try {
      const change = await this.#database.get(operations, itemKeys.change(changeId));
      const digest: unknown = change?.['planDigest'];
      if (typeof digest !== 'string') return {};
      const stored = await this.#database.get(operations, itemKeys.plan(incidentId, digest));
      const plan = stored?.['plan'] as Plan;
      if (planDigestOf(plan) !== digest) return {};
      const { environment, agentRole, action } = plan;
      return { environment, agentRole, action };
    } catch {
      return {};
    }
  }
}

function toStatus(scope: SwitchScope, item: Item | undefined): KillSwitchStatus {
  if (item === undefined) {
    const reason =
      scope === 'global' ? 'never switched off since this stage was deployed' : 'never switched on';
    return { scope, state: stateOf(scope, item), reason };
  }
  return {
    scope,
    state: stateOf(scope, item),
    reason: item['reason'] as string,
    changedBy: item['changedBy'] as string,
    changedAtEpochMs: item['changedAtEpochMs'] as number,
  };
}
