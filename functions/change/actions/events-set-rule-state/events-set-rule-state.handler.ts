import { actionHandler } from '../action.handler.ts';
import { RuleClient } from './rule.client.ts';
import { ruleTarget } from './rule-target.ts';

/** Enables or disables an EventBridge rule. */
export const handler = actionHandler(ruleTarget, new RuleClient());
