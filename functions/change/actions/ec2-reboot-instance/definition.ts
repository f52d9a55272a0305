import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';

const schema = z.strictObject({
  /** A running instance, as in `i-0123456789abcdef0`. */
  instanceId: z.string().check(z.regex(/^i-([0-9a-f]{8}|[0-9a-f]{17})$/)),
});

export type RebootInstanceParameters = z.output<typeof schema>;

/**
 * Reboots one running EC2 instance. The tier is high: the parameters do not tell whether anything stands in
 * for the instance while it is away, so it is taken to be the only one, and what it held in memory is lost.
 */
export const rebootInstance: ActionDefinition<RebootInstanceParameters> = {
  id: 'ec2.reboot-instance',
  actionClass: 'repair',
  summary: 'Reboot one running EC2 instance; it is away for some minutes and forgets what was in memory.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: () => 'high',
  target: ({ instanceId }) => ({
    type: 'ec2-instance',
    id: instanceId,
    key: `ec2-instance/${instanceId}`,
  }),
  effect: () => ({ before: 'running', after: 'running, booted again' }),
  targetArn: ({ instanceId }, { partition, region, account }) =>
    `arn:${partition}:ec2:${region}:${account}:instance/${instanceId}`,
  blastRadius: () => ({ resources: 1, capacityPercent: 100 }),
  reversal: {
    kind: 'irreversible',
    reason: 'a reboot cannot be undone, and what the instance held in memory is gone',
  },
  successCriteria: () => [{ kind: 'read-back', expected: 'running' }],
  runbook: ({ instanceId }) => [
    `aws ec2 describe-instance-status --include-all-instances --instance-ids ${instanceId}`,
    `aws ec2 reboot-instances --instance-ids ${instanceId}`,
    `aws ec2 wait instance-status-ok --instance-ids ${instanceId}`,
    `there is no way back; if it does not come up: aws ec2 get-console-output --latest --instance-id ${instanceId}`,
  ],
  permissions: [
    {
      actions: ['ec2:RebootInstances'],
      resource: { service: 'ec2', resource: 'instance', resourceName: '*', separator: '/' },
      onlyTagged: true,
      why: 'Targets are not known at deployment; limited to instances tagged for this environment.',
    },
    {
      actions: ['ec2:DescribeInstances'],
      resource: '*',
      onlyTagged: false,
      why: 'The describe calls of EC2 know no narrower resource.',
    },
  ],
  examples: [{ instanceId: 'i-0123456789abcdef0' }],
};
