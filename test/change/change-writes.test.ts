import { describe, expect, it } from 'vitest';
import {
  changeEntries,
  freeLock,
  freeLockOf,
  isLocked,
  type LockedChange,
  leaseFrom,
  moveChange,
  moveLock,
  statusMembers,
  takeLock,
} from '../../functions/change/change-writes.ts';
import type { TargetLock } from '../../functions/change/target-lock.ts';
import type { Item, Write } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { keyOf, transact } from '../model/memory-tables.ts';

const tables = { controls: 'controls', operations: 'operations' };
/** 2026-11-23T00:00:00Z. */
const now = 1_795_392_000_000;
const change: LockedChange = {
  changeId: 'chg-a',
  incidentId: 'inc-a',
  planDigest: '1'.repeat(64),
  status: 'snapshotted',
  updatedAtEpochMs: 1_000,
  action: 'lambda.shift-alias',
  targetKey: 'lambda-alias/checkout:live',
  fencingToken: 4,
};
const stored: Item = { ...itemKeys.change('chg-a'), ...change, statusKey: 'CHANGE#snapshotted' };
const lock: Item = {
  ...itemKeys.lock(change.targetKey),
  fencingToken: 4,
  phase: 'held',
  changeId: 'chg-a',
  incidentId: 'inc-a',
  leaseExpiresAtEpochMs: now + 1,
};

/** What a write leaves under its key, or `refused`, when an item stands there before. */
function after(write: Write, standing: Item | undefined) {
  const { result, written } = transact(() => standing, [write]);
  return result.outcome === 'refused' ? 'refused' : written[0]?.after;
}

describe('a change', () => {
  const move = moveChange(tables, change, 'executing', now, { startedAtEpochMs: now });

  it('moves on with what is to be found by, and keeps everything else', () => {
    expect([move.table, keyOf(move)]).toStrictEqual(['operations', itemKeys.change('chg-a')]);
    expect(after(move, stored)).toStrictEqual({
      ...stored,
      status: 'executing',
      statusKey: 'CHANGE#executing',
      statusAt: '2026-11-23T00:00:00.000Z',
      updatedAtEpochMs: now,
      startedAtEpochMs: now,
    });
    expect(statusMembers('kept', now)).toMatchObject({ status: 'kept', statusKey: 'CHANGE#kept' });
  });

  it.each([
    ['is gone', undefined],
    ['was moved by somebody else', { ...stored, status: 'stopped' }],
    ['was taken over', { ...stored, fencingToken: 5 }],
    ['is for another plan', { ...stored, planDigest: '2'.repeat(64) }],
  ])('stays where it is when it %s', (_what, standing) => {
    expect(after(move, standing)).toBe('refused');
  });

  it.each([
    [{}, true],
    [{ action: undefined }, false],
    [{ fencingToken: undefined }, false],
    [{ targetKey: undefined }, false],
  ])('with %j has, or had, a lock: %s', (members, expected) => {
    expect(isLocked({ ...change, ...members })).toBe(expected);
  });
});

