import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { type RebootInstanceParameters, rebootInstance } from './definition.ts';

/** An instance as read. EC2 shows no trace of a reboot: it goes on `running`, and its launch time stays. */
export interface InstanceState {
  /** As EC2 calls it, such as `running`. */
  readonly name: string;
  /** Changes when it is stopped and started, which is somebody else's doing. */
  readonly launchedAtEpochMs: number;
}

export const instanceTarget: TargetRules<RebootInstanceParameters, InstanceState> = {
  definition: rebootInstance,
  state: z.strictObject({ name: z.string(), launchedAtEpochMs: z.int() }),
  isBefore: (_, state) => state.name === 'running',
  // Nothing that can be read tells a rebooted instance from one that was not.
  isAfter: () => false,
  isUntouched: (snapshot, current) =>
    snapshot.name === current.name && snapshot.launchedAtEpochMs === current.launchedAtEpochMs,
  isRestored: () => false,
  readBack: ({ name }) => name,
};
