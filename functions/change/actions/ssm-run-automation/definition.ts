import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';
import { runbookTargetKey, runbookTargetTypes } from './runbook-target.ts';

/** A runbook's own name, of this account or of AWS. An ARN is refused: it could name another account's. */
export const documentName = z.string().check(z.regex(/^[A-Za-z0-9_.-]{3,128}$/));
/** A number: `$LATEST` and `$DEFAULT` may be another text tomorrow than the one that was approved. */
export const documentVersion = z.string().check(z.regex(/^[1-9][0-9]{0,9}$/));
export const parameterName = z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_]{0,49}$/));
/** Each parameter takes one text; lists are not offered. */
const parameters = z.record(parameterName, z.string().check(z.maxLength(1_024)));

const schema = z
  .strictObject({
    documentName,
    documentVersion,
    /** Parameter of the runbook that names what it acts on, such as `InstanceId`. */
    targetParameterName: parameterName,
    /** Kind of what it acts on. */
    targetType: z.enum(runbookTargetTypes),
    /**
     * Name of what it acts on, as it ends its ARN (`i-0abc`, for an ECS service `cluster/service`); changes of
     * the same target wait for each other.
     */
    targetValue: z.string().check(z.regex(/^[A-Za-z0-9_.:/+=@-]{1,256}$/)),
    /** Its other parameters. */
    parameters: z.optional(parameters),
    /**
     * Runbook that takes the effect back; it is given the same target. Without one the change is
     * irreversible. Which one that is, operators say in `policies/runbooks.json`.
     */
    inverse: z.optional(
      z.strictObject({ documentName, documentVersion, parameters: z.optional(parameters) }),
    ),
  })
  .check(
    z.refine(
      ({ targetParameterName, parameters: own, inverse }) =>
        ![own, inverse?.parameters].some((given = {}) => Object.hasOwn(given, targetParameterName)),
      { path: ['parameters'], error: 'the target may be named only once' },
    ),
    z.refine(({ documentName: own, inverse }) => inverse?.documentName !== own, {
      path: ['inverse'],
      error: 'no runbook is its own inverse',
    }),
  );

export type RunAutomationParameters = z.output<typeof schema>;

/** What a runbook that was carried out reads as. */
export const succeeded = 'runbook succeeded';

/**
 * Starts an SSM Automation runbook at a pinned version. What it does stands in the runbook: the tier is
 * medium if another one takes it back, else high.
 */
export const runAutomation: ActionDefinition<RunAutomationParameters> = {
  id: 'ssm.run-automation',
  actionClass: 'repair',
  summary:
    'Run an SSM Automation runbook at a pinned version on one resource of the workload; only a runbook that operators listed, and as its inverse only the one they listed for it.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema),
  tier: ({ inverse }) => (inverse === undefined ? 'high' : 'medium'),
  target: (given) => ({
    type: 'ssm-automation',
    id: `${given.documentName}:${given.targetValue}`,
    key: runbookTargetKey(given),
  }),
  effect: ({ documentName: runbook, documentVersion: version, targetValue }) => ({
    before: `${runbook} not run on ${targetValue}`,
    after: `${runbook} version ${version} run on ${targetValue}`,
  }),
  targetArn: ({ documentName: runbook }, { partition, region, account }) =>
    `arn:${partition}:ssm:${region}:${account}:document/${runbook}`,
  // Of what it names; what else a runbook touches stands in the runbook, which whoever permits it has read.
  blastRadius: () => ({ resources: 1, capacityPercent: 100 }),
  reversal: ({ inverse }) =>
    inverse === undefined
      ? { kind: 'irreversible', reason: 'no runbook is named that takes the effect back' }
      : {
          kind: 'restore-snapshot',
          steps: ({ targetValue }) => [
            `run ${inverse.documentName} version ${inverse.documentVersion} on ${targetValue}`,
            'wait for its end and read back that it succeeded',
          ],
        },
  successCriteria: () => [{ kind: 'read-back', expected: succeeded }],
  runbook: (given) => [
    `aws ssm get-document --name ${given.documentName} --document-version ${given.documentVersion}`,
    startCommand(given, given),
    'aws ssm get-automation-execution --automation-execution-id <the id it answered>',
    given.inverse === undefined ? 'there is no way back' : `to undo: ${startCommand(given.inverse, given)}`,
  ],
  permissions: [
    {
      actions: ['iam:PassRole'],
      resource: { service: 'iam', resource: 'role', resourceName: 'interlock-runbook/*', isGlobal: true },
      onlyTagged: false,
      why: 'A runbook acts on the role that it names; only roles made for runbooks, under this path, can be handed to it.',
    },
    {
      actions: ['ssm:DescribeDocument', 'ssm:StartAutomationExecution'],
      resource: { service: 'ssm', resource: 'document', resourceName: '*', separator: '/' },
      onlyTagged: true,
      why: 'Runbooks are not known at deployment; limited to documents tagged for this environment.',
    },
    {
      actions: ['ssm:StartAutomationExecution', 'ssm:AddTagsToResource'],
      resource: { service: 'ssm', resource: 'automation-execution', resourceName: '*', separator: '/' },
      onlyTagged: false,
      why: 'The execution that is started, and the tags it is found again by, have no name before they exist.',
    },
    {
      actions: ['ssm:DescribeAutomationExecutions'],
      resource: '*',
      onlyTagged: false,
      why: 'Listing executions knows no narrower resource.',
    },
  ],
  examples: [
    {
      documentName: 'Checkout-EnableMaintenance',
      documentVersion: '3',
      targetParameterName: 'Service',
      targetType: 'ecs-service',
      targetValue: 'shop/checkout',
      inverse: { documentName: 'Checkout-DisableMaintenance', documentVersion: '2' },
    },
    {
      documentName: 'Checkout-FlushCache',
      documentVersion: '7',
      targetParameterName: 'InstanceId',
      targetType: 'ec2-instance',
      targetValue: 'i-0123456789abcdef0',
      parameters: { Scope: 'sessions' },
    },
  ],
};

function startCommand(
  run: Pick<RunAutomationParameters, 'documentName' | 'documentVersion' | 'parameters'>,
  { targetParameterName, targetValue }: RunAutomationParameters,
): string {
  const given = Object.entries({ [targetParameterName]: targetValue, ...run.parameters });
  // A value is untrusted, and the line is there to be pasted into a shell: it must not end the quotes.
  const sent = JSON.stringify(Object.fromEntries(given.map(([name, value]) => [name, [value]]))).replaceAll(
    "'",
    "'\\''",
  );
  return `aws ssm start-automation-execution --document-name ${run.documentName} --document-version ${run.documentVersion} --parameters '${sent}'`;
}
