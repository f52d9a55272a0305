import { LedgerStore, toEntry } from '../../functions/audit/ledger.store.ts';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { KillSwitchStore } from '../../functions/autonomy/kill-switch.store.ts';
import { Database, type Item } from '../../functions/platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';

/** What Interlock wrote down, read as the root user of the emulator: for the timeline, never for a verdict alone. */
export class Records {
  readonly #database = new Database();
  readonly #tables: { readonly operations: string; readonly ledger: string };
  readonly #killSwitch: KillSwitchStore;

  /** @param outputs Outputs of the deployed Interlock stack. */
  constructor(outputs: Readonly<Record<string, string>>) {
    const { ControlsTable = '', OperationsTable = '', LedgerTable = '' } = outputs;
    this.#tables = { operations: OperationsTable, ledger: LedgerTable };
    const ledger = new LedgerStore(this.#database, LedgerTable, outputs['ArtefactVersion'] ?? 'local-mode');
    this.#killSwitch = new KillSwitchStore(this.#database, ledger, ControlsTable);
  }

  /** Incidents that this alarm opened, newest first. */
  async incidentsOf(alarmName: string): Promise<string[]> {
    const statuses = ['INCIDENT#open', 'INCIDENT#closed'];
    const found = await Promise.all(
      statuses.map((key) => this.#database.byStatus(this.#tables.operations, key)),
    );
    return found
      .flat()
      .filter((item) => (item['signal'] as { alarmName?: string }).alarmName === alarmName)
      .map((item) => item['incidentId'] as string);
  }

  async chain(incidentId: string): Promise<LedgerEntry[]> {
    return (await this.#database.query(this.#tables.ledger, incidentChain(incidentId))).map(toEntry);
  }

  async approvalStatus(approvalId: string): Promise<string | undefined> {
    return (await this.#operation(itemKeys.approval(approvalId)))?.['status'] as string | undefined;
  }

  /** What intake decided about an event; undefined while it has not been looked at. */
  async eventOutcome(eventId: string): Promise<string | undefined> {
    return (await this.#operation(itemKeys.event(eventId)))?.['outcome'] as string | undefined;
  }

  async setKillSwitch(state: 'engaged' | 'released', reason: string): Promise<void> {
    await this.#killSwitch.set(state, { kind: 'person', id: 'local-mode' }, reason, Date.now());
  }

  #operation(key: { pk: string; sk: string }): Promise<Item | undefined> {
    return this.#database.get(this.#tables.operations, key);
  }
}
