import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeStatuses, isTerminal } from '../../functions/change/change-status.ts';
import {
  decideAcquire,
  isHeldBy,
  isLeaseLive,
  phaseOf,
  type TargetLock,
} from '../../functions/change/target-lock.ts';

const held: TargetLock = {
  targetKey: 'lambda-alias/checkout:live',
  fencingToken: 4,
  phase: 'mutating',
  changeId: 'chg-a',
  incidentId: 'inc-a',
  leaseExpiresAtEpochMs: 10_000,
};
const free: TargetLock = { targetKey: held.targetKey, fencingToken: 4, phase: 'free' };

describe('target lock', () => {
  it.each([
    ['never locked', undefined, undefined, 'chg-b', 0, { outcome: 'acquired', fencingToken: 1 }],
    ['free', free, undefined, 'chg-b', 0, { outcome: 'acquired', fencingToken: 5 }],
    ['live, holder executing', held, 'executing', 'chg-b', 9_999, { outcome: 'locked', heldBy: 'chg-a' }],
    [
      'lease over this millisecond',
      held,
      'executing',
      'chg-b',
      10_000,
      { outcome: 'orphaned', heldBy: 'chg-a' },
    ],
    ['lease long over', held, 'locked', 'chg-b', 10_001, { outcome: 'orphaned', heldBy: 'chg-a' }],
    ['holder has no change', held, undefined, 'chg-b', 10_001, { outcome: 'orphaned', heldBy: 'chg-a' }],
    ['holder kept, not yet released', held, 'kept', 'chg-b', 9_999, { outcome: 'acquired', fencingToken: 5 }],
    [
      'holder rolled back, lease over',
      held,
      'rolled-back',
      'chg-b',
      10_001,
      { outcome: 'acquired', fencingToken: 5 },
    ],
    [
      'asked again by the holder',
      held,
      'locked',
      'chg-a',
      9_999,
      { outcome: 'already-held', fencingToken: 4 },
    ],
    [
      'held by nobody in particular',
      { ...free, phase: 'held' } as TargetLock,
      undefined,
      'chg-b',
      0,
      { outcome: 'orphaned', heldBy: 'unknown' },
    ],
  ] as const)('%s', (_, lock, holder, changeId, now, expected) => {
    expect(decideAcquire(lock, holder, changeId, now)).toStrictEqual(expected);
  });

  it.each([
    [9_999, true],
    [10_000, false],
    [10_001, false],
  ])('at %d a lease that ends at 10000 is live: %s', (now, isLive) => {
    expect(isLeaseLive(held, now)).toBe(isLive);
    expect(isLeaseLive(free, now)).toBe(false);
  });

  it.each([
    [held, 'chg-a', 4, true],
    [held, 'chg-a', 5, false],
    [held, 'chg-a', 3, false],
    [held, 'chg-b', 4, false],
    [{ ...held, phase: 'free' } as TargetLock, 'chg-a', 4, false],
    [undefined, 'chg-a', 4, false],
  ])('%#: held by', (lock, changeId, token, expected) => {
    expect(isHeldBy(lock, changeId, token)).toBe(expected);
  });

  it('never leaves a change that has not ended, and its token only rises', () => {
    const request = fc.record({
      changeId: fc.constantFrom('chg-a', 'chg-b', 'chg-c'),
      holder: fc.option(fc.constantFrom(...changeStatuses), { nil: undefined }),
      now: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 20 }), (requests) => {
        let lock: TargetLock | undefined;
        for (const { changeId, holder, now } of requests) {
          const before: TargetLock | undefined = lock;
          const decision = decideAcquire(before, holder, changeId, now);
          if (decision.outcome !== 'acquired') continue;
          expect(decision.fencingToken).toBe((before?.fencingToken ?? 0) + 1);
          if (before !== undefined) expect(holder !== undefined && isTerminal(holder)).toBe(true);
          lock = {
            ...held,
            changeId,
            fencingToken: decision.fencingToken,
            leaseExpiresAtEpochMs: now + 5_000,
          };
        }
      }),
    );
  });

  it('has a phase for every status: what a kill switch waits for is exactly what mutates', () => {
    expect(changeStatuses.filter((status) => phaseOf(status) === 'mutating')).toStrictEqual(['executing']);
    expect(changeStatuses.filter((status) => phaseOf(status) === 'rolling-back')).toStrictEqual([
      'rolling-back',
    ]);
    expect(changeStatuses.filter((status) => phaseOf(status) === 'free')).toStrictEqual([
      'refused',
      'stopped',
    ]);
  });
});
