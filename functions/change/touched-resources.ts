import type { Place } from './action-definition.ts';
import {
  type RedriveDeadLettersParameters,
  redriveDeadLetters,
} from './actions/sqs-redrive-dead-letters/definition.ts';
import { type RunAutomationParameters, runAutomation } from './actions/ssm-run-automation/definition.ts';
import { runbookTargetArn } from './actions/ssm-run-automation/runbook-target.ts';
import {
  type RedriveExecutionParameters,
  redriveExecution,
} from './actions/states-redrive-execution/definition.ts';
import type { ResolvedAction } from './catalogue.ts';

/**
 * ARNs of all that an action touches: its target first, then everything else that the parameters name. Where a
 * definition does not know one part of an ARN it writes `*`.
 */
export function touchedArns(
  { definition, parameters }: Extract<ResolvedAction, { outcome: 'resolved' }>,
  place: Place,
): readonly [string, ...string[]] {
  const target = definition.targetArn(parameters, place);
  switch (definition.id) {
    case redriveDeadLetters.id: {
      const given = parameters as RedriveDeadLettersParameters;
      return [
        target,
        redriveDeadLetters.targetArn({ ...given, deadLetterQueueName: given.sourceQueueName }, place),
      ];
    }
    case runAutomation.id: {
      // The target's ARN is the runbook's own; what it acts on and what takes it back are touched as well.
      const given = parameters as RunAutomationParameters;
      const inverse = given.inverse?.documentName;
      return [
        target,
        runbookTargetArn(given, place),
        ...(inverse === undefined
          ? []
          : [runAutomation.targetArn({ ...given, documentName: inverse }, place)]),
      ];
    }
    case redriveExecution.id: {
      // The target's ARN holds the machine's name only: here account and region are those of the execution.
      const { executionArn } = parameters as RedriveExecutionParameters;
      return [target, executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]+$/, '')];
    }
    default:
      return [target];
  }
}
