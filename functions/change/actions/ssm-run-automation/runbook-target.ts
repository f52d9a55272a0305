import type { Place } from '../../action-definition.ts';

/**
 * What a runbook can act on, called as the targets of the other actions are, so that a runbook and another
 * action on the same thing wait for each other. Beside each: the service and what stands before the name in its
 * ARN, where `*` is one part that the name does not tell.
 */
const kinds = {
  'auto-scaling-group': ['autoscaling', 'autoScalingGroup:*:autoScalingGroupName/'],
  'dynamodb-table': ['dynamodb', 'table/'],
  'ec2-instance': ['ec2', 'instance/'],
  'ecs-service': ['ecs', 'service/'],
  'lambda-function': ['lambda', 'function:'],
  'sqs-queue': ['sqs', ''],
} as const;

export type RunbookTargetType = keyof typeof kinds;

/** Closed: a kind without its line above has neither a lock nor an ARN to look for. */
export const runbookTargetTypes = Object.keys(kinds) as RunbookTargetType[];

/** A resource as a runbook is given it: by its name within its kind, such as `i-0abc` or `shop/checkout`. */
export interface RunbookTarget {
  readonly targetType: RunbookTargetType;
  readonly targetValue: string;
}

/** The lock that every action on this resource takes. */
export function runbookTargetKey({ targetType, targetValue }: RunbookTarget): string {
  return `${targetType}/${targetValue}`;
}

/** ARN of the resource, always one of this place. */
export function runbookTargetArn(
  { targetType, targetValue }: RunbookTarget,
  { partition, region, account }: Place,
): string {
  const [service, prefix] = kinds[targetType];
  return `arn:${partition}:${service}:${region}:${account}:${prefix}${targetValue}`;
}
