import { DescribeRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { EventRuleContext } from '../workload-resources.ts';
import type { ResourceReader } from './resource-reader.ts';

/** Whether a rule is enabled. */
export function eventRules(
  eventBridge = new EventBridgeClient({ maxAttempts: 2 }),
): ResourceReader<EventRuleContext> {
  return {
    type: 'events:rule',
    what: 'EventBridge rule',
    // The bus stands there only where it is not the default one; those of partners hold slashes.
    resource: /^rule\/(?:([^/]+)\/)?([^/]+)$/,
    read: async ([bus = '', ruleName = ''], { abortSignal }) => {
      const eventBusName = bus || 'default';
      const { State } = await eventBridge.send(
        new DescribeRuleCommand({ Name: ruleName, EventBusName: eventBusName }),
        { abortSignal },
      );
      return State === undefined ? undefined : { ruleName, eventBusName, state: State };
    },
  };
}
