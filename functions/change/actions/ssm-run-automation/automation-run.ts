import { digestOf } from '../../../platform/digest.ts';
import type { AutomationState } from './automation-target.ts';
import type { RunAutomationParameters } from './definition.ts';

/** One run of a runbook, as it is asked for. */
export interface AutomationRun {
  readonly documentName: string;
  readonly documentVersion: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The run that a change makes. */
export function runOf(parameters: RunAutomationParameters): AutomationRun {
  return withTarget(parameters, parameters);
}

/** The run that takes it back, if there is one. */
export function inverseRunOf(parameters: RunAutomationParameters): AutomationRun | undefined {
  return parameters.inverse === undefined ? undefined : withTarget(parameters.inverse, parameters);
}

function withTarget(
  {
    documentName,
    documentVersion,
    parameters,
  }: Omit<AutomationRun, 'parameters'> & {
    readonly parameters?: RunAutomationParameters['parameters'];
  },
  { targetParameterName, targetValue }: RunAutomationParameters,
): AutomationRun {
  return { documentName, documentVersion, parameters: { ...parameters, [targetParameterName]: targetValue } };
}

/**
 * Tag by which executions of the same run are found again: SSM finds them by the key of a tag, not by its
 * value.
 */
export function tagKeyOf(run: AutomationRun): string {
  return `interlock-run-${digestOf({ ...run }).slice(0, 32)}`;
}

/**
 * Token by which SSM starts a run once, however often one change asks for it; SSM wants the form of a UUID.
 * Every execution of the run is another state, so no later change has the same snapshot.
 */
export function clientTokenOf(run: AutomationRun, snapshot: AutomationState): string {
  const hex = digestOf([{ ...run }, { ...snapshot }]);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
