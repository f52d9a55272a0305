import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprintOf } from '../../functions/intake/fingerprint.ts';
import { alarmEvent, customEvent, signalOf } from './samples.ts';

test('whatever is volatile in an alarm event does not change the fingerprint', () => {
  const { fingerprint } = signalOf(alarmEvent());
  fc.assert(
    fc.property(
      fc.uuid(),
      fc.date({ noInvalidDate: true, min: new Date('2000-01-01'), max: new Date('2100-01-01') }),
      fc.constantFrom('ALARM', 'OK'),
      fc.string(),
      fc.dictionary(fc.string(), fc.jsonValue()),
      (id, time, value, reason, configuration) => {
        const event = alarmEvent(value, {
          id,
          time: time.toISOString(),
          detail: { state: { value, reason }, previousState: { value: reason }, configuration },
        });
        expect(signalOf(event).fingerprint).toBe(fingerprint);
      },
    ),
  );
});

test('what identifies a problem does change it', () => {
  const fingerprints = [
    signalOf(alarmEvent()),
    signalOf(alarmEvent(), 'production'),
    signalOf(alarmEvent('ALARM', {}, 'checkout-latency')),
    signalOf(alarmEvent('ALARM', { account: '210987654321' })),
    signalOf(alarmEvent('ALARM', { region: 'eu-west-1' })),
    signalOf(customEvent()),
    signalOf(customEvent({ detail: { class: 'checkout.other' } })),
    signalOf(customEvent({ detail: { resource: { type: 'service', id: 'orders' } } })),
    signalOf(customEvent({ detail: { resource: { type: 'queue', id: 'payments' } } })),
  ].map(({ fingerprint }) => fingerprint);
  expect(new Set(fingerprints).size).toBe(fingerprints.length);
});

test('a custom signal keeps its fingerprint when only severity and words change', () => {
  const worse = customEvent({
    detail: { severity: 'critical', title: 'Nothing works', detail: 'all of them' },
  });
  expect(signalOf(worse).fingerprint).toBe(signalOf(customEvent()).fingerprint);
});

test('resources whose parts could be confused stay apart', () => {
  const entry = { class: 'interlock.signal', fingerprintFields: ['detail.class'] } as const;
  const of = (type: string, id: string) =>
    fingerprintOf({ ...entry, fingerprintFields: [...entry.fingerprintFields] }, 'local', { type, id }, {});
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
      expect(of(a, b) === of(c, d)).toBe(a === c && b === d);
    }),
  );
});

test('an inherited member is no fingerprint field', () => {
  const entry = { class: 'interlock.signal' as const, fingerprintFields: ['detail.constructor'] };
  const resource = { type: 'service', id: 'payments' };
  expect(fingerprintOf(entry, 'local', resource, { detail: {} })).toBe(
    fingerprintOf(entry, 'local', resource, { detail: null }),
  );
});