describe('a lock', () => {
  const before: TargetLock = { targetKey: change.targetKey, fencingToken: 3, phase: 'free' };
  const free = { ...itemKeys.lock(change.targetKey), fencingToken: 3, phase: 'free' };

  it('is taken where none ever was, and only there', () => {
    const take = takeLock(tables, change, 'held', now + 1, undefined);
    expect([take.table, keyOf(take)]).toStrictEqual(['controls', itemKeys.lock(change.targetKey)]);
    expect(after(take, undefined)).toStrictEqual(lock);
    expect(after(take, free)).toBe('refused');
  });

  it('is taken under the token that was read, and no other', () => {
    const take = takeLock(tables, change, 'held', now + 1, before);
    expect(after(take, free)).toStrictEqual(lock);
    expect(after(take, { ...free, fencingToken: 4 })).toBe('refused');
    expect(after(take, undefined)).toBe('refused');
  });

  it('goes along with its change and renews its lease', () => {
    const move = moveLock(tables, change, { phase: 'mutating', leaseExpiresAtEpochMs: now + 9 });
    expect([move.table, keyOf(move)]).toStrictEqual(['controls', itemKeys.lock(change.targetKey)]);
    expect(after(move, lock)).toStrictEqual({ ...lock, phase: 'mutating', leaseExpiresAtEpochMs: now + 9 });
    expect(after(move, { ...lock, changeId: 'chg-b' })).toBe('refused');
    expect(after(move, { ...lock, fencingToken: 5 })).toBe('refused');
    expect(after(move, undefined)).toBe('refused');
  });

  it('is taken over under a higher token', () => {
    const to = { phase: 'rolling-back', leaseExpiresAtEpochMs: now + 9, fencingToken: 5 } as const;
    expect(after(moveLock(tables, change, to), lock)).toMatchObject({
      fencingToken: 5,
      phase: 'rolling-back',
      changeId: 'chg-a',
    });
  });

  it.each([
    [now - 1, 'refused'],
    [now, 'refused'],
    [now + 1, 'moved'],
  ])('whose lease ends at %d lets nothing start at the same instant or later: %s', (ends, expected) => {
    const to = { phase: 'mutating', leaseExpiresAtEpochMs: now + 9 } as const;
    const standing = { ...lock, leaseExpiresAtEpochMs: ends };
    const starts = after(moveLock(tables, change, to, { onlyWhileLeaseIsLive: now }), standing);
    expect(starts === 'refused' ? 'refused' : 'moved').toBe(expected);
    expect(after(moveLock(tables, change, to), standing)).toMatchObject({ phase: 'mutating' });
  });

  it('is freed by its holder alone, and its token stays', () => {
    const expected = { ...itemKeys.lock(change.targetKey), fencingToken: 4, phase: 'free' };
    for (const write of [freeLock(tables, change), freeLockOf(tables, change.targetKey, 'chg-a', 4)]) {
      expect([write.table, keyOf(write)]).toStrictEqual(['controls', itemKeys.lock(change.targetKey)]);
      expect(after(write, lock)).toStrictEqual(expected);
      expect(after(write, { ...lock, changeId: 'chg-b' })).toBe('refused');
      expect(after(write, { ...lock, fencingToken: 5 })).toBe('refused');
    }
  });

  it('is leased for the seconds of its setting', () => {
    expect(leaseFrom({ lockLeaseSeconds: 90 }, now)).toBe(now + 90_000);
  });
});

describe('evidence of a change', () => {
  it('names the change and nothing that it does not have', () => {
    const refusedEarly = {
      changeId: 'chg-a',
      incidentId: 'inc-a',
      planDigest: change.planDigest,
      status: 'refused',
      updatedAtEpochMs: now,
    } as const;
    expect(changeEntries(['change.refused', 'change.released'], refusedEarly, now)).toStrictEqual(
      ['change.refused', 'change.released'].map((type) => ({
        type,
        atEpochMs: now,
        actor: { kind: 'system', id: 'change-control' },
        detail: { changeId: 'chg-a', planDigest: change.planDigest },
      })),
    );
  });

  it('says target, token and step, the first of them being 1, and what is added', () => {
    const [entry] = changeEntries(['change.executed'], { ...change, steps: 3, stepsDone: 1 }, now, {
      reason: 'because',
    });
    expect(entry?.detail).toStrictEqual({
      changeId: 'chg-a',
      planDigest: change.planDigest,
      action: 'lambda.shift-alias',
      targetKey: 'lambda-alias/checkout:live',
      fencingToken: 4,
      step: 2,
      steps: 3,
      reason: 'because',
    });
    expect(changeEntries(['change.executed'], change, now)[0]?.detail).not.toHaveProperty('steps');
  });
});
