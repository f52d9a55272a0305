import type { ActionDefinition } from '../change/action-definition.ts';
import type { AutonomyPolicy, Place } from './autonomy-policy.ts';

/** The names that exist: a misspelt one would set something for a place where nothing ever happens. */
export interface KnownNames {
  readonly environments: readonly string[];
  readonly agentRoles: readonly string[];
  readonly actionClasses: readonly string[];
  /** Action ids of the catalogue. */
  readonly actions: readonly string[];
}

/** Names in the policies, the catalogue and the environment that the command line talks to; sorted. */
export function knownNames(
  policy: AutonomyPolicy,
  cedarTexts: readonly string[],
  catalogue: readonly Pick<ActionDefinition, 'id' | 'actionClass'>[],
  environment: string,
): KnownNames {
  const named = cedarTexts.flatMap((text) =>
    [...text.matchAll(/Interlock::AgentRole::"([^"\\]+)"/g)].map(([, role = '']) => role),
  );
  return {
    environments: sorted([environment, ...policy.stages.map((entry) => entry.environment)]),
    agentRoles: sorted([...named, ...policy.stages.map((entry) => entry.agentRole)]),
    actionClasses: sorted([
      ...catalogue.map(({ actionClass }) => actionClass),
      ...policy.stages.map((entry) => entry.actionClass),
    ]),
    actions: sorted(catalogue.map(({ id }) => id)),
  };
}

/** Every place in one environment. */
export function placesIn(environment: string, { agentRoles, actionClasses }: KnownNames): Place[] {
  return agentRoles.flatMap((agentRole) =>
    actionClasses.map((actionClass) => ({ environment, agentRole, actionClass })),
  );
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}
