import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { setRuleState } from '../../../functions/change/actions/events-set-rule-state/definition.ts';
import { RuleClient } from '../../../functions/change/actions/events-set-rule-state/rule.client.ts';
import { ruleTarget } from '../../../functions/change/actions/events-set-rule-state/rule-target.ts';
import { type Answer, answersToAWrite, startAnsweringService } from './answering-service.ts';

const place = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const disable = {
  ruleName: 'order-placed',
  eventBusName: 'shop',
  fromState: 'ENABLED',
  toState: 'DISABLED',
} as const;

describe('the parameters of events.set-rule-state', () => {
  const accepts = (changes: object) =>
    z.safeParse(setRuleState.parameters, { ...disable, ...changes }).success;

  it.each([
    ['a', true],
    ['a'.repeat(64), true],
    ['a'.repeat(65), false],
    ['', false],
    ['..', true],
    ['-name', false],
    ['with space', false],
    ['rule/other', false],
    ['rule*', false],
    ['rule\n', false],
    ['$(reboot)', false],
    ['оrder', false],
  ])('take rule name %j: %s', (ruleName, expected) => {
    expect(accepts({ ruleName })).toBe(expected);
  });

  it.each([
    ['default', true],
    ['a'.repeat(256), true],
    ['a'.repeat(257), false],
    ['', false],
    ['aws.partner/shop', false],
    ['arn:aws:events:eu-west-1:111122223333:event-bus/shop', false],
  ])('take event bus %j: %s', (eventBusName, expected) => {
    expect(accepts({ eventBusName })).toBe(expected);
  });

  it('take the two plain states and no other member', () => {
    expect(accepts({ toState: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' })).toBe(false);
    expect(accepts({ toState: 'disabled' })).toBe(false);
    expect(accepts({ force: true })).toBe(false);
  });

  it('mean the default bus when they name none, and the schema shown to the model lets them', () => {
    const { eventBusName: _, ...unnamed } = disable;
    expect(z.parse(setRuleState.parameters, unnamed).eventBusName).toBe('default');
    expect(setRuleState.parametersJsonSchema).toMatchObject({
      required: ['ruleName', 'fromState', 'toState'],
      additionalProperties: false,
    });
  });
});

describe('events.set-rule-state', () => {
  it.each([
    ['default', 'arn:aws:events:eu-west-1:111122223333:rule/order-placed'],
    ['shop', 'arn:aws:events:eu-west-1:111122223333:rule/shop/order-placed'],
  ])('finds a rule of bus %s at %s', (eventBusName, arn) => {
    expect(setRuleState.targetArn({ ...disable, eventBusName }, place)).toBe(arn);
  });

  it('locks two rules under one key only if they are the same', () => {
    const name = fc.stringMatching(/^[.A-Za-z0-9_][.A-Za-z0-9_-]{0,9}$/);
    const keyOf = (ruleName: string, eventBusName: string) =>
      setRuleState.target({ ...disable, ruleName, eventBusName }).key;
    fc.assert(
      fc.property(name, name, name, name, (rule, bus, otherRule, otherBus) => {
        const isSame = rule === otherRule && bus === otherBus;
        expect(keyOf(rule, bus) === keyOf(otherRule, otherBus)).toBe(isSame);
      }),
    );
  });

  it('is medium whichever way: events are lost, or targets set off', () => {
    expect(setRuleState.tier(disable)).toBe('medium');
    expect(setRuleState.tier({ ...disable, fromState: 'DISABLED', toState: 'ENABLED' })).toBe('medium');
  });

  it('begins where the plan says and sees what else was changed', () => {
    const enabled = { state: 'ENABLED', contentDigest: 'a' } as const;
    const disabled = { state: 'DISABLED', contentDigest: 'a' } as const;
    const rewritten = { state: 'ENABLED', contentDigest: 'b' } as const;
    expect([enabled, disabled].map((state) => ruleTarget.isBefore(disable, state))).toStrictEqual([
      true,
      false,
    ]);
    expect([enabled, disabled].map((state) => ruleTarget.isAfter(disable, state))).toStrictEqual([
      false,
      true,
    ]);
    expect(
      [enabled, disabled, rewritten].map((state) => ruleTarget.isUntouched(enabled, state)),
    ).toStrictEqual([true, false, false]);
    expect(
      [enabled, disabled, rewritten].map((state) => ruleTarget.isRestored(enabled, state)),
    ).toStrictEqual([true, false, true]);
  });
});

describe('EventBridge', () => {
  let rule: object;
  let answer: Answer;
  let service: Awaited<ReturnType<typeof startAnsweringService>>;
  beforeEach(async () => {
    rule = { Name: 'order-placed', State: 'ENABLED', EventPattern: '{}' };
    answer = { body: {} };
    service = await startAnsweringService((operation) =>
      operation === 'DescribeRule' ? { body: rule } : answer,
    );
  });
  afterEach(() => service.stop());

  async function write() {
    const client = new RuleClient();
    const snapshot = await client.read(disable);
    if (snapshot.outcome !== 'found') throw new Error(snapshot.reason);
    return client.apply(disable, snapshot.state);
  }
  const writes = () => service.operations.filter((operation) => operation === 'DisableRule').length;

  it.each(answersToAWrite)('$says: the write is $taken and not repeated', async (given) => {
    answer = given.answer;
    if (given.taken === 'failed') expect(await write()).toMatchObject({ outcome: 'failed' });
    else if (given.taken === 'thrown') await expect(write()).rejects.toThrow();
    else await expect(write()).rejects.toMatchObject({ name: 'DependencyUnavailableError' });
    expect(writes()).toBe(1);
  });

  it('lets nobody write at the same moment', async () => {
    answer = { error: 'ConcurrentModificationException' };
    expect(await write()).toStrictEqual({ outcome: 'target-changed' });
  });

  it.each([
    ['managed by an AWS service', { ManagedBy: 'ssm.amazonaws.com' }],
    ['for all CloudTrail events', { State: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' }],
    ['without a state', { State: undefined }],
  ])('holds a rule %s, which is refused', async (_, changes) => {
    rule = { ...rule, ...changes };
    expect(await new RuleClient().read(disable)).toMatchObject({ outcome: 'refused' });
  });
});
