import * as z from 'zod/mini';
import { InvalidInputError } from '../../../platform/errors.ts';
import { malformedMembers } from '../../../platform/malformed-members.ts';
import {
  documentName,
  documentVersion,
  parameterName,
  type RunAutomationParameters,
  runAutomation,
} from './definition.ts';
import { runbookTargetTypes } from './runbook-target.ts';

const pinned = { document: documentName, version: documentVersion };

const schema = z.strictObject({
  version: z.literal(1),
  runbooks: z.array(
    z.strictObject({
      ...pinned,
      /** Kind of what it acts on. */
      target: z.enum(runbookTargetTypes),
      /** Its parameter that names what it acts on, and that of its inverse. */
      targetParameter: parameterName,
      /** Other parameters that an agent may give to it or to its inverse. @default none */
      parameters: z.optional(z.array(parameterName)),
      /** What takes its effect back, tried by whoever wrote it here. Without one it is irreversible. */
      inverse: z.optional(z.strictObject(pinned)),
    }),
  ),
});

/** Which runbooks may be run at all, and what takes each back (`policies/runbooks.json`). */
export type RunbookPolicy = z.output<typeof schema>;

/** @throws InvalidInputError `runbooks.invalid` naming the members or the runbook at fault. */
export function parseRunbookPolicy(json: unknown): RunbookPolicy {
  const parsed = z.safeParse(schema, json);
  if (!parsed.success) {
    const members = malformedMembers(parsed.error);
    throw invalid(`has missing, unknown or malformed members: ${members}`);
  }
  const listed = new Set<string>();
  for (const { document, version, targetParameter, parameters = [], inverse } of parsed.data.runbooks) {
    const name = nameOf(document, version);
    if (listed.has(name)) throw invalid(`lists ${name} twice`);
    listed.add(name);
    if (inverse?.document === document) throw invalid(`names ${name} as its own inverse`);
    if (parameters.includes(targetParameter)) throw invalid(`gives ${name} the target twice`);
  }
  return parsed.data;
}

/** Why a runbook may not be run like this, in words; undefined when it may, and for every other action. */
export function runbookFault(
  { runbooks }: RunbookPolicy,
  actionId: string,
  parameters: object,
): string | undefined {
  if (actionId !== runAutomation.id) return undefined;
  const given = parameters as RunAutomationParameters;
  const name = nameOf(given.documentName, given.documentVersion);
  const listed = runbooks.find(({ document, version }) => nameOf(document, version) === name);
  if (listed === undefined) return `policies/runbooks.json does not list runbook ${name}`;
  if (given.targetType !== listed.target || given.targetParameterName !== listed.targetParameter) {
    return `runbook ${name} acts on the ${listed.target} that its parameter ${listed.targetParameter} names, not as the plan has it`;
  }
  const names = [given.parameters, given.inverse?.parameters].flatMap((some = {}) => Object.keys(some));
  const notOffered = names.find((parameter) => listed.parameters?.includes(parameter) !== true);
  if (notOffered !== undefined) return `parameter ${notOffered} of runbook ${name} is not an agent's to give`;
  if (given.inverse === undefined) return undefined;
  const inverse = nameOf(given.inverse.documentName, given.inverse.documentVersion);
  return listed.inverse !== undefined && nameOf(listed.inverse.document, listed.inverse.version) === inverse
    ? undefined
    : `policies/runbooks.json does not say that ${inverse} takes back runbook ${name}`;
}

function nameOf(document: string, version: string): string {
  return `${document}@${version}`;
}

function invalid(fault: string): InvalidInputError {
  return new InvalidInputError('runbooks.invalid', `policies/runbooks.json ${fault}`);
}
