import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesPattern } from '../../functions/intake/event-pattern.ts';
import { classify, parseTaxonomy, severityOf } from '../../functions/intake/taxonomy.ts';
import taxonomyJson from '../../policies/event-taxonomy.json' with { type: 'json' };
import {
  alarmEvent,
  anomalyAlarmEvent,
  compositeAlarmEvent,
  configurationEvent,
  customEvent,
  metricMathAlarmEvent,
  shippedTaxonomy,
} from './samples.ts';

/** A deep copy of the shipped file that a test may break. */
// oxlint-disable-next-line typescript/no-explicit-any -- broken on purpose, in ways that no type allows
function broken(change: (taxonomy: any) => void): unknown {
  const copy = structuredClone(taxonomyJson);
  change(copy);
  return copy;
}

function matchingRules(event: unknown): string[] {
  return shippedTaxonomy.classes.flatMap(({ rules }) =>
    rules.filter(({ pattern }) => matchesPattern(pattern, event)).map(({ id }) => id),
  );
}

describe('the shipped taxonomy', () => {
  test.each([
    ['metric alarm', alarmEvent(), 'cloudwatch-alarm-p1', 'P1', 'high'],
    ['composite alarm', compositeAlarmEvent(), 'cloudwatch-alarm-p1', 'P1', 'high'],
    ['metric math alarm', metricMathAlarmEvent(), 'cloudwatch-alarm-p1', 'P1', 'high'],
    ['anomaly alarm', anomalyAlarmEvent(), 'cloudwatch-alarm-p1', 'P1', 'high'],
    ['recovery', alarmEvent('OK'), 'cloudwatch-alarm-p1', 'P1', 'high'],
    ['urgent alarm', alarmEvent('ALARM', {}, 'p0-checkout'), 'cloudwatch-alarm-p0', 'P0', 'critical'],
    [
      'urgent alarm, upper case',
      alarmEvent('ALARM', {}, 'P0-checkout'),
      'cloudwatch-alarm-p0',
      'P0',
      'critical',
    ],
    ['lesser alarm', alarmEvent('ALARM', {}, 'p2-disk'), 'cloudwatch-alarm-p2', 'P2', 'low'],
    ['p0 elsewhere in the name', alarmEvent('ALARM', {}, 'disk-p0-x'), 'cloudwatch-alarm-p1', 'P1', 'high'],
    [
      'critical signal',
      customEvent({ detail: { severity: 'critical' } }),
      'interlock-signal-p0',
      'P0',
      'critical',
    ],
    ['high signal', customEvent(), 'interlock-signal-p1', 'P1', 'high'],
    ['medium signal', customEvent({ detail: { severity: 'medium' } }), 'interlock-signal-p1', 'P1', 'medium'],
    ['low signal', customEvent({ detail: { severity: 'low' } }), 'interlock-signal-p2', 'P2', 'low'],
    [
      'unknown severity',
      customEvent({ detail: { severity: 'Critical' } }),
      'interlock-signal-p2',
      'P2',
      undefined,
    ],
    ['no severity', customEvent({ detail: { severity: undefined } }), 'interlock-signal-p2', 'P2', undefined],
  ])('%s: exactly one rule, its queue and its severity', (_, event, rule, priority, severity) => {
    const sent: unknown = JSON.parse(JSON.stringify(event));
    expect(matchingRules(sent)).toEqual([rule]);
    const found = classify(shippedTaxonomy, sent);
    expect(found?.priority).toBe(priority);
    if (found?.entry.disposition !== 'incident') throw new Error('expected a class that opens incidents');
    expect(severityOf(found.entry, found.rule, sent)).toBe(severity);
  });

  test.each(['create', 'update', 'delete'])(
    'a configuration change (%s) matches its one rule',
    (operation) => {
      expect(matchingRules(configurationEvent(operation))).toEqual(['cloudwatch-alarm-configuration']);
    },
  );

  test('rules of a class exclude each other and leave no alarm name out', () => {
    const names = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom('p0-', 'P0-', 'p1-', 'p2-', 'P2-', 'p0', '-p0-', ''), fc.string())
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(names, (name) => {
        expect(matchingRules(alarmEvent('ALARM', {}, name))).toHaveLength(1);
      }),
    );
  });

  test('no severity, of whatever type, leaves a custom signal without a queue', () => {
    fc.assert(
      fc.property(
        // An array can hold several severities and so reach several queues; intake refuses it there.
        fc.jsonValue().filter((severity) => !Array.isArray(severity)),
        (severity) => {
          expect(matchingRules(customEvent({ detail: { severity } }))).toHaveLength(1);
        },
      ),
    );
  });

  test.each([
    { ...alarmEvent(), source: 'aws.CloudWatch' },
    { ...alarmEvent(), 'detail-type': 'cloudwatch alarm state change' },
    { ...alarmEvent(), source: 'interlock' },
    { ...customEvent(), source: 'interlock.evil' },
    { source: 'aws.health' },
    {},
    null,
    [],
    'aws.cloudwatch',
  ])('an event of no class matches nothing', (event) => {
    expect(classify(shippedTaxonomy, event)).toBeUndefined();
  });
});

