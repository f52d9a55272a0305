import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import {
  type Concurrency,
  type SetReservedConcurrencyParameters,
  setReservedConcurrency,
} from './definition.ts';

/**
 * A reservation as read. Lambda keeps no revision of it, so somebody who sets another value and then this one
 * again is not noticed.
 */
export interface ReservedConcurrencyState {
  readonly reserved: Concurrency;
}

export const reservedConcurrencyTarget: TargetRules<
  SetReservedConcurrencyParameters,
  ReservedConcurrencyState
> = {
  definition: setReservedConcurrency,
  state: z.strictObject({ reserved: z.union([z.int().check(z.minimum(0)), z.literal('none')]) }),
  isBefore: ({ fromConcurrency }, { reserved }) => reserved === fromConcurrency,
  isAfter: ({ toConcurrency }, { reserved }) => reserved === toConcurrency,
  isUntouched: (snapshot, current) => snapshot.reserved === current.reserved,
  isRestored: (snapshot, current) => snapshot.reserved === current.reserved,
  readBack: ({ reserved }) => String(reserved),
};
