import type { PolicyRequest } from '../../functions/policy/policy-set.ts';
import { catalogueExamples } from '../../functions/policy/policy-tables.ts';

/** What a responder asks in dev about the first example of an action, on 10 June 2026, a Wednesday. */
export function asking(action: string): PolicyRequest {
  const example = catalogueExamples().find((candidate) => candidate.action === action);
  if (example === undefined) throw new Error(`${action} is not in the catalogue`);
  const { target, tier, parameters, parameterText, blastRadius } = example;
  return {
    agentRole: 'responder',
    action,
    target,
    targetEnvironment: 'dev',
    targetTags: {},
    environment: 'dev',
    tier,
    parameters,
    parameterText,
    blastRadius,
    history: { changesToday: 0, changesTodayOfAction: 0, changesTodayOnTarget: 0 },
    nowEpochMs: Date.parse('2026-06-10T12:00:00Z'),
  };
}
