import { actionHandler } from '../action.handler.ts';
import { ExecutionClient } from './execution.client.ts';
import { executionTarget } from './execution-target.ts';

/** Redrives a failed Step Functions execution. */
export const handler = actionHandler(executionTarget, new ExecutionClient());
