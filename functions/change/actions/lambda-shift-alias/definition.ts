import * as z from 'zod/mini';
import type { ActionDefinition, ChangeStep } from '../../action-definition.ts';
import type { SuccessCriterion } from '../../plan.ts';

/** Share of traffic that goes to the new version while its alias is being shifted; after the last, all of it. */
export const trafficShares: readonly number[] = [0.1, 0.5];

const sharesText = trafficShares.map((share) => `${share * 100} %`).join(' and ');

const schema = z.strictObject({
  functionName: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/)),
  aliasName: z.string().check(z.regex(/^(?![0-9]+$)[A-Za-z0-9_-]{1,128}$/)),
  /** Published version the alias points to now; the change is refused if that is no longer so. */
  fromVersion: z.string().check(z.regex(/^[1-9][0-9]{0,9}$/)),
  /** Published version it shall point to. */
  toVersion: z.string().check(z.regex(/^[1-9][0-9]{0,9}$/)),
  /** Left out, all traffic moves at once; `policies/forbid-traffic-at-once-in-prod.cedar` says where it may not. */
  progressive: z.optional(
    z
      .boolean()
      .check(
        z.describe(
          `true: ${sharesText} of the traffic first, and on only when no invocation failed; wanted in prod`,
        ),
      ),
  ),
});

export type ShiftAliasParameters = z.output<typeof schema>;

/** What an alias reads like: its version, and what share of traffic goes elsewhere. */
export function aliasText(version: string, weights: Readonly<Record<string, number>>): string {
  return [version, ...Object.entries(weights).map(([other, share]) => `${other}:${share}`)].join(' + ');
}

function stepAt(parameters: ShiftAliasParameters, share: number): ChangeStep {
  const { functionName, aliasName, fromVersion, toVersion } = parameters;
  const ofNewVersion = {
    kind: 'metric',
    namespace: 'AWS/Lambda',
    dimensions: {
      FunctionName: functionName,
      Resource: `${functionName}:${aliasName}`,
      ExecutedVersion: toVersion,
    },
    statistic: 'Sum',
    periodSeconds: 60,
  } as const;
  const criteria: SuccessCriterion[] = [
    { kind: 'read-back', expected: aliasText(fromVersion, { [toVersion]: share }) },
    { ...ofNewVersion, metricName: 'Invocations', comparison: 'at-least', threshold: 1 },
    { ...ofNewVersion, metricName: 'Errors', comparison: 'at-most', threshold: 0 },
  ];
  return { name: `${share * 100} % of traffic`, criteria };
}

/** Points a Lambda alias at another published version: the usual way back from a bad release. */
export const shiftAlias: ActionDefinition<ShiftAliasParameters> = {
  id: 'lambda.shift-alias',
  actionClass: 'traffic',
  summary:
    'Point a Lambda alias at another published version of the same function, at once or (progressive) in steps.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: () => 'medium',
  target: ({ functionName, aliasName }) => ({
    type: 'lambda-alias',
    id: `${functionName}:${aliasName}`,
    key: `lambda-alias/${functionName}:${aliasName}`,
  }),
  effect: ({ fromVersion, toVersion, progressive }) => ({
    before: `version ${fromVersion}`,
    after: `version ${toVersion}${progressive === true ? `, by way of ${sharesText} of traffic` : ''}`,
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
  steps: (parameters) =>
    parameters.progressive === true
      ? [
          ...trafficShares.map((share) => stepAt(parameters, share)),
          { name: 'all traffic', criteria: shiftAlias.successCriteria(parameters) },
        ]
      : [],
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
  examples: [
    { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '1' },
    { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '3', progressive: true },
  ],
};
