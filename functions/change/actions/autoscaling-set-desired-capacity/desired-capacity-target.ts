import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { type SetDesiredCapacityParameters, setDesiredCapacity } from './definition.ts';

/**
 * A group as read. Auto Scaling keeps no revision of it: somebody who sets another capacity and then this one
 * again is not noticed, somebody who deletes the group and makes another of its name is.
 */
export interface GroupState {
  readonly desiredCapacity: number;
  readonly minSize: number;
  readonly maxSize: number;
  /** Holds an id of its own for every group that ever had this name. */
  readonly groupArn: string;
}

export const desiredCapacityTarget: TargetRules<SetDesiredCapacityParameters, GroupState> = {
  definition: setDesiredCapacity,
  state: z.strictObject({
    desiredCapacity: z.int(),
    minSize: z.int(),
    maxSize: z.int(),
    groupArn: z.string(),
  }),
  isBefore: ({ fromCapacity }, state) => state.desiredCapacity === fromCapacity,
  isAfter: ({ toCapacity }, state) => state.desiredCapacity === toCapacity,
  isUntouched: (snapshot, current) =>
    snapshot.groupArn === current.groupArn &&
    snapshot.desiredCapacity === current.desiredCapacity &&
    snapshot.minSize === current.minSize &&
    snapshot.maxSize === current.maxSize,
  isRestored: (snapshot, current) =>
    snapshot.groupArn === current.groupArn && snapshot.desiredCapacity === current.desiredCapacity,
  readBack: ({ desiredCapacity }) => String(desiredCapacity),
};

/**
 * Why the plan cannot be carried out within the group's own limits, or `undefined`. Limits count only where
 * the plan begins: a group that has moved on must stay readable for the rollback.
 */
export function limitFault(
  { fromCapacity, toCapacity }: SetDesiredCapacityParameters,
  { desiredCapacity, minSize, maxSize }: GroupState,
): string | undefined {
  if (desiredCapacity !== fromCapacity || (toCapacity >= minSize && toCapacity <= maxSize)) return undefined;
  return `capacity ${toCapacity} is outside the group's limits ${minSize}…${maxSize}`;
}
