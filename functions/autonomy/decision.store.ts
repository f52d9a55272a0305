import { type Finding, openFinding } from '../audit/finding.ts';
import { openedEntry } from '../audit/finding-closure.ts';
import type { LedgerStore } from '../audit/ledger.store.ts';
import type { LedgerEvent } from '../audit/ledger-entry.ts';
import type { Clock, EpochMs } from '../platform/clock.ts';
import type { Database, Item, Write } from '../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../platform/errors.ts';
import { decisionIdFor, randomId } from '../platform/ids.ts';
import { incidentChain, itemKeys } from '../platform/item-keys.ts';
import type { RiskTier } from '../platform/vocabulary.ts';
import { decide } from './decision.ts';
import {
  type DecisionFacts,
  DecisionFactsStore,
  type DecisionTables,
  type ReadTargetTags,
} from './decision-facts.store.ts';
import type { Decision, DecisionInput, DecisionRules } from './decision-input.ts';
import { type CountedDenial, countDenial } from './denial-count.ts';
import { permittedUntil, startHorizonMs } from './permitted-until.ts';

/** A decision as stored: bound to one plan of one incident, to the policies it was made under and to its inputs. */
export interface StoredDecision extends Decision {
  /** `dec-` and 20 hex digits. */
  readonly decisionId: string;
  readonly incidentId: string;
  readonly planDigest: string;
  readonly policyDigest: string;
  readonly decidedAtEpochMs: number;
  readonly agentRole: string;
  /** As the agent wrote it, at most 100 characters. */
  readonly action: string;
  readonly environment: string;
  /** Only when the action and its parameters are in the catalogue; so are `actionClass`, `tier` and `stageKey`. */
  readonly targetKey?: string;
  readonly actionClass?: string;
  readonly tier?: RiskTier;
  /** Sort key of the stage item that has to stand at `stageVersion` when the change starts. */
  readonly stageKey?: string;
  /** Unguessable id of the approval to ask for; only when one is required. */
  readonly approvalId?: string;
  /** No change may start on it after this instant, because the policies permit it no longer; absent: they do. */
  readonly notAfterEpochMs?: EpochMs;
  /** This is the denial after which the agent is heard no more in this incident. */
  readonly cutsOff?: true;
  /** Everything the decision was made on: with the policies of `policyDigest` it gives the same decision again. */
  readonly inputs: DecisionInput;
}

export interface DecisionSettings extends DecisionTables {
  /** Digest of the policies that are deployed with the rules. */
  readonly policyDigest: string;
}

/** Each loss means that another decision of the same incident was stored meanwhile. */
const attempts = 20;

/** Makes decisions and keeps them: one for each plan, whoever asks again. */
export class DecisionStore {
  readonly #database: Database;
  readonly #ledger: LedgerStore;
  readonly #settings: DecisionSettings;
  readonly #facts: DecisionFactsStore;

  constructor(database: Database, ledger: LedgerStore, settings: DecisionSettings, readTags: ReadTargetTags) {
    this.#database = database;
    this.#ledger = ledger;
    this.#settings = settings;
    this.#facts = new DecisionFactsStore(database, settings, readTags);
  }

  /**
   * Decides on one plan, or answers what was decided on it before. What is denied counts for the next decision
   * of the same incident, so of two that are made at once one is made again:
   *
   *     A reads 3 denials ── A stores its denial, the 4th ✓ and cuts the agent off
   *     B reads 3 denials ─────────────── B stores ✗ (there are 4) ── reads 4 ── is cut off ✓
   *
   * @throws InterlockError `decision.plan-missing`, `decision.plan-altered`.
   * @throws DependencyUnavailableError `decision.contention`.
   */
  async decide(
    incidentId: string,
    planDigest: string,
    rules: DecisionRules,
    clock: Clock,
  ): Promise<StoredDecision> {
    const key = itemKeys.decision(incidentId, planDigest);
    const earlier = await this.#database.get(this.#settings.operations, key);
    if (earlier !== undefined) return toDecision(earlier);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const facts = await this.#facts.read(incidentId, planDigest, clock());
      const stored = await this.#store(facts, decide(facts.input, rules), rules);
      if (stored !== 'made-again') return stored;
    }
    throw new DependencyUnavailableError(
      'decision.contention',
      `other decisions of incident ${incidentId} were stored ${attempts} times meanwhile; retry`,
    );
  }

  async #store(
    { input, denialsVersion }: DecisionFacts,
    decision: Decision,
    rules: DecisionRules,
  ): Promise<StoredDecision | 'made-again'> {
    const counted = countDenial(input, decision, rules.limits.variants.cutOffAfterDenials);
    const stored: StoredDecision = {
      ...storedFrom(input, decision, this.#settings.policyDigest),
      ...startLimit(input, decision, rules),
      ...(counted?.cutsOff === true ? { cutsOff: true } : {}),
    };
    const { operations } = this.#settings;
    const result = await this.#ledger.commit(incidentChain(input.incidentId), eventsOf(stored, counted), [
      {
        kind: 'put',
        table: operations,
        item: {
          ...itemKeys.decision(stored.incidentId, stored.planDigest),
          ...stored,
          statusKey: `DECISION#${stored.outcome}`,
          statusAt: new Date(stored.decidedAtEpochMs).toISOString(),
        },
        condition: 'attribute_not_exists(pk)',
      },
      denialsWrite(operations, input, denialsVersion, counted),
      ...(counted?.cutsOff === true ? [openFinding(operations, cutOffFinding(stored))] : []),
    ]);
    if (result.outcome === 'committed') return stored;
    const earlier = result.refusals[0]?.item;
    return earlier === undefined ? 'made-again' : toDecision(earlier);
  }
}

