import { expect, it } from 'vitest';
import { policyTimeOf } from '../../functions/policy/policy-time.ts';

it.each([
  ['2026-11-22T23:59:59.999Z', 'sun', 23, 1122],
  ['2026-11-23T00:00:00.000Z', 'mon', 0, 1123],
  ['2026-11-24T12:30:00.000Z', 'tue', 12, 1124],
  ['2026-11-25T01:00:00.000Z', 'wed', 1, 1125],
  ['2026-12-31T23:00:00.000Z', 'thu', 23, 1231],
  ['2027-01-01T00:00:00.000Z', 'fri', 0, 101],
  ['2028-02-29T05:00:00.000Z', 'tue', 5, 229],
  ['2026-03-28T05:00:00.000Z', 'sat', 5, 328],
])('%s is a %s, hour %d, day %d, in UTC wherever it is asked', (instant, weekday, hourUtc, monthDay) => {
  expect(policyTimeOf(Date.parse(instant))).toStrictEqual({ weekday, hourUtc, monthDay });
});
