import * as z from 'zod/mini';
import type { RiskTier } from '../../../platform/vocabulary.ts';
import type { ActionDefinition } from '../../action-definition.ts';
import { changedPercent } from '../capacity.ts';

const maxConcurrency = 10_000;

const schema = z.strictObject({
  functionName: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/)),
  /** Reservation it has now, `none` without one; the change is refused if that is no longer so. */
  fromConcurrency: z.union([z.int().check(z.minimum(0), z.maximum(maxConcurrency)), z.literal('none')]),
  /** Reservation it shall have. 0 would stop the function and is not offered. */
  toConcurrency: z.union([z.int().check(z.minimum(1), z.maximum(maxConcurrency)), z.literal('none')]),
});

export type SetReservedConcurrencyParameters = z.output<typeof schema>;

/** Reserved concurrency of a Lambda function: executions set aside for it and, at once, the most it gets. */
export type Concurrency = SetReservedConcurrencyParameters['fromConcurrency'];

/** Raises this small leave the other functions of an account with default limits (1,000) nine tenths. */
const smallRaise = 100;

/**
 * - `low`: a raise by at most a quarter and by at most 100 executions, which are taken from what all other
 *   functions of the account share. It cannot throttle this function, and hardly the others.
 * - `medium`: any other raise and giving up the reservation, which can starve others or overrun what the
 *   reservation shielded; lowering down to half.
 * - `high`: below half, where customers are probably throttled, and a limit where there was none: nobody knows
 *   how much it cuts off.
 */
function tier(from: Concurrency, to: Concurrency): RiskTier {
  if (to === 'none') return 'medium';
  if (from === 'none') return 'high';
  if (to < from) return to * 2 < from ? 'high' : 'medium';
  return to - from <= smallRaise && to * 4 <= from * 5 ? 'low' : 'medium';
}

/** Sets, changes or removes the concurrency that is reserved for a Lambda function. */
export const setReservedConcurrency: ActionDefinition<SetReservedConcurrencyParameters> = {
  id: 'lambda.set-reserved-concurrency',
  actionClass: 'capacity',
  summary: 'Set or remove the reserved concurrency of a Lambda function (its guarantee and its limit).',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: ({ fromConcurrency, toConcurrency }) => tier(fromConcurrency, toConcurrency),
  target: ({ functionName }) => ({
    type: 'lambda-function',
    id: functionName,
    key: `lambda-function/${functionName}`,
  }),
  effect: ({ fromConcurrency, toConcurrency }) => ({
    before: inWords(fromConcurrency),
    after: inWords(toConcurrency),
  }),
  targetArn: ({ functionName }, { partition, region, account }) =>
    `arn:${partition}:lambda:${region}:${account}:function:${functionName}`,
  // How much an unreserved function uses is not known, so all of it counts as altered.
  blastRadius: ({ fromConcurrency: from, toConcurrency: to }) => ({
    resources: 1,
    capacityPercent: from === 'none' || to === 'none' ? 100 : changedPercent(from, to),
  }),
  reversal: {
    kind: 'restore-snapshot',
    steps: ({ functionName, fromConcurrency }) => [
      fromConcurrency === 'none'
        ? `remove the reservation of ${functionName}, which had none in the snapshot`
        : `reserve ${fromConcurrency} executions for ${functionName} again, as read in the snapshot`,
      'read the reservation back and compare it with the snapshot',
    ],
  },
  successCriteria: ({ toConcurrency }) => [{ kind: 'read-back', expected: String(toConcurrency) }],
  runbook: ({ functionName, fromConcurrency, toConcurrency }) => [
    `aws lambda get-function-concurrency --function-name ${functionName}`,
    command(functionName, toConcurrency),
    `to undo: ${command(functionName, fromConcurrency)}`,
  ],
  permissions: [
    {
      actions: [
        'lambda:DeleteFunctionConcurrency',
        'lambda:GetFunctionConcurrency',
        'lambda:PutFunctionConcurrency',
      ],
      resource: { service: 'lambda', resource: 'function', resourceName: '*', separator: ':' },
      onlyTagged: true,
      why: 'Targets are not known at deployment; limited to functions tagged for this environment.',
    },
  ],
  examples: [
    { functionName: 'checkout', fromConcurrency: 40, toConcurrency: 50 },
    { functionName: 'checkout', fromConcurrency: 5, toConcurrency: 'none' },
    { functionName: 'report', fromConcurrency: 'none', toConcurrency: 20 },
  ],
};

function inWords(concurrency: Concurrency): string {
  return concurrency === 'none' ? 'no reserved concurrency' : `reserved concurrency ${concurrency}`;
}

function command(functionName: string, concurrency: Concurrency): string {
  return concurrency === 'none'
    ? `aws lambda delete-function-concurrency --function-name ${functionName}`
    : `aws lambda put-function-concurrency --function-name ${functionName} --reserved-concurrent-executions ${concurrency}`;
}
