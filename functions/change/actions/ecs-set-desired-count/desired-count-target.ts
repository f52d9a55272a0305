import { type ServiceState, serviceState } from '../ecs-service.ts';
import type { TargetRules } from '../target.ts';
import { type SetDesiredCountParameters, setDesiredCount } from './definition.ts';

export const desiredCountTarget: TargetRules<SetDesiredCountParameters, ServiceState> = {
  definition: setDesiredCount,
  state: serviceState,
  isBefore: ({ fromCount }, { desiredCount }) => desiredCount === fromCount,
  isAfter: ({ toCount }, { desiredCount }) => desiredCount === toCount,
  // The deployment's time also moves with what ECS itself does to it: rather refused once too often.
  isUntouched: (snapshot, current) =>
    snapshot.desiredCount === current.desiredCount &&
    snapshot.deploymentIds[0] === current.deploymentIds[0] &&
    snapshot.deploymentUpdatedAtEpochMs === current.deploymentUpdatedAtEpochMs,
  isRestored: (snapshot, current) => snapshot.desiredCount === current.desiredCount,
  readBack: ({ desiredCount }) => String(desiredCount),
};
