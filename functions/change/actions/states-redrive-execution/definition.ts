import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';

const executionArn =
  /^arn:aws[a-z-]*:states:[a-z0-9-]+:[0-9]{12}:execution:([A-Za-z0-9_-]{1,80}):([A-Za-z0-9_.+-]{1,80})$/;

const schema = z.strictObject({
  /** ARN of one execution of a standard workflow that failed, timed out or was aborted. */
  executionArn: z.string().check(z.regex(executionArn)),
  /** How often it has been redriven so far; the redrive is refused if that is no longer so. */
  fromRedriveCount: z.int().check(z.minimum(0), z.maximum(1_000)),
});

export type RedriveExecutionParameters = z.output<typeof schema>;

/** Name of the state machine and of the execution. */
export function namesOf(arn: string): { machine: string; execution: string } {
  const [, machine = '', execution = ''] = executionArn.exec(arn) ?? [];
  return { machine, execution };
}

/** What a redrive that has not failed (again) reads as. */
export function redriven(redriveCount: number): string {
  return `redriven ${redriveCount} times, running or succeeded`;
}

/**
 * Runs a failed Step Functions execution again from the step that failed, with its original input. The tier
 * is medium: it is work that its owner had already started and that is taken up again, and nothing new is
 * chosen; but what the steps do is not known here, so it is never low.
 */
export const redriveExecution: ActionDefinition<RedriveExecutionParameters> = {
  id: 'states.redrive-execution',
  actionClass: 'repair',
  summary: 'Redrive one failed, timed-out or aborted Step Functions execution from the step that failed.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: () => 'medium',
  target: (parameters) => {
    const { machine, execution } = namesOf(parameters.executionArn);
    return {
      type: 'states-execution',
      id: `${machine}:${execution}`,
      key: `states-execution/${machine}:${execution}`,
    };
  },
  effect: ({ fromRedriveCount }) => ({
    before: `failed, redriven ${fromRedriveCount} times`,
    after: redriven(fromRedriveCount + 1),
  }),
  targetArn: (parameters, { partition, region, account }) =>
    `arn:${partition}:states:${region}:${account}:stateMachine:${namesOf(parameters.executionArn).machine}`,
  blastRadius: () => ({ resources: 1, capacityPercent: 100 }),
  reversal: {
    kind: 'irreversible',
    reason: 'the effects of the steps that run again cannot be taken back by stopping the execution',
  },
  successCriteria: ({ fromRedriveCount }) => [
    { kind: 'read-back', expected: redriven(fromRedriveCount + 1) },
  ],
  runbook: (parameters) => [
    `aws stepfunctions describe-execution --execution-arn ${parameters.executionArn}`,
    `aws stepfunctions get-execution-history --reverse-order --max-items 20 --execution-arn ${parameters.executionArn}`,
    `aws stepfunctions redrive-execution --execution-arn ${parameters.executionArn}`,
    `there is no way back; to stop it: aws stepfunctions stop-execution --execution-arn ${parameters.executionArn}`,
  ],
  permissions: [
    {
      actions: ['states:DescribeExecution', 'states:RedriveExecution'],
      resource: { service: 'states', resource: 'execution', resourceName: '*', separator: ':' },
      onlyTagged: false,
      why: 'Executions are not known at deployment and cannot be tagged; one is only touched after its state machine could be read, which needs the tag of this environment.',
    },
    {
      actions: ['states:DescribeStateMachine'],
      resource: { service: 'states', resource: 'stateMachine', resourceName: '*', separator: ':' },
      onlyTagged: true,
      why: 'State machines are not known at deployment; limited to those tagged for this environment.',
    },
  ],
  examples: [
    {
      executionArn: 'arn:aws:states:us-east-1:111122223333:execution:order-import:2026-03-02-night',
      fromRedriveCount: 0,
    },
  ],
};
