import type { Place } from '../change/action-definition.ts';
import { shiftAlias } from '../change/actions/lambda-shift-alias/definition.ts';
import {
  type RedriveDeadLettersParameters,
  redriveDeadLetters,
} from '../change/actions/sqs-redrive-dead-letters/definition.ts';
import { putParameter } from '../change/actions/ssm-put-parameter/definition.ts';
import {
  type RunAutomationParameters,
  runAutomation,
} from '../change/actions/ssm-run-automation/definition.ts';
import {
  type RedriveExecutionParameters,
  redriveExecution,
} from '../change/actions/states-redrive-execution/definition.ts';
import type { ResolvedAction } from '../change/catalogue.ts';
import type { TriageContext } from './context.ts';

type Proposal = Extract<ResolvedAction, { outcome: 'resolved' }>;

/**
 * An agent may only touch what the incident's workload was found to consist of, whatever it was told: the
 * target, and everything else that the parameters name and the action would touch. An alias and a parameter
 * must have been read themselves: their ARN does not tell them from another alias, or from a secret.
 */
export function isOfWorkload(proposal: Proposal, context: TriageContext): boolean {
  const { membership } = context;
  if (membership === undefined) return false;
  const { definition, parameters } = proposal;
  const named = [
    definition.targetArn(parameters, membership.place),
    ...alsoNamed(proposal, membership.place),
  ];
  return (
    named.every((arn) => membership.arns.some((tagged) => names(arn, tagged))) &&
    (!mustHaveBeenRead.has(definition.id) || targetKeysOf(context).has(definition.target(parameters).key))
  );
}

const mustHaveBeenRead: ReadonlySet<string> = new Set([shiftAlias.id, putParameter.id]);

/** The lock keys of the aliases and parameters that were read. */
function targetKeysOf({ functions, parameters }: TriageContext): ReadonlySet<string> {
  const anyVersion = { fromVersion: '1', toVersion: '1' };
  const anyValue = { fromValue: '', toValue: '' };
  return new Set([
    ...functions.flatMap(({ functionName, aliases }) =>
      aliases.map(({ aliasName }) => shiftAlias.target({ functionName, aliasName, ...anyVersion }).key),
    ),
    ...parameters.map(({ name }) => putParameter.target({ name, ...anyValue }).key),
  ]);
}

/** ARNs of what an action touches beside its target. */
function alsoNamed({ definition, parameters }: Proposal, place: Place): string[] {
  switch (definition.id) {
    case redriveDeadLetters.id: {
      const given = parameters as RedriveDeadLettersParameters;
      return [redriveDeadLetters.targetArn({ ...given, deadLetterQueueName: given.sourceQueueName }, place)];
    }
    case runAutomation.id: {
      const given = parameters as RunAutomationParameters;
      // An inverse lowers the tier: it has to be the workload's own runbook too.
      return given.inverse === undefined
        ? []
        : [runAutomation.targetArn({ ...given, documentName: given.inverse.documentName }, place)];
    }
    case redriveExecution.id: {
      // The target's ARN holds the machine's name only: here account and region are those of the execution.
      const { executionArn } = parameters as RedriveExecutionParameters;
      return [executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]+$/, '')];
    }
    default:
      return [];
  }
}

/** Where a definition does not know one part of an ARN it writes `*`: any one part, never the last, the name. */
function names(arn: string, tagged: string): boolean {
  const parts = tagged.split(':');
  const wanted = arn.split(':');
  const last = wanted.length - 1;
  return (
    parts.length === wanted.length &&
    wanted.every((part, index) => part === parts[index] || (part === '*' && index < last))
  );
}
