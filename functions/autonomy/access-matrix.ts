import type { CatalogueExample } from '../policy/policy-tables.ts';
import type { StageSet } from './autonomy-policy.ts';
import { decide } from './decision.ts';
import type { Decision, DecisionRules } from './decision-input.ts';

/** What one role may do with one action at one tier, if everything else is in order. */
export interface AccessRow
  extends Pick<Decision, 'outcome' | 'quorum' | 'clause' | 'reason' | 'determiningPolicies'> {
  readonly agentRole: string;
  readonly action: string;
  readonly actionClass: string;
  readonly tier: string;
  /** Absent where the stage does not matter: it is denied. */
  readonly stage?: string;
}

/**
 * Who may do what in an environment: the decision on every example of the catalogue, made as it would be made on
 * a sound plan of a sure model on a quiet day for a target without tags. One row for each role, action and tier,
 * and one more for each other answer: a policy may look at a parameter.
 *
 * @param stageSet The stage that was set at run time for a role and class, if any.
 */
export function accessMatrix(
  rules: DecisionRules,
  examples: readonly CatalogueExample[],
  place: {
    readonly environment: string;
    readonly agentRoles: readonly string[];
    readonly nowEpochMs: number;
  },
  stageSet: (agentRole: string, actionClass: string) => StageSet | undefined = () => undefined,
): AccessRow[] {
  const rows = place.agentRoles.flatMap((agentRole) =>
    examples.map((example) => rowOf(rules, example, { ...place, agentRole }, stageSet)),
  );
  const seen = new Set<string>();
  return rows.filter(({ agentRole, action, tier, outcome, clause, determiningPolicies }) => {
    const key = JSON.stringify([agentRole, action, tier, outcome, clause, determiningPolicies]);
    return !seen.has(key) && seen.add(key);
  });
}

function rowOf(
  rules: DecisionRules,
  { isIrreversible, ...example }: CatalogueExample,
  { environment, agentRole, nowEpochMs }: { environment: string; agentRole: string; nowEpochMs: number },
  stageSet: (agentRole: string, actionClass: string) => StageSet | undefined,
): AccessRow {
  const { action, actionClass, tier, target } = example;
  const { stage, outcome, quorum, clause, reason, determiningPolicies } = decide(
    {
      nowEpochMs,
      killSwitch: { reading: 'released' },
      incidentId: 'none',
      planDigest: 'none',
      environment,
      planEnvironment: environment,
      agentRole,
      action: {
        ...example,
        outcome: 'resolved',
        id: action,
        ...(isIrreversible ? { irreversible: 'no tested inverse' } : {}),
      },
      targetKey: target.key,
      targetTags: { reading: 'read', tags: {} },
      confidence: 1,
      lowConfidence: false,
      stageSet: stageSet(agentRole, actionClass),
      history: { changesToday: 0, changesTodayOfAction: 0, changesTodayOnTarget: 0 },
      denials: [],
      exceptions: [],
    },
    rules,
  );
  const decided = { outcome, quorum, clause, reason, determiningPolicies };
  return { agentRole, action, actionClass, tier, ...(stage === undefined ? {} : { stage }), ...decided };
}
