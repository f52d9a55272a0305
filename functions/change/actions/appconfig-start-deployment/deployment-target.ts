import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { type StartDeploymentParameters, startDeployment } from './definition.ts';

/** What an AppConfig environment serves of one configuration profile, as read. */
export interface DeploymentState {
  /** Version and number of the profile's latest completed deployment that was not reverted. */
  readonly configurationVersion: string;
  readonly deploymentNumber: number;
  /** Highest number in the environment, whichever profile: rises by one with every deployment. */
  readonly latestDeploymentNumber: number;
  /** The deployment under way in the environment: there is at most one. */
  readonly underWay: {
    readonly deploymentNumber: number;
    readonly configurationVersion: string;
    readonly isOfThisProfile: boolean;
    /** Every client is served the new version, and AppConfig still watches its alarms. */
    readonly isBaking: boolean;
  } | null;
}

export const deploymentTarget: TargetRules<StartDeploymentParameters, DeploymentState> = {
  definition: startDeployment,
  state: z.strictObject({
    configurationVersion: z.string(),
    deploymentNumber: z.int(),
    latestDeploymentNumber: z.int(),
    underWay: z.nullable(
      z.strictObject({
        deploymentNumber: z.int(),
        configurationVersion: z.string(),
        isOfThisProfile: z.boolean(),
        isBaking: z.boolean(),
      }),
    ),
  }),
  isBefore: ({ fromVersion }, state) => state.underWay === null && state.configurationVersion === fromVersion,
  isAfter: ({ toVersion }, state) => leadingTo(state).configurationVersion === toVersion,
  isUntouched: (snapshot, current) =>
    current.underWay === null &&
    snapshot.latestDeploymentNumber === current.latestDeploymentNumber &&
    snapshot.deploymentNumber === current.deploymentNumber,
  isRestored: (snapshot, current) =>
    current.underWay?.isOfThisProfile !== true &&
    snapshot.configurationVersion === current.configurationVersion,
  readBack: (state) => {
    const isRollingOut = state.underWay?.isOfThisProfile === true && !state.underWay.isBaking;
    const { configurationVersion } = leadingTo(state);
    return isRollingOut ? `${configurationVersion}, not yet everywhere` : configurationVersion;
  },
};

/** The deployment of the profile that decides what is served in the end. */
export function leadingTo(state: DeploymentState): {
  readonly deploymentNumber: number;
  readonly configurationVersion: string;
} {
  return state.underWay?.isOfThisProfile === true ? state.underWay : state;
}
