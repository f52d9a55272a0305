import { describe, expect, it } from 'vitest';
import type { ReleaseResult } from '../../functions/change/change-protocol.ts';
import type { ChangeRecord } from '../../functions/change/change-record.ts';
import type { ExecutionState } from '../../functions/change/recovery.ts';
import { type RecoveryParts, recoverAll, recoverEnded } from '../../functions/change/recovery-sweep.ts';
import type { TargetLock } from '../../functions/change/target-lock.ts';

const now = 1_000_000;
const change = (changes: Partial<ChangeRecord> = {}): ChangeRecord => ({
  changeId: 'chg-a',
  incidentId: 'inc-a',
  planDigest: '1'.repeat(64),
  status: 'executing',
  updatedAtEpochMs: 0,
  targetKey: 'target-a',
  fencingToken: 4,
  ...changes,
});
/** Held by `chg-a`, whose lease is live for one more millisecond. */
const lock = (changes: Partial<TargetLock> = {}): TargetLock => ({
  targetKey: 'target-a',
  fencingToken: 4,
  phase: 'held',
  changeId: 'chg-a',
  incidentId: 'inc-a',
  leaseExpiresAtEpochMs: 1_000_001,
  ...changes,
});

/** The lease is over for so long that no call of its holder can still be under way. */
const settled = lock({ leaseExpiresAtEpochMs: 935_000 });
const unsettled = lock({ leaseExpiresAtEpochMs: 935_001 });

interface World {
  readonly locks?: readonly TargetLock[];
  readonly changes?: readonly ChangeRecord[];
  readonly executions?: Readonly<Record<string, ExecutionState>>;
  /** What the protocol refuses to record or to end, because somebody else was first. */
  readonly refuses?: boolean;
  /** Changes that cannot be read just now. */
  readonly unreadable?: readonly string[];
}

/** The sweep's surroundings, and everything it did to them, in order. */
function surroundings({
  locks = [lock()],
  changes = [change()],
  executions = {},
  refuses = false,
  unreadable = [],
}: World) {
  const done: string[] = [];
  const released: ReleaseResult = { outcome: 'released', result: 'kept', reason: 'kept' };
  const parts: RecoveryParts = {
    clock: () => now,
    skipLock: () => undefined,
    page: async (changeId) => {
      done.push(`page ${changeId}`);
    },
    changes: {
      find: async (changeId) => {
        if (unreadable.includes(changeId)) throw new Error(`${changeId} cannot be read`);
        return changes.find((known) => known.changeId === changeId);
      },
      lockOf: async (targetKey) => locks.find((known) => known.targetKey === targetKey),
      locks: async (skip) => {
        if (skip !== parts.skipLock) throw new Error('nobody would hear of an unreadable lock');
        return [...locks];
      },
      record: async (changeId, fencingToken, event, facts) => {
        done.push(`record ${event} of ${changeId} under ${fencingToken}: ${facts?.reason}`);
        return refuses ? { outcome: 'refused', reason: 'somebody else' } : { outcome: 'recorded' };
      },
      recordSnapshot: () => Promise.reject(new Error('a recovery takes no snapshot')),
    },
    openings: {
      acquireLock: () => Promise.reject(new Error('a recovery takes no lock')),
      refuse: async ({ changeId, incidentId, planDigest }, event, reason) => {
        done.push(`refuse ${changeId} ${incidentId} ${planDigest.slice(0, 2)} as ${event}: ${reason}`);
        return refuses
          ? { outcome: 'under-way', fencingToken: 4, action: 'lambda.shift-alias' }
          : { outcome: 'ended', result: 'refused', reason };
      },
    },
    endings: {
      release: async (changeId, fencingToken) => {
        done.push(`release ${changeId} under ${fencingToken}`);
        return released;
      },
      takeOver: () => Promise.reject(new Error('the recovery itself takes over')),
      freeOwnerless: async ({ targetKey }) => {
        done.push(`free ${targetKey}`);
      },
    },
    executions: {
      state: async (name) => executions[name] ?? 'gone',
      startRecovery: async (name, { changeId }) => {
        done.push(`start ${name} of ${changeId}`);
        return executions[name] === undefined ? 'started' : 'existed';
      },
    },
  };
  return { parts, done };
}

const failed = 'record rollback-failed of chg-a under 4: its recovery ended without undoing it';
const abandons = 'refuse chg-a inc-a 11 as refused: abandoned before it started';

