import { describe, expect, it } from 'vitest';
import type { AutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { knownNames, placesIn } from '../../functions/autonomy/known-places.ts';

const policy = {
  stages: [{ environment: 'prod', agentRole: 'janitor', actionClass: 'capacity', stage: 'suggest' }],
} as unknown as AutonomyPolicy;
const cedar = [
  'permit (principal == Interlock::AgentRole::"responder", action, resource);',
  'forbid (principal in [Interlock::AgentRole::"scaler", Interlock::AgentRole::"responder"], action, resource);',
];
const catalogue = [
  { id: 'lambda.shift-alias', actionClass: 'traffic' },
  { id: 'ssm.put-parameter', actionClass: 'configuration' },
];

describe('known names', () => {
  it('come from the policies, the catalogue and the environment at hand, each once and sorted', () => {
    expect(knownNames(policy, cedar, catalogue, 'dev')).toStrictEqual({
      environments: ['dev', 'prod'],
      agentRoles: ['janitor', 'responder', 'scaler'],
      actionClasses: ['capacity', 'configuration', 'traffic'],
      actions: ['lambda.shift-alias', 'ssm.put-parameter'],
    });
  });

  it('make up every place of an environment', () => {
    const places = placesIn('dev', knownNames(policy, cedar, catalogue, 'dev'));
    expect(places).toHaveLength(9);
    expect(places).toContainEqual({ environment: 'dev', agentRole: 'scaler', actionClass: 'traffic' });
  });
});
