import { actionHandler } from '../action.handler.ts';
import { AutomationClient } from './automation.client.ts';
import { automationTarget } from './automation-target.ts';

/** Runs an SSM Automation runbook. */
export const handler = actionHandler(automationTarget, new AutomationClient());