describe('a sweep', () => {
  it.each<[string, World, string, readonly string[]]>([
    ['leaves a change that is at work', { executions: { 'chg-a': 'running' } }, 'left', []],
    ['starts the recovery of one that died', {}, 'recovery-started', ['start chg-a-recover-4 of chg-a']],
    [
      'starts it once a lease ran out, whatever the execution says',
      {
        locks: [lock({ leaseExpiresAtEpochMs: 1_000_000 })],
        executions: { 'chg-a': 'running' },
      },
      'recovery-started',
      ['start chg-a-recover-4 of chg-a'],
    ],
    [
      'leaves a recovery that was started before and is about to take over',
      { executions: { 'chg-a-recover-4': 'running' } },
      'left',
      ['start chg-a-recover-4 of chg-a'],
    ],
    [
      'leaves a recovery that runs, however long the lease is over',
      { locks: [settled], executions: { 'chg-a-recover-4': 'running' } },
      'left',
      ['start chg-a-recover-4 of chg-a'],
    ],
    [
      'leaves a recovery that runs and took over, however long the lease is over',
      {
        locks: [settled],
        changes: [change({ recoveredFrom: 3 })],
        executions: { 'chg-a-recover-3': 'running' },
      },
      'left',
      [],
    ],
    [
      'hands to a person what its recovery did not even take over',
      { locks: [settled], executions: { 'chg-a-recover-4': 'ended' } },
      'handed-to-person',
      ['start chg-a-recover-4 of chg-a', failed, 'page chg-a', 'release chg-a under 4'],
    ],
    [
      'hands to a person what its recovery took over and did not undo',
      {
        locks: [settled],
        changes: [change({ recoveredFrom: 3 })],
        executions: { 'chg-a-recover-3': 'ended' },
      },
      'handed-to-person',
      [failed, 'page chg-a', 'release chg-a under 4'],
    ],
    [
      'hands nothing to a person while a call may still be under way',
      { locks: [unsettled], executions: { 'chg-a-recover-4': 'ended' } },
      'left',
      ['start chg-a-recover-4 of chg-a'],
    ],
    [
      'hands nothing that its recovery took over to a person while a call may still be under way',
      {
        locks: [unsettled],
        changes: [change({ recoveredFrom: 3 })],
        executions: { 'chg-a-recover-3': 'ended' },
      },
      'left',
      [],
    ],
    [
      'pages nobody when somebody else has recorded more meanwhile',
      {
        locks: [settled],
        changes: [change({ recoveredFrom: 3 })],
        executions: { 'chg-a-recover-3': 'ended' },
        refuses: true,
      },
      'left',
      [failed],
    ],
    ['abandons what never started', { changes: [change({ status: 'locked' })] }, 'abandoned', [abandons]],
    [
      'leaves what started in this very moment',
      { changes: [change({ status: 'snapshotted' })], refuses: true },
      'left',
      [abandons],
    ],
    [
      'frees the lock of what was kept',
      { changes: [change({ status: 'kept' })] },
      'freed',
      ['release chg-a under 4'],
    ],
    [
      'pages again before it frees the lock of a failed rollback',
      { changes: [change({ status: 'rollback-failed' })] },
      'freed',
      ['page chg-a', 'release chg-a under 4'],
    ],
    [
      'frees the lock of a change that never was',
      { changes: [], locks: [lock({ leaseExpiresAtEpochMs: 1_000_000 })] },
      'freed',
      ['free target-a'],
    ],
    ['leaves it while the lease is live', { changes: [] }, 'left', []],
  ])('%s', async (_what, world, outcome, expected) => {
    const { parts, done } = surroundings(world);
    expect(await recoverAll(parts)).toStrictEqual([{ changeId: 'chg-a', outcome }]);
    expect(done).toStrictEqual(expected);
  });

  it('frees a lock without a holder once its lease is over', async () => {
    const { changeId: _, leaseExpiresAtEpochMs: __, ...ownerless } = lock();
    const { parts, done } = surroundings({ locks: [ownerless] });
    expect(await recoverAll(parts)).toStrictEqual([{ changeId: 'unknown', outcome: 'freed' }]);
    expect(done).toStrictEqual(['free target-a']);
  });

  it('does nothing about a free lock, not even read its change', async () => {
    const { parts } = surroundings({ locks: [lock({ phase: 'free' })], unreadable: ['chg-a'] });
    expect(await recoverAll(parts)).toStrictEqual([]);
  });

  it('recovers the others before it fails for those that it could not', async () => {
    const { parts, done } = surroundings({
      locks: [lock({ changeId: 'chg-x' }), lock({ changeId: 'chg-y' }), lock()],
      unreadable: ['chg-x', 'chg-y'],
    });
    await expect(recoverAll(parts)).rejects.toMatchObject({
      message: '2 locks could not be recovered',
      errors: [{ message: expect.stringContaining('chg-x') }, { message: expect.stringContaining('chg-y') }],
    });
    expect(done).toStrictEqual(['start chg-a-recover-4 of chg-a']);
  });
});

describe('the end of an execution', () => {
  it('recovers its change, even while Step Functions still says that it runs', async () => {
    const { parts, done } = surroundings({ executions: { 'chg-a': 'running' } });
    expect(await recoverEnded('chg-a', parts)).toStrictEqual([
      { changeId: 'chg-a', outcome: 'recovery-started' },
    ]);
    expect(done).toStrictEqual(['start chg-a-recover-4 of chg-a']);
  });

  it('of a recovery hands its change to a person', async () => {
    const { parts } = surroundings({
      locks: [settled],
      changes: [change({ recoveredFrom: 4 })],
      executions: { 'chg-a-recover-4': 'running' },
    });
    expect(await recoverEnded('chg-a-recover-4', parts)).toStrictEqual([
      { changeId: 'chg-a', outcome: 'handed-to-person' },
    ]);
  });

  it('leaves a change that another execution is in charge of', async () => {
    const { parts, done } = surroundings({
      changes: [change({ recoveredFrom: 4 })],
      executions: { 'chg-a-recover-4': 'running' },
    });
    expect(await recoverEnded('chg-a', parts)).toStrictEqual([{ changeId: 'chg-a', outcome: 'left' }]);
    expect(done).toStrictEqual([]);
  });

  it.each<[string, World]>([
    ['whose change is not recorded', { changes: [] }],
    ['whose change never named a target', { changes: [change({ targetKey: undefined })] }],
    ['whose target was never locked', { locks: [] }],
    ['whose target another change has locked since', { locks: [lock({ changeId: 'chg-b' })] }],
  ])('%s is nothing to recover', async (_what, world) => {
    const { parts, done } = surroundings(world);
    expect(await recoverEnded('chg-a', parts)).toStrictEqual([]);
    expect(done).toStrictEqual([]);
  });
});
