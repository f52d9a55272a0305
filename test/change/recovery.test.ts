import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord } from '../../functions/change/change-record.ts';
import { type ChangeStatus, changeStatuses } from '../../functions/change/change-status.ts';
import {
  changeIdOf,
  decideRecovery,
  type ExecutionState,
  executionInCharge,
  isUndoOf,
} from '../../functions/change/recovery.ts';
import { phaseOf, type TargetLock } from '../../functions/change/target-lock.ts';

const change = (status: ChangeStatus, recoveredFrom?: number): ChangeRecord => ({
  changeId: 'chg-a',
  incidentId: 'inc-a',
  planDigest: '1'.repeat(64),
  status,
  updatedAtEpochMs: 0,
  fencingToken: 4,
  ...(recoveredFrom === undefined ? {} : { recoveredFrom }),
});
const lock: TargetLock = {
  targetKey: 't',
  fencingToken: 4,
  phase: 'held',
  changeId: 'chg-a',
  incidentId: 'inc-a',
  leaseExpiresAtEpochMs: 1_000,
};
const start = { outcome: 'start-recovery', executionName: 'chg-a-recover-4' };

describe('recovery', () => {
  it.each([
    ['free lock', { ...lock, phase: 'free' }, undefined, 'gone', 5_000, { outcome: 'leave' }],
    ['at work', lock, change('executing'), 'running', 999, { outcome: 'leave' }],
    ['at work, lease over', lock, change('executing'), 'running', 1_000, start],
    ['died before it started', lock, change('snapshotted'), 'ended', 0, { outcome: 'abandon' }],
    ['died with the lock only', lock, change('locked'), 'gone', 0, { outcome: 'abandon' }],
    ['died executing', lock, change('executing'), 'ended', 0, start],
    ['died baking', lock, change('executed'), 'ended', 0, start],
    ['died between two steps', lock, change('progressing'), 'ended', 0, start],
    ['between two steps, at work', lock, change('progressing'), 'running', 999, { outcome: 'leave' }],
    ['died rolling back', lock, change('rolling-back'), 'gone', 0, start],
    ['recovery at work', lock, change('rolling-back', 3), 'running', 999, { outcome: 'leave' }],
    ['recovery at work, lease over', lock, change('rolling-back', 3), 'running', 1_001, { outcome: 'leave' }],
    [
      'recovery died, its last call may run',
      lock,
      change('rolling-back', 3),
      'ended',
      65_999,
      { outcome: 'leave' },
    ],
    ['recovery died', lock, change('rolling-back', 3), 'ended', 66_000, { outcome: 'hand-to-person' }],
    ['recovery gone', lock, change('rolling-back', 3), 'gone', 66_001, { outcome: 'hand-to-person' }],
    ['kept, about to release', lock, change('kept'), 'running', 999, { outcome: 'leave' }],
    ['kept, died', lock, change('kept'), 'ended', 0, { outcome: 'free', pageFirst: false }],
    [
      'rollback failed, died',
      lock,
      change('rollback-failed'),
      'ended',
      0,
      { outcome: 'free', pageFirst: true },
    ],
    ['no change, live', lock, undefined, 'gone', 999, { outcome: 'leave' }],
    ['no change, lease over', lock, undefined, 'gone', 1_000, { outcome: 'free', pageFirst: false }],
  ] as const)('%s', (_, held, found, execution, now, expected) => {
    expect(decideRecovery(held, found, execution, now)).toStrictEqual(expected);
  });

  it('never forgets a change whose execution is over', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...changeStatuses),
        fc.option(fc.nat(3), { nil: undefined }),
        fc.constantFrom<ExecutionState>('ended', 'gone'),
        fc.integer({ min: 66_000, max: 100_000 }),
        (status, recoveredFrom, execution, now) => {
          if (phaseOf(status) === 'free') return;
          expect(decideRecovery(lock, change(status, recoveredFrom), execution, now).outcome).not.toBe(
            'leave',
          );
        },
      ),
    );
  });

  it('knows the execution in charge by name, and the change by its execution', () => {
    expect(executionInCharge(change('executing'))).toBe('chg-a');
    expect(executionInCharge(change('rolling-back', 3))).toBe('chg-a-recover-3');
    expect(changeIdOf('chg-a-recover-3')).toBe('chg-a');
    expect(changeIdOf('chg-a')).toBe('chg-a');
    expect(changeIdOf('chg-recover-x')).toBe('chg-recover-x');
  });

  it('knows the execution by which a person undoes a change, until recovery takes over from it', () => {
    const undone = { ...change('rolling-back'), undoExecution: 'chg-a-undo-2' };
    expect(executionInCharge(undone)).toBe('chg-a-undo-2');
    expect(executionInCharge({ ...undone, recoveredFrom: 9 })).toBe('chg-a-recover-9');
    expect(changeIdOf('chg-a-undo-2')).toBe('chg-a');
    expect(decideRecovery(lock, undone, 'ended', 0)).toStrictEqual(start);
  });

  it.each([
    ['chg-a-undo-1', true],
    ['chg-a-undo-9999', true],
    ['chg-a-undo-0', false],
    ['chg-a-undo-10000', false],
    ['chg-a-undo-', false],
    ['chg-a', false],
    ['chg-a-recover-1', false],
    ['chg-b-undo-1', false],
    ['chg-a-recover-1-undo-1', false],
  ])('%s undoes chg-a: %s', (name, expected) => {
    expect(isUndoOf(name, 'chg-a')).toBe(expected);
  });
});
