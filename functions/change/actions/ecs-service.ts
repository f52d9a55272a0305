import * as z from 'zod/mini';
import type { Permission, Place } from '../action-definition.ts';
import type { Target } from '../plan.ts';

/** Which service; both names as ECS allows them, and never an ARN of somewhere else. */
export interface ServicePlace {
  readonly cluster: string;
  readonly service: string;
}

const name = z.string().check(z.regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$/));

/** The parameters that say which service. */
export const servicePlace = { cluster: name, service: name };

/** Every action on a service takes the same lock. */
export function serviceTarget({ cluster, service }: ServicePlace): Target {
  const id = `${cluster}/${service}`;
  return { type: 'ecs-service', id, key: `ecs-service/${id}` };
}

export function serviceArn(
  { cluster, service }: ServicePlace,
  { partition, region, account }: Place,
): string {
  return `arn:${partition}:ecs:${region}:${account}:service/${cluster}/${service}`;
}

/** Reading a service and updating it: ECS checks both against the service and its tags. */
export const servicePermission: Permission = {
  actions: ['ecs:DescribeServices', 'ecs:UpdateService'],
  resource: { service: 'ecs', resource: 'service', resourceName: '*', separator: '/' },
  onlyTagged: true,
  why: 'Targets are not known at deployment; limited to services tagged for this environment.',
};

/** A service with rolling deployments, as read. */
export interface ServiceState {
  /** ARN of the task definition it is to run, also while a deployment is still on its way there. */
  readonly taskDefinition: string;
  readonly desiredCount: number;
  /** A daemon service runs one task per instance and takes no count. */
  readonly schedulingStrategy: 'REPLICA' | 'DAEMON';
  /** The newest (primary) deployment first; the older ones drain away by themselves. */
  readonly deploymentIds: readonly [string, ...string[]];
  /** When ECS last touched the primary deployment; on the emulator in whole seconds. */
  readonly deploymentUpdatedAtEpochMs: number;
  readonly rolloutState: 'COMPLETED' | 'FAILED' | 'IN_PROGRESS';
}

export const serviceState = z.strictObject({
  taskDefinition: z.string(),
  desiredCount: z.int(),
  schedulingStrategy: z.enum(['REPLICA', 'DAEMON']),
  deploymentIds: z.tuple([z.string()], z.string()),
  deploymentUpdatedAtEpochMs: z.int(),
  rolloutState: z.enum(['COMPLETED', 'FAILED', 'IN_PROGRESS']),
});
