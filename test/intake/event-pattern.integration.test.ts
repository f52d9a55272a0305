import { EventBridgeClient, TestEventPatternCommand } from '@aws-sdk/client-eventbridge';
import { expect, test } from 'vitest';
import { matchesPattern } from '../../functions/intake/event-pattern.ts';
import {
  alarmEvent,
  compositeAlarmEvent,
  configurationEvent,
  customEvent,
  shippedTaxonomy,
} from './samples.ts';

const events = new EventBridgeClient({});
const severities: unknown[] = [
  'critical',
  'high',
  'medium',
  'low',
  'HIGH',
  '',
  5,
  true,
  null,
  {},
  { a: 1 },
  [],
  ['low'],
  undefined,
];
const names = ['p0-a', 'P0-a', 'p0', 'p1-a', 'p2-a', 'P2-a', 'checkout-errors', '-p0-', 'constructor'];

const samples: unknown[] = [
  ...names.map((name) => alarmEvent('ALARM', {}, name)),
  ...severities.map((severity) => customEvent({ detail: { severity } })),
  compositeAlarmEvent(),
  configurationEvent('delete'),
  alarmEvent('ALARM', { source: 'interlock' }),
  alarmEvent('ALARM', { detail: { alarmName: undefined } }),
];

const rules = shippedTaxonomy.classes.flatMap((entry) => entry.rules);

test.each(rules.map((rule) => [rule.id, rule.pattern] as const))(
  'EventBridge and intake agree on rule %s for every sample',
  async (_, pattern) => {
    const EventPattern = JSON.stringify(pattern);
    const verdicts = await Promise.all(
      samples.map(async (sample) => {
        const { Result } = await events.send(
          new TestEventPatternCommand({ EventPattern, Event: JSON.stringify(sample) }),
        );
        return { sample, matched: Result };
      }),
    );
    expect(verdicts).toEqual(
      samples.map((sample) => ({
        sample,
        matched: matchesPattern(pattern, JSON.parse(JSON.stringify(sample))),
      })),
    );
    expect(verdicts.some(({ matched }) => matched)).toBe(true);
    expect(verdicts.some(({ matched }) => !matched)).toBe(true);
  },
);
