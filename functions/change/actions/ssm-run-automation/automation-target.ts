import * as z from 'zod/mini';
import type { TargetRules } from '../target.ts';
import { type RunAutomationParameters, runAutomation } from './definition.ts';

/** What Interlock ran last on a target, of a runbook and its inverse. */
export interface AutomationState {
  readonly last: 'none' | 'runbook' | 'inverse';
  /** Empty when nothing ran. */
  readonly executionId: string;
  readonly phase: 'none' | 'running' | 'succeeded' | 'failed';
}

/** As {@link AutomationState} calls what SSM calls its statuses. An unknown one counts as failed. */
export function phaseOf(status: string): AutomationState['phase'] {
  if (status === 'Success' || status === 'CompletedWithSuccess') return 'succeeded';
  return underWay.has(status) ? 'running' : 'failed';
}

const underWay: ReadonlySet<string> = new Set([
  'Approved',
  'Cancelling',
  'ChangeCalendarOverrideApproved',
  'InProgress',
  'Pending',
  'PendingApproval',
  'PendingChangeCalendarOverride',
  'RunbookInProgress',
  'Scheduled',
  'Waiting',
]);

/**
 * A runbook with an inverse is in force from its run until the inverse has run: that is what the target is
 * read as. One without an inverse leads to no state that could be read, and can be run any number of times.
 */
export const automationTarget: TargetRules<RunAutomationParameters, AutomationState> = {
  definition: runAutomation,
  state: z.strictObject({
    last: z.enum(['none', 'runbook', 'inverse']),
    executionId: z.string(),
    phase: z.enum(['none', 'running', 'succeeded', 'failed']),
  }),
  isBefore: (_, { phase }) => phase !== 'running',
  // Also when it failed half-way, and while the inverse is running: both still have to be taken back.
  isAfter: ({ inverse }, { last, phase }) =>
    inverse !== undefined && (last === 'runbook' || (last === 'inverse' && phase === 'running')),
  isUnderWay: ({ last, phase }) => last === 'runbook' && phase === 'running',
  isUntouched: (snapshot, current) =>
    snapshot.executionId === current.executionId && snapshot.phase === current.phase,
  isRestored: (snapshot, current) =>
    snapshot.executionId === current.executionId ||
    (current.last === 'inverse' && current.phase === 'succeeded'),
  readBack: ({ last, phase }) => (last === 'none' ? 'nothing has run' : `${last} ${phase}`),
};
