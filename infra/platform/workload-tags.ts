import type { StageSettings } from '../stage-settings.ts';

/** A workload opts in with this tag on each resource that Interlock may look into or change. */
export const environmentTag = 'interlock:environment';

/** Limits a statement to resources whose owner tagged them for this environment. */
export function ofThisEnvironment(settings: StageSettings): Record<string, Record<string, string>> {
  return { StringEquals: { [`aws:ResourceTag/${environmentTag}`]: settings.environment } };
}
