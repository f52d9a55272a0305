import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { type PutParameterParameters, putParameter } from './definition.ts';

/** A plain parameter as read. */
export interface ParameterState {
  readonly type: 'String' | 'StringList';
  readonly value: string;
  readonly dataType: string;
  /** Rises by one with every write. */
  readonly version: number;
}

export const parameterTarget: TargetRules<PutParameterParameters, ParameterState> = {
  definition: putParameter,
  state: z.strictObject({
    type: z.enum(['String', 'StringList']),
    value: z.string(),
    dataType: z.string(),
    version: z.int(),
  }),
  isBefore: ({ fromValue }, state) => state.value === fromValue,
  isAfter: ({ toValue }, state) => state.value === toValue,
  isUntouched: (snapshot, current) =>
    snapshot.version === current.version &&
    snapshot.value === current.value &&
    snapshot.type === current.type,
  isRestored: (snapshot, current) => snapshot.value === current.value && snapshot.type === current.type,
  readBack: (state) => state.value,
};
