import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { type ShiftAliasParameters, shiftAlias } from './definition.ts';

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
  isBefore: ({ fromVersion }, state) => state.functionVersion === fromVersion,
  isAfter: ({ toVersion }, state) =>
    state.functionVersion === toVersion && Object.keys(state.additionalWeights).length === 0,
  isUntouched: (snapshot, current) => snapshot.revisionId === current.revisionId,
  isRestored: (snapshot, current) =>
    snapshot.functionVersion === current.functionVersion &&
    hasSameWeights(snapshot.additionalWeights, current.additionalWeights),
  readBack: (state) =>
    [
      state.functionVersion,
      ...Object.entries(state.additionalWeights).map(([version, share]) => `${version}:${share}`),
    ].join(' + '),
};

function hasSameWeights(a: AliasState['additionalWeights'], b: AliasState['additionalWeights']): boolean {
  const versions = Object.keys(a);
  return (
    versions.length === Object.keys(b).length &&
    versions.every((version) => Object.hasOwn(b, version) && a[version] === b[version])
  );
}
