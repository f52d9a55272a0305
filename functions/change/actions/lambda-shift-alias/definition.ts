import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';

const schema = z.strictObject({
  functionName: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/)),
  aliasName: z.string().check(z.regex(/^(?![0-9]+$)[A-Za-z0-9_-]{1,128}$/)),
  /** Published version the alias points to now; the change is refused if that is no longer so. */
  fromVersion: z.string().check(z.regex(/^[1-9][0-9]{0,9}$/)),
  /** Published version it shall point to. */
  toVersion: z.string().check(z.regex(/^[1-9][0-9]{0,9}$/)),
});

export type ShiftAliasParameters = z.output<typeof schema>;

/** Points a Lambda alias at another published version: the usual way back from a bad release. */
export const shiftAlias: ActionDefinition<ShiftAliasParameters> = {
  id: 'lambda.shift-alias',
  actionClass: 'traffic',
  summary: 'Point a Lambda alias at another published version of the same function.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: () => 'medium',
  target: ({ functionName, aliasName }) => ({
    type: 'lambda-alias',
    id: `${functionName}:${aliasName}`,
    key: `lambda-alias/${functionName}:${aliasName}`,
  }),
  effect: ({ fromVersion, toVersion }) => ({
    before: `version ${fromVersion}`,
    after: `version ${toVersion}`,
  }),
  targetArn: ({ functionName }, { partition, region, account }) =>
    `arn:${partition}:lambda:${region}:${account}:function:${functionName}`,
  blastRadius: () => ({ resources: 1, capacityPercent: 100 }),
  reversal: {
    kind: 'restore-snapshot',
    steps: ({ functionName, aliasName, fromVersion }) => [
      `point ${functionName}:${aliasName} back at version ${fromVersion}, as read in the snapshot`,
      'read the alias back and compare it with the snapshot',
    ],
  },
  successCriteria: ({ toVersion }) => [{ kind: 'read-back', expected: toVersion }],
  runbook: ({ functionName, aliasName, fromVersion, toVersion }) => [
    `aws lambda get-alias --function-name ${functionName} --name ${aliasName}`,
    `aws lambda update-alias --function-name ${functionName} --name ${aliasName} --function-version ${toVersion} --routing-config AdditionalVersionWeights={}`,
    `to undo: aws lambda update-alias --function-name ${functionName} --name ${aliasName} --function-version ${fromVersion}`,
  ],
  permissions: [
    {
      actions: ['lambda:GetAlias', 'lambda:UpdateAlias'],
      resource: { service: 'lambda', resource: 'function', resourceName: '*', separator: ':' },
      onlyTagged: true,
      why: 'Targets are not known at deployment; limited to functions tagged for this environment.',
    },
  ],
  examples: [{ functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '1' }],
};