describe('a taxonomy with a fault is refused with where and what', () => {
  test.each([
    [
      'unknown severity',
      broken((t) => (t.classes[0].severity.byRule['cloudwatch-alarm-p0'] = 'urgent')),
      /classes\[0\] \(cloudwatch\.alarm\)\.severity\.byRule\.cloudwatch-alarm-p0/,
    ],
    ['unknown priority', broken((t) => (t.classes[0].rules[0].priority = 'P3')), /rules\.0\.priority/],
    [
      'unknown class',
      broken((t) => (t.classes[2].class = 'constructor')),
      /classes\[2\] \(constructor\)\.class/,
    ],
    ['unknown member', broken((t) => (t.classes[0].colour = 'red')), /colour/],
    [
      'unknown operator',
      broken((t) => (t.classes[0].rules[0].pattern.detail.alarmName = [{ wildcard: 'p0-*' }])),
      /pattern\.detail/,
    ],
    ['pattern without source', broken((t) => delete t.classes[0].rules[0].pattern.source), /pattern\.source/],
    ['empty source', broken((t) => (t.classes[0].rules[0].pattern.source = [])), /pattern\.source/],
    ['no rules', broken((t) => (t.classes[0].rules = [])), /classes\[0\].*rules/],
    [
      'class twice',
      broken((t) => t.classes.push(structuredClone(t.classes[1]))),
      /class cloudwatch\.alarm-configuration is listed twice/,
    ],
    [
      'rule id twice',
      broken((t) => (t.classes[0].rules[1].id = 'cloudwatch-alarm-p0')),
      /rule id cloudwatch-alarm-p0 is used twice/,
    ],
    [
      'rule without severity',
      broken((t) => delete t.classes[0].severity.byRule['cloudwatch-alarm-p2']),
      /rule cloudwatch-alarm-p2 has no severity/,
    ],
    [
      'severity of no rule',
      broken((t) => (t.classes[0].severity.byRule['other'] = 'low')),
      /rule other, which does not exist/,
    ],
    [
      'volatile fingerprint field',
      broken((t) => t.classes[0].fingerprintFields.push('detail.state.value')),
      /fingerprint field detail\.state\.value is volatile/,
    ],
    [
      'volatile itself',
      broken((t) => t.classes[0].fingerprintFields.push('time')),
      /fingerprint field time is volatile/,
    ],
    ['cooldown of 0', broken((t) => (t.classes[0].cooldownSeconds = 0)), /cooldownSeconds/],
    ['cooldown of a fraction', broken((t) => (t.classes[0].cooldownSeconds = 1.5)), /cooldownSeconds/],
    [
      'cap below cooldown',
      broken((t) => (t.classes[0].backoff.maximumSeconds = 299)),
      /maximumSeconds 299 is below cooldownSeconds 300/,
    ],
    ['shrinking backoff', broken((t) => (t.classes[0].backoff.factor = 0.9)), /factor/],
    ['another version', broken((t) => (t.version = 2)), /version/],
    ['nothing', undefined, /fault/],
    ['a list', [], /fault/],
  ])('%s', (_, json, message) => {
    expect(() => parseTaxonomy(json)).toThrow(message);
    expect(() => parseTaxonomy(json)).toThrow(expect.objectContaining({ code: 'taxonomy.invalid' }));
  });

  test('a fingerprint field that only begins like a volatile one is fine', () => {
    const json = broken((t) => t.classes[0].fingerprintFields.push('detail.stateful'));
    expect(parseTaxonomy(json).classes).toHaveLength(3);
  });
});
