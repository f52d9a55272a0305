import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Plan } from '../change/plan.ts';
import type { Database } from '../platform/dynamodb.ts';
import { InterlockError } from '../platform/errors.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import type { Approval } from './approval.ts';
import { approvalStatusKeys, toApproval } from './approval-item.ts';
import {
  type ApprovalDesk,
  type DecisionRecord,
  type Dossier,
  type IncidentFile,
  parseDecision,
  parseIncident,
  parseJudgedChange,
  parseTriage,
} from './dossier.ts';

/** How many approvals a list shows: each costs four reads. */
const pendingShown = 25;
const recentShown = 10;

/** Reads what people are shown. Writes nothing. */
export class DossierStore implements ApprovalDesk {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #table: string;

  constructor(database: Database, ledger: LedgerStore, table: string) {
    this.#database = database;
    this.#ledger = ledger;
    this.#table = table;
  }

  /** The plan and the decision on it. @throws InterlockError `approval.plan-missing`, `approval.decision-missing`. */
  async asked(incidentId: string, planDigest: string): Promise<{ plan: Plan; decision: DecisionRecord }> {
    const [plan, decision] = await Promise.all([
      this.#database.get(this.#table, itemKeys.plan(incidentId, planDigest)),
      this.#database.get(this.#table, itemKeys.decision(incidentId, planDigest)),
    ]);
    if (plan === undefined) {
      throw new InterlockError('approval.plan-missing', `incident ${incidentId} has no plan ${planDigest}`);
    }
    const parsed = parseDecision(decision);
    if (parsed === undefined) {
      throw new InterlockError('approval.decision-missing', `plan ${planDigest} has no readable decision`);
    }
    return { plan: plan['plan'] as Plan, decision: parsed };
  }

  /** A change and the approval it waits for; nothing where it waits for none. */
  async waitingChange(changeId: string) {
    const change = parseJudgedChange(await this.#database.get(this.#table, itemKeys.change(changeId)));
    const { verdictApprovalId } = change ?? {};
    return change === undefined || verdictApprovalId === undefined
      ? undefined
      : { incidentId: change.incidentId, planDigest: change.planDigest, verdictApprovalId };
  }

  /** One approval with everything it rests on; nothing where it, its plan or its decision is missing. */
  readonly dossier = async (approvalId: string): Promise<Dossier | undefined> => {
    const item = await this.#database.get(this.#table, itemKeys.approval(approvalId));
    return item === undefined ? undefined : this.#complete(toApproval(item));
  };

  /** The newest 25 at most. */
  readonly pending = async (): Promise<Dossier[]> => this.#list(['pending'], pendingShown);

  /** The newest 10 at most. */
  readonly recent = async (): Promise<Dossier[]> => this.#list(['undelivered', 'done'], recentShown);

  /** An incident and its whole chain; nothing where there is no readable incident. */
  readonly incident = async (incidentId: string): Promise<IncidentFile | undefined> => {
    const incident = parseIncident(await this.#database.get(this.#table, itemKeys.incident(incidentId)));
    if (incident === undefined) return undefined;
    return { incident, entries: await this.#ledger.read(incidentChain(incidentId)) };
  };

  /** The index lags, so each hit is read again; one whose plan is gone is left out of a list. */
  async #list(statuses: readonly (keyof typeof approvalStatusKeys)[], limit: number): Promise<Dossier[]> {
    const lists = await Promise.all(
      statuses.map((status) => this.#database.byStatus(this.#table, approvalStatusKeys[status], limit)),
    );
    const newest = lists
      .flat()
      .sort((a, b) => String(b['statusAt']).localeCompare(String(a['statusAt'])))
      .slice(0, limit);
    const dossiers = await Promise.all(newest.map((item) => this.dossier(String(item['approvalId']))));
    return dossiers.filter((dossier) => dossier !== undefined);
  }

  async #complete(approval: Approval): Promise<Dossier | undefined> {
    const { incidentId, planDigest } = approval;
    const changeId = approval.verdictOn?.changeId;
    const [plan, decisionItem, incidentItem, triageItem, changeItem] = await Promise.all([
      this.#database.get(this.#table, itemKeys.plan(incidentId, planDigest)),
      this.#database.get(this.#table, itemKeys.decision(incidentId, planDigest)),
      this.#database.get(this.#table, itemKeys.incident(incidentId)),
      this.#database.get(this.#table, itemKeys.triage(incidentId)),
      changeId === undefined ? undefined : this.#database.get(this.#table, itemKeys.change(changeId)),
    ]);
    const decision = parseDecision(decisionItem);
    if (plan === undefined || decision === undefined) return undefined;
    const incident = parseIncident(incidentItem);
    const triage = parseTriage(triageItem);
    const change = parseJudgedChange(changeItem);
    return {
      approval,
      plan: plan['plan'] as Plan,
      decision,
      ...(incident === undefined ? {} : { incident }),
      ...(triage === undefined ? {} : { triage }),
      ...(change === undefined ? {} : { change }),
    };
  }
}
