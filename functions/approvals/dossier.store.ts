import type { LedgerStore } from '../audit/ledger.store.ts';
import type { Plan } from '../change/plan.ts';
import type { EpochMs } from '../platform/clock.ts';
import type { Database, Item } from '../platform/dynamodb.ts';
import { InterlockError } from '../platform/errors.ts';
import { changeIdFor } from '../platform/ids.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import { type Approval, byExpiry } from './approval.ts';
import { approvalStatusKeys, toApproval } from './approval-item.ts';
import {
  type ApprovalDesk,
  type DecisionRecord,
  type Dossier,
  type DossierList,
  type IncidentFile,
  type IncidentRecord,
  impactOf,
  lastRehearsal,
  parseChangeUnderApproval,
  parseChecks,
  parseDecision,
  parseIncident,
  parseTriage,
  rehearsalsSearched,
} from './dossier.ts';
import { type NeverAgain, neverAgainStatusKey, parseNeverAgain } from './never-again.ts';
import type { Notice } from './notice.ts';

/** How many approvals are looked through, over everybody. */
export const pendingReadAtMost = 500;
const recentReadAtMost = 100;
/** How many are completed at once: each costs four reads. */
const chunk = 25;

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
    const change = parseChangeUnderApproval(await this.#database.get(this.#table, itemKeys.change(changeId)));
    const { verdictApprovalId } = change ?? {};
    return change === undefined || verdictApprovalId === undefined
      ? undefined
      : { incidentId: change.incidentId, planDigest: change.planDigest, verdictApprovalId };
  }

  /** One approval with everything it rests on, at most eleven reads; nothing where it, its plan or its decision is missing. */
  readonly dossier = async (approvalId: string): Promise<Dossier | undefined> => {
    const [found, notices] = await Promise.all([
      this.#found(approvalId),
      this.#database.query(this.#table, itemKeys.notice(approvalId, '', 0).pk),
    ]);
    if (found === undefined) return undefined;
    const { plan, approval } = found;
    const { incidentId, planDigest } = approval;
    const [recommendation, rolledBack, triageItem, begun] = await Promise.all([
      this.#database.get(this.#table, itemKeys.recommendation(incidentId, planDigest)),
      this.#database.byStatus(this.#table, 'CHANGE#rolled-back', rehearsalsSearched),
      this.#database.get(this.#table, itemKeys.triage(incidentId)),
      this.#begun(approval),
    ]);
    const triage = parseTriage(triageItem);
    const change = found.change ?? begun;
    return {
      ...found,
      ...(triage === undefined ? {} : { triage }),
      ...(change === undefined ? {} : { change }),
      ...parseChecks(recommendation),
      rehearsal: lastRehearsal(rolledBack, plan.action),
      notices: (notices as unknown as Notice[]).toSorted((a, b) => a.createdAtEpochMs - b.createdAtEpochMs),
    };
  };

  /** Of the {@link pendingReadAtMost} that wait longest: no number of newer requests hides an older one. */
  readonly pending = async (): Promise<DossierList> => {
    const { pending } = approvalStatusKeys;
    const limit = pendingReadAtMost + 1;
    const items = await this.#database.byStatus(this.#table, pending, limit, { oldestFirst: true });
    return {
      dossiers: this.#completed(items.slice(0, pendingReadAtMost).map(toApproval).toSorted(byExpiry)),
      isWhole: items.length < limit,
    };
  };

  /** Of the {@link recentReadAtMost} newest. */
  readonly recent = async (): Promise<DossierList> => {
    const items = await this.#listed(['undelivered', 'done'], recentReadAtMost + 1);
    return {
      dossiers: this.#completed(items.slice(0, recentReadAtMost).map(toApproval)),
      isWhole: items.length <= recentReadAtMost,
    };
  };

  /** Of the lists as the index has them, without what they rest on: for figures. */
  readonly decidedSince = async (sinceEpochMs: EpochMs, limit: number): Promise<Approval[]> =>
    (await this.#listed(['undelivered', 'done'], limit, sinceEpochMs)).map(toApproval);

  /** Records that cannot be read are left out. */
  readonly neverAgain = async (limit: number): Promise<NeverAgain[]> => {
    const items = await this.#database.byStatus(this.#table, neverAgainStatusKey, limit);
    return items.map(parseNeverAgain).filter((record) => record !== undefined);
  };

  /** Every approval that a decision of this incident asks for: not those that ask whether a change may stay. */
  async approvalsOf(incidentId: string): Promise<string[]> {
    const decisions = await this.#database.query(this.#table, itemKeys.decision(incidentId, '').pk);
    return decisions
      .map((item) => item['approvalId'] as unknown)
      .filter((approvalId) => typeof approvalId === 'string');
  }

  /** The incident alone; nothing where there is no readable one. */
  async incidentRecord(incidentId: string): Promise<IncidentRecord | undefined> {
    return parseIncident(await this.#database.get(this.#table, itemKeys.incident(incidentId)));
  }

  /** An incident and its whole chain; nothing where there is no readable incident. */
  readonly incident = async (incidentId: string): Promise<IncidentFile | undefined> => {
    const incident = await this.incidentRecord(incidentId);
    if (incident === undefined) return undefined;
    return { incident, entries: await this.#ledger.read(incidentChain(incidentId)) };
  };

  /** The index lags, so each hit is read again; one whose plan is gone is left out of a list. */
  async *#completed(approvals: readonly Approval[]): AsyncGenerator<Dossier> {
    for (let index = 0; index < approvals.length; index += chunk) {
      const ids = approvals.slice(index, index + chunk).map(({ approvalId }) => approvalId);
      const dossiers = await Promise.all(ids.map((approvalId) => this.#found(approvalId)));
      yield* dossiers.filter((dossier) => dossier !== undefined);
    }
  }

  /** What was begun on an approval of its plan. */
  async #begun({ status, incidentId, planDigest, verdictOn }: Approval) {
    if (status !== 'approved' || verdictOn !== undefined) return undefined;
    const changeId = changeIdFor(incidentId, planDigest);
    return parseChangeUnderApproval(await this.#database.get(this.#table, itemKeys.change(changeId)));
  }

  /** Newest first over all these statuses. */
  async #listed(
    statuses: readonly (keyof typeof approvalStatusKeys)[],
    limit: number,
    sinceEpochMs?: EpochMs,
  ): Promise<Item[]> {
    const since = sinceEpochMs === undefined ? {} : { sinceEpochMs };
    const lists = await Promise.all(
      statuses.map((status) =>
        this.#database.byStatus(this.#table, approvalStatusKeys[status], limit, since),
      ),
    );
    return lists
      .flat()
      .sort((a, b) => String(b['statusAt']).localeCompare(String(a['statusAt'])))
      .slice(0, limit);
  }

  async #found(approvalId: string): Promise<Dossier | undefined> {
    const item = await this.#database.get(this.#table, itemKeys.approval(approvalId));
    return item === undefined ? undefined : this.#complete(toApproval(item));
  }

  async #complete(approval: Approval): Promise<Dossier | undefined> {
    const { incidentId, planDigest } = approval;
    const changeId = approval.verdictOn?.changeId;
    const [plan, decisionItem, incidentItem, changeItem] = await Promise.all([
      this.#database.get(this.#table, itemKeys.plan(incidentId, planDigest)),
      this.#database.get(this.#table, itemKeys.decision(incidentId, planDigest)),
      this.#database.get(this.#table, itemKeys.incident(incidentId)),
      changeId === undefined ? undefined : this.#database.get(this.#table, itemKeys.change(changeId)),
    ]);
    const decision = parseDecision(decisionItem);
    if (plan === undefined || decision === undefined) return undefined;
    const incident = parseIncident(incidentItem);
    const change = parseChangeUnderApproval(changeItem);
    const impact = impactOf(plan['plan'] as Plan);
    return {
      approval,
      plan: plan['plan'] as Plan,
      decision,
      ...(incident === undefined ? {} : { incident }),
      ...(change === undefined ? {} : { change }),
      ...(impact === undefined ? {} : { impact }),
    };
  }
}
