import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedPercent, tierOfCapacity } from '../../../functions/change/actions/capacity.ts';
import { riskTiers } from '../../../functions/platform/vocabulary.ts';

describe('how dangerous a change of capacity is', () => {
  it.each([
    [4, 4, 'low'],
    [4, 5, 'low'],
    [4, 7, 'low'],
    [4, 8, 'low'],
    [4, 9, 'medium'],
    [4, 3, 'medium'],
    [4, 2, 'medium'],
    [4, 1, 'high'],
    [5, 3, 'medium'],
    [5, 2, 'high'],
    [1, 2, 'low'],
    [1, 3, 'medium'],
    [0, 1, 'medium'],
    [2, 1, 'medium'],
    [3, 1, 'high'],
  ] as const)('%d → %d: %s', (from, to, tier) => {
    expect(tierOfCapacity(from, to)).toBe(tier);
  });

  it('never falls the further the change goes', () => {
    const size = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(size, size, size, (from, a, b) => {
        const rank = (to: number) => riskTiers.indexOf(tierOfCapacity(from, to));
        if ((a - from) * (b - from) < 0) return;
        const [nearer, further] = Math.abs(a - from) <= Math.abs(b - from) ? [a, b] : [b, a];
        expect(rank(further)).toBeGreaterThanOrEqual(rank(nearer));
        expect(changedPercent(from, further)).toBeGreaterThanOrEqual(changedPercent(from, nearer));
      }),
    );
  });
});

describe('the share that a change alters', () => {
  it.each([
    [4, 4, 0],
    [4, 5, 25],
    [4, 8, 100],
    [4, 9, 125],
    [4, 1, 75],
    [3, 2, 34],
    [3, 4, 34],
    [0, 1, 100],
    [0, 7, 700],
    [10_000, 9_999, 1],
  ])('%d → %d: %d %%', (from, to, percent) => {
    expect(changedPercent(from, to)).toBe(percent);
  });
});