function storedFrom(inputs: DecisionInput, decision: Decision, policyDigest: string): StoredDecision {
  const { incidentId, planDigest, environment, agentRole, action, nowEpochMs } = inputs;
  return {
    ...decision,
    decisionId: decisionIdFor(incidentId, planDigest),
    incidentId,
    planDigest,
    policyDigest,
    decidedAtEpochMs: nowEpochMs,
    agentRole,
    action: action.id,
    environment,
    ...(action.outcome === 'resolved' ? placeOf(action, environment, agentRole) : {}),
    ...(decision.outcome === 'require-approval' ? { approvalId: randomId() } : {}),
    // As it comes back from the table, where an absent member is no member.
    inputs: JSON.parse(JSON.stringify(inputs)) as DecisionInput,
  };
}

/** Until when a change may start on it, where the policies set an end to that. */
function startLimit(
  input: DecisionInput,
  { outcome }: Decision,
  rules: DecisionRules,
): Pick<StoredDecision, 'notAfterEpochMs'> {
  if (outcome !== 'auto' && outcome !== 'require-approval') return {};
  const notAfterEpochMs = permittedUntil(input, rules, startHorizonMs);
  return notAfterEpochMs === undefined ? {} : { notAfterEpochMs };
}

function placeOf(
  { actionClass, tier, target }: Extract<DecisionInput['action'], { outcome: 'resolved' }>,
  environment: string,
  agentRole: string,
) {
  const stageKey = itemKeys.stage({ environment, agentRole, actionClass }).sk;
  return { targetKey: target.key, actionClass, tier, stageKey };
}

/** Every decision of an incident holds the denials at the version it was made on; a counted one adds to them. */
function denialsWrite(
  table: string,
  { incidentId }: DecisionInput,
  version: number,
  counted: CountedDenial | undefined,
): Write {
  const key = itemKeys.denials(incidentId);
  const unmoved =
    version === 0
      ? { condition: 'attribute_not_exists(pk)' }
      : {
          condition: '#version = :version',
          names: { '#version': 'version' },
          values: { ':version': version },
        };
  if (counted === undefined) return { kind: 'check', table, key, ...unmoved };
  const { denials, cutsOff } = counted;
  return {
    kind: 'put',
    table,
    item: { ...key, incidentId, denials, version: version + 1, ...(cutsOff ? { cutOff: true } : {}) },
    ...unmoved,
  };
}

function eventsOf(stored: StoredDecision, counted: CountedDenial | undefined): LedgerEvent[] {
  const { planDigest, clause, action, agentRole, decidedAtEpochMs } = stored;
  const event = (type: string, detail: LedgerEvent['detail']): LedgerEvent => ({
    type,
    atEpochMs: decidedAtEpochMs,
    actor: { kind: 'system', id: 'decide' },
    detail,
  });
  const proposal = { planDigest, action, agentRole };
  return [
    event('decision.made', {
      decisionId: stored.decisionId,
      planDigest,
      outcome: stored.outcome,
      quorum: stored.quorum,
      clause,
      reason: stored.reason,
      policyDigest: stored.policyDigest,
      determiningPolicies: stored.determiningPolicies.join(', '),
      ...(stored.tier === undefined ? {} : { tier: stored.tier }),
      ...(stored.stage === undefined ? {} : { stage: stored.stage }),
      ...(stored.stageVersion === undefined ? {} : { stageVersion: stored.stageVersion }),
      ...(stored.breakGlass === true ? { breakGlass: true } : {}),
      ...(stored.notAfterEpochMs === undefined ? {} : { notAfterEpochMs: stored.notAfterEpochMs }),
      ...(stored.exceptionIds === undefined ? {} : { exceptionIds: stored.exceptionIds.join(', ') }),
    }),
    ...(clause === 'policy.variant-cooldown' ? [event('decision.denied-variant', proposal)] : []),
    ...(counted?.cutsOff === true
      ? [
          event('agent.cut-off', { ...proposal, denials: counted.denials.length }),
          openedEntry(cutOffFinding(stored), 'decide'),
        ]
      : []),
  ];
}

function cutOffFinding({ incidentId, agentRole, action, decidedAtEpochMs }: StoredDecision): Finding {
  return {
    findingId: `agent-cut-off-${incidentId}-${agentRole}`,
    kind: 'agent-cut-off',
    summary: `agent ${agentRole} kept proposing what was denied in incident ${incidentId} and was cut off`,
    openedAtEpochMs: decidedAtEpochMs,
    detail: { incidentId, agentRole, lastAction: action },
  };
}

function toDecision(item: Item): StoredDecision {
  const { pk: _pk, sk: _sk, statusKey: _key, statusAt: _at, ...decision } = item;
  return decision as unknown as StoredDecision;
}
