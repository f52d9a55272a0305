import { randomUUID } from 'node:crypto';
import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
} from '@aws-sdk/client-eventbridge';

/** An enabled rule on a bus of its own, to be disabled. */
export const fixture = {
  actionId: 'events.set-rule-state',
  async create(environment = 'local') {
    const events = new EventBridgeClient({});
    const eventBusName = `bus-${randomUUID().slice(0, 8)}`;
    const ruleName = 'order-placed';
    const put = (source: string) =>
      events.send(
        new PutRuleCommand({
          Name: ruleName,
          EventBusName: eventBusName,
          EventPattern: JSON.stringify({ source: [source] }),
          State: 'ENABLED',
          Tags: [
            { Key: 'interlock:environment', Value: environment },
            { Key: 'interlock:workload', Value: 'test' },
          ],
        }),
      );
    await events.send(new CreateEventBusCommand({ Name: eventBusName }));
    await put('shop');
    const parameters = {
      ruleName,
      eventBusName,
      fromState: 'ENABLED',
      toState: 'DISABLED',
    } as const;
    return {
      parameters,
      unknownParameters: { ...parameters, ruleName: 'nowhere' },
      /** Leaves the state as it is and changes what the rule matches. */
      foreignWrite: async () => {
        await put('another-shop');
      },
      destroy: async () => {
        await events.send(new DeleteRuleCommand({ Name: ruleName, EventBusName: eventBusName }));
        await events.send(new DeleteEventBusCommand({ Name: eventBusName }));
      },
    };
  },
};
