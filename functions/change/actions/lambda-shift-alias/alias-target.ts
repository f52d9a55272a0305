import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { aliasText, type ShiftAliasParameters, shiftAlias, trafficShares } from './definition.ts';

/** An alias as read: where it points, how traffic is split beside that, and which write that was. */
export interface AliasState {
  readonly functionVersion: string;
  /** Share of traffic (0…1) of further versions; empty when all of it goes to `functionVersion`. */
  readonly additionalWeights: Readonly<Record<string, number>>;
  /** Changes with every write to the alias. */
  readonly revisionId: string;
}

export const aliasTarget: TargetRules<ShiftAliasParameters, AliasState> = {
  definition: shiftAlias,
  state: z.strictObject({
    functionVersion: z.string(),
    additionalWeights: z.record(z.string(), z.number()),
    revisionId: z.string(),
  }),
  // An alias splits traffic between two versions at most: steps have no room for a third.
  isBefore: ({ fromVersion, progressive }, state) =>
    state.functionVersion === fromVersion &&
    (progressive !== true || hasSameWeights(state.additionalWeights, {})),
  isAfter: (parameters, state) => pointsAt(state, aliasAfter(parameters)),
  isUntouched: (snapshot, current) => snapshot.revisionId === current.revisionId,
  isRestored: (snapshot, current) => pointsAt(current, snapshot),
  readBack: ({ functionVersion, additionalWeights }) => aliasText(functionVersion, additionalWeights),
  isAtStep: (parameters, state, step) => pointsAt(state, aliasAfter(parameters, step)),
};

/** Where an alias points, without the write that put it there. */
type AliasRoute = Pick<AliasState, 'functionVersion' | 'additionalWeights'>;

/** What the change leads to, or one of its steps. */
export function aliasAfter(
  { fromVersion, toVersion }: ShiftAliasParameters,
  step = trafficShares.length,
): AliasRoute {
  const share = trafficShares[step];
  return share === undefined
    ? { functionVersion: toVersion, additionalWeights: {} }
    : { functionVersion: fromVersion, additionalWeights: { [toVersion]: share } };
}

function pointsAt(state: AliasRoute, route: AliasRoute): boolean {
  return (
    state.functionVersion === route.functionVersion &&
    hasSameWeights(state.additionalWeights, route.additionalWeights)
  );
}

function hasSameWeights(a: AliasState['additionalWeights'], b: AliasState['additionalWeights']): boolean {
  const versions = Object.keys(a);
  return (
    versions.length === Object.keys(b).length &&
    versions.every((version) => Object.hasOwn(b, version) && a[version] === b[version])
  );
}
