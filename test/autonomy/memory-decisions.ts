import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { DecisionStore } from '../../functions/autonomy/decision.store.ts';
import type { DecisionRules } from '../../functions/autonomy/decision-input.ts';
import { rollbackPlanOf } from '../../functions/change/action-definition.ts';
import { resolveAction } from '../../functions/change/catalogue.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { MemoryDatabase } from '../approvals/memory-database.ts';

export const tables = { controls: 'Controls', operations: 'Operations', ledger: 'Ledger' } as const;
export const policyDigest = 'a'.repeat(64);

/** The decisions as they are made, on facts that stand in tables in memory. */
export class MemoryDecisions {
  readonly database = new MemoryDatabase();
  readonly ledger = new LedgerStore(this.database, tables.ledger, 'test-artefact');
  readonly #environment: string;
  readonly #decisions: DecisionStore;
  readonly #rules: DecisionRules;

  constructor(environment: string, rules: DecisionRules) {
    const settings = { ...tables, environment, policyDigest };
    const untagged = async () => ({ reading: 'read', tags: {} }) as const;
    this.#environment = environment;
    this.#decisions = new DecisionStore(this.database, this.ledger, settings, untagged);
    this.#rules = rules;
  }

  async put(table: string, item: Item): Promise<void> {
    await this.database.transact([{ kind: 'put', table, item }]);
  }

  /** Puts in place what lets a proposal through: the switch is off, and the stage is the highest. */
  async begin(actionClass: string): Promise<this> {
    const place = { environment: this.#environment, agentRole: 'responder', actionClass };
    await this.put(tables.controls, { ...itemKeys.killSwitch('global'), engaged: false });
    const stage = { ...place, stage: 'guarded', version: 1 };
    await this.put(tables.controls, { ...itemKeys.stage(place), ...stage });
    return this;
  }

  /** Triage answers with these proposals, at once. */
  async propose(incidentId: string, proposals: readonly [action: string, parameters: object][]) {
    const plans = proposals.map(([action, parameters]) => this.#plan(incidentId, action, parameters));
    const planDigests = plans.map((plan) => planDigestOf(plan));
    for (const [index, plan] of plans.entries()) {
      const planDigest = planDigests[index] ?? '';
      await this.put(tables.operations, { ...itemKeys.plan(incidentId, planDigest), plan, planDigest });
    }
    await this.put(tables.operations, { ...itemKeys.incident(incidentId), incidentId, signal: {} });
    const triage = { confidence: 0.9, model: { lowConfidence: false }, planDigests };
    await this.put(tables.operations, { ...itemKeys.triage(incidentId), ...triage });
    return planDigests;
  }

  decide(incidentId: string, planDigest: string, now: number) {
    return this.#decisions.decide(incidentId, planDigest, this.#rules, () => now);
  }

  entries(incidentId: string) {
    return this.ledger.read(incidentChain(incidentId));
  }

  #plan(incidentId: string, action: string, parameters: object): Plan {
    const resolved = resolveAction(action, parameters);
    const { environment, agentRole } = { environment: this.#environment, agentRole: 'responder' };
    const claimed =
      resolved.outcome === 'resolved'
        ? {
            target: resolved.definition.target(resolved.parameters),
            effect: resolved.definition.effect(resolved.parameters),
            rollbackPlan: rollbackPlanOf(resolved.definition, resolved.parameters),
            successCriteria: resolved.definition.successCriteria(resolved.parameters),
          }
        : { successCriteria: [] };
    return {
      schemaVersion: 1,
      incidentId,
      environment,
      agentRole,
      action,
      parameters: parameters as Plan['parameters'],
      ...claimed,
      evidence: [],
      citations: [],
    };
  }
}
