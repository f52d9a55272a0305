import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shiftAlias } from '../../functions/change/actions/lambda-shift-alias/definition.ts';
import type { ChangeRecord } from '../../functions/change/change-record.ts';
import { changeEvents, changeStatuses } from '../../functions/change/change-status.ts';
import type { TargetLock } from '../../functions/change/target-lock.ts';
import { decideUndo, undoFault } from '../../functions/change/undo.ts';

const kept: ChangeRecord = {
  changeId: 'chg-a',
  incidentId: 'inc-a',
  planDigest: '1'.repeat(64),
  status: 'kept',
  updatedAtEpochMs: 2_000,
  snapshotTakenAtEpochMs: 1_000,
  // The last step of a progressive change: how long the snapshot is kept does not depend on it.
  startedAtEpochMs: 9_000,
  snapshotDigest: '2'.repeat(64),
};
const free: TargetLock = { targetKey: 't', fencingToken: 4, phase: 'free' };
const held = (changeId: string): TargetLock => ({
  ...free,
  phase: 'held',
  changeId,
  leaseExpiresAtEpochMs: 1,
});
const action = { definition: shiftAlias, parameters: {} } as unknown as Parameters<typeof decideUndo>[1];
const irreversible = {
  definition: { reversal: { kind: 'irreversible', reason: 'gone' } },
  parameters: {},
} as Parameters<typeof decideUndo>[1];

describe('undoing', () => {
  it.each([
    ['free', kept, free, undefined, 10_999, 5],
    ['never locked', kept, undefined, undefined, 10_999, 1],
    ['holder has ended', kept, held('chg-b'), 'kept', 10_999, 5],
    ['at the end of the retention', kept, free, undefined, 11_000, undefined],
    ['after it', kept, free, undefined, 11_001, undefined],
    ['holder at work', kept, held('chg-b'), 'executing', 10_999, undefined],
    ['holder with a lapsed lease', kept, held('chg-b'), 'locked', 10_999, undefined],
    ['holder unknown', kept, held('chg-b'), undefined, 10_999, undefined],
    ['its own lock', kept, held('chg-a'), 'kept', 10_999, undefined],
    ['no snapshot', { ...kept, snapshotDigest: undefined }, free, undefined, 10_999, undefined],
    ['no time of it', { ...kept, snapshotTakenAtEpochMs: undefined }, free, undefined, 10_999, undefined],
  ] as const)('%s', (_, change, lock, holder, now, fencingToken) => {
    const decision = decideUndo(change, action, lock, holder, 10_000, now);
    expect(decision).toMatchObject(
      fencingToken === undefined ? { outcome: 'refused' } : { outcome: 'may-reopen', fencingToken },
    );
  });

  it('is for what was kept and has a way back, and never takes a lock from a change that has not ended', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...changeStatuses),
        fc.constantFrom(action, irreversible),
        fc.constantFrom(undefined, free, held('chg-a'), held('chg-b')),
        fc.option(fc.constantFrom(...changeStatuses), { nil: undefined }),
        fc.nat(20_000),
        (status, of, lock, holder, now) => {
          const { outcome } = decideUndo({ ...kept, status }, of, lock, holder, 10_000, now);
          if (outcome === 'refused') return;
          expect(status).toBe('kept');
          expect(of).toBe(action);
          expect(lock?.changeId).not.toBe('chg-a');
          if (lock?.changeId === 'chg-b') {
            expect(['kept', 'rolled-back', 'rollback-failed', 'refused', 'stopped']).toContain(holder);
          }
        },
      ),
    );
  });
});

it('may be given up only where a person undoes the change, and that is all it forbids', () => {
  const undone = { ...kept, undoExecution: 'chg-a-undo-1' };
  for (const event of changeEvents) {
    expect(undoFault(undone, event)).toBeUndefined();
    expect(undoFault(kept, event)).toBe(event === 'undo-refused' ? 'no person undoes the change' : undefined);
  }
});
