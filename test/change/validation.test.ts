import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CriterionResult, combine, validationDeadline } from '../../functions/change/validation.ts';

const results = ['pass', 'fail', 'not-yet', 'no-data', 'unreadable'] as const;
const seen = (...found: CriterionResult[]) => found.map((result) => ({ result, reason: `saw ${result}` }));

describe('validation', () => {
  it.each([
    [[], 0, 'fail'],
    [['pass'], 0, 'pass'],
    [['pass', 'pass'], 100, 'pass'],
    [['pass', 'fail'], 0, 'fail'],
    [['not-yet', 'unreadable', 'fail'], 0, 'fail'],
    [['pass', 'not-yet'], 99, 'pending'],
    [['pass', 'not-yet'], 100, 'fail'],
    [['pass', 'not-yet'], 101, 'fail'],
    [['no-data'], 99, 'pending'],
    [['no-data'], 100, 'fail'],
    [['unreadable', 'pass'], 99, 'inconclusive'],
    [['unreadable', 'pass'], 100, 'inconclusive'],
    [['unreadable', 'not-yet'], 99, 'inconclusive'],
    [['unreadable', 'no-data'], 100, 'fail'],
  ] as const)('%j at %d of 100: %s', (found, now, outcome) => {
    expect(combine(seen(...found), now, 100).outcome).toBe(outcome);
  });

  it('passes only when every criterion does, whatever the order and the time', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...results)), fc.nat(200), (found, now) => {
        const { outcome } = combine(seen(...found), now, 100);
        expect(outcome === 'pass').toBe(found.length > 0 && found.every((result) => result === 'pass'));
        expect(combine(seen(...found.toReversed()), now, 100).outcome).toBe(outcome);
        if (now >= 100) expect(outcome).not.toBe('pending');
      }),
    );
  });

  it('gives a change its seconds from its start', () => {
    expect(validationDeadline(1_772_445_600_000, 120)).toBe(1_772_445_720_000);
  });
});
