import * as z from 'zod/mini';
import type { ActionDefinition } from '../../action-definition.ts';

const ruleState = z.enum(['ENABLED', 'DISABLED']);

const schema = z.strictObject({
  ruleName: z.string().check(z.regex(/^[.A-Za-z0-9_][.A-Za-z0-9_-]{0,63}$/)),
  /**
   * Name, not ARN; partner buses, whose names hold slashes, are out of reach.
   * @default 'default'
   */
  eventBusName: z.prefault(z.string().check(z.regex(/^[.A-Za-z0-9_][.A-Za-z0-9_-]{0,255}$/)), 'default'),
  /** State the rule is in now; the change is refused if that is no longer so. */
  fromState: ruleState,
  /** State it shall be in. */
  toState: ruleState,
});

export type SetRuleStateParameters = z.output<typeof schema>;

/**
 * Enables or disables an EventBridge rule. Medium either way: what arrives while a rule is disabled is lost,
 * and an enabled rule sets off targets that nobody can see from here, perhaps ones that were silenced on
 * purpose.
 */
export const setRuleState: ActionDefinition<SetRuleStateParameters> = {
  id: 'events.set-rule-state',
  actionClass: 'configuration',
  summary: 'Enable or disable an EventBridge rule. Events that arrive while it is disabled are lost.',
  parameters: schema,
  parametersJsonSchema: z.toJSONSchema(schema, { io: 'input' }),
  tier: () => 'medium',
  target: ({ ruleName, eventBusName }) => ({
    type: 'events-rule',
    id: `${eventBusName}/${ruleName}`,
    key: `events-rule/${eventBusName}/${ruleName}`,
  }),
  effect: ({ fromState, toState }) => ({ before: fromState, after: toState }),
  targetArn: ({ ruleName, eventBusName }, { partition, region, account }) =>
    `arn:${partition}:events:${region}:${account}:rule/${ruleOnBus(ruleName, eventBusName)}`,
  blastRadius: () => ({ resources: 1, capacityPercent: 100 }),
  reversal: {
    kind: 'restore-snapshot',
    steps: ({ ruleName, eventBusName, fromState }) => [
      `set rule ${ruleName} on bus ${eventBusName} back to ${fromState}, as read in the snapshot`,
      'read the rule back and compare it with the snapshot',
      ...(fromState === 'ENABLED' ? ['events that arrived in between are lost and stay lost'] : []),
    ],
  },
  successCriteria: ({ toState }) => [{ kind: 'read-back', expected: toState }],
  runbook: ({ ruleName, eventBusName, fromState, toState }) => {
    const rule = `--name ${ruleName} --event-bus-name ${eventBusName}`;
    return [
      `aws events describe-rule ${rule}`,
      `aws events ${verbs[toState]}-rule ${rule}`,
      `to undo: aws events ${verbs[fromState]}-rule ${rule}`,
    ];
  },
  permissions: [
    {
      actions: ['events:DescribeRule', 'events:DisableRule', 'events:EnableRule'],
      // Matches `rule/<name>` on the default bus and `rule/<bus>/<name>` on any other.
      resource: { service: 'events', resource: 'rule', resourceName: '*', separator: '/' },
      onlyTagged: true,
      why: 'Targets are not known at deployment; limited to rules tagged for this environment.',
    },
  ],
  examples: [
    { ruleName: 'nightly-import', eventBusName: 'default', fromState: 'ENABLED', toState: 'DISABLED' },
    { ruleName: 'order-placed', eventBusName: 'shop', fromState: 'DISABLED', toState: 'ENABLED' },
  ],
};

const verbs = { ENABLED: 'enable', DISABLED: 'disable' } as const;

/** A rule's ARN names the bus only where it is not the default one. */
function ruleOnBus(ruleName: string, eventBusName: string): string {
  return eventBusName === 'default' ? ruleName : `${eventBusName}/${ruleName}`;
}
