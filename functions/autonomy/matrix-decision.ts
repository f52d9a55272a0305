import { type AutonomyPolicy, controlFor, stageInForce } from './autonomy-policy.ts';
import { sparesApproval } from './break-glass.ts';
import type { Clause, Decision, DecisionInput } from './decision-input.ts';
import type { ResolvedProposal } from './proposed-action.ts';

/**
 * What the autonomy matrix makes of a change that nothing forbids. Nobody is left out without a live break-glass
 * or the word `auto`, and then neither for a change without a way back nor on a doubtful answer.
 */
export function decideByMatrix(
  input: DecisionInput,
  action: ResolvedProposal,
  autonomy: AutonomyPolicy,
): Decision {
  const { tier, actionClass, irreversible } = action;
  const { environment, agentRole } = input;
  const { stage, version } = stageInForce(autonomy, { environment, agentRole, actionClass }, input.stageSet);
  const control = controlFor(autonomy, stage, tier);
  const where = `stage ${stage}, tier ${tier}`;
  const decided = {
    determiningPolicies: [],
    clause: 'autonomy.matrix',
    stage,
    stageVersion: version,
  } as const;
  const doubt = doubtAbout(input, autonomy);
  const approval = (quorum: 1 | 2, clause: Clause, why: string): Decision => ({
    ...decided,
    ...(irreversible === undefined && doubt === undefined ? {} : { peopleOnly: true }),
    clause,
    outcome: 'require-approval',
    quorum,
    reason: `${where}${why}: needs ${quorum} approval${quorum === 1 ? '' : 's'}`,
  });
  if (control === 'recommend') {
    const reason = `${where}: recommended to people, not carried out`;
    return { ...decided, outcome: 'recommend', quorum: 0, reason };
  }
  const quorum = control === 'approval-2' ? 2 : 1;
  const broken =
    control !== 'auto' && stage === 'guarded' && sparesApproval(input.breakGlass, input, input.nowEpochMs);
  if (control !== 'auto' && !broken) return approval(quorum, 'autonomy.matrix', '');
  // From here on nobody would be asked.
  if (irreversible !== undefined)
    return approval(quorum, 'action.irreversible', `, but there is no way back (${irreversible})`);
  if (doubt !== undefined) return approval(quorum, 'autonomy.low-confidence', `, but ${doubt}`);
  if (!broken) {
    return { ...decided, outcome: 'auto', quorum: 0, reason: `${where}: carried out automatically` };
  }
  return {
    ...decided,
    clause: 'autonomy.break-glass',
    outcome: 'auto',
    quorum: 0,
    breakGlass: true,
    reason: `${where}: carried out under break-glass instead of ${quorum} approval${quorum === 1 ? '' : 's'}`,
  };
}

/** Why the model's own certainty does not suffice to act on it; undefined when it does. */
function doubtAbout(input: DecisionInput, autonomy: AutonomyPolicy): string | undefined {
  const { confidence, lowConfidence } = input;
  if (lowConfidence) return `the model's confidence ${confidence} cannot be relied on`;
  const minimum = autonomy.minimumConfidenceForAuto;
  return confidence >= minimum ? undefined : `the model's confidence ${confidence} is below ${minimum}`;
}
