import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChangeEvent,
  type ChangeStatus,
  changeEvents,
  changeStatuses,
  isInFlight,
  isMutating,
  isRepeat,
  isTerminal,
  ledgerTypesOf,
  nextStatus,
} from '../../functions/change/change-status.ts';

/** Every move that is allowed, written out; all other pairs must be refused. */
const allowed: [ChangeStatus, ChangeEvent, ChangeStatus][] = [
  ['locked', 'snapshot-taken', 'snapshotted'],
  ['locked', 'refused', 'refused'],
  ['locked', 'stopped', 'stopped'],
  ['snapshotted', 'started', 'executing'],
  ['snapshotted', 'refused', 'refused'],
  ['snapshotted', 'stopped', 'stopped'],
  ['executing', 'executed', 'executed'],
  ['executing', 'execute-failed', 'rolling-back'],
  ['executing', 'execute-refused', 'refused'],
  ['executing', 'execute-stopped', 'stopped'],
  ['executing', 'rollback-started', 'rolling-back'],
  ['executing', 'rollback-failed', 'rollback-failed'],
  ['executed', 'step-validated', 'progressing'],
  ['executed', 'validated', 'kept'],
  ['executed', 'validation-failed', 'rolling-back'],
  ['executed', 'rollback-started', 'rolling-back'],
  ['executed', 'rollback-failed', 'rollback-failed'],
  ['progressing', 'started', 'executing'],
  ['progressing', 'rollback-started', 'rolling-back'],
  ['progressing', 'rollback-failed', 'rollback-failed'],
  ['rolling-back', 'rolled-back', 'rolled-back'],
  ['rolling-back', 'rollback-failed', 'rollback-failed'],
  ['rolling-back', 'undo-refused', 'kept'],
  ['kept', 'undo-started', 'rolling-back'],
];
const pairs = changeStatuses.flatMap((status) => changeEvents.map((event) => ({ status, event })));

describe('change status', () => {
  it.each(pairs)('$status, $event', ({ status, event }) => {
    const move = allowed.find(([from, what]) => from === status && what === event);
    expect(nextStatus(status, event)).toBe(move?.[2] ?? 'not-allowed');
  });

  it.each(changeStatuses)('%s is classified', (status) => {
    const classes = {
      locked: [false, false, false],
      snapshotted: [false, false, false],
      executing: [true, true, false],
      executed: [true, false, false],
      progressing: [true, false, false],
      'rolling-back': [true, true, false],
      kept: [false, false, true],
      'rolled-back': [false, false, true],
      'rollback-failed': [false, false, true],
      refused: [false, false, true],
      stopped: [false, false, true],
    };
    expect([isInFlight(status), isMutating(status), isTerminal(status)]).toStrictEqual(classes[status]);
  });

  it('has no way out of a terminal status but to undo what was kept, and none to an effect that skips the gate', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...changeEvents), { maxLength: 30 }), (events) => {
        let status: ChangeStatus = 'locked';
        let hasStarted = false;
        for (const event of events) {
          const next = nextStatus(status, event);
          if (next === 'not-allowed') continue;
          if (isTerminal(status))
            expect([status, event, next]).toStrictEqual(['kept', 'undo-started', 'rolling-back']);
          if (next === 'executing') {
            expect(event).toBe('started');
            expect(status).toBe(hasStarted ? 'progressing' : 'snapshotted');
            hasStarted = true;
          }
          if (isInFlight(next) || next === 'kept' || next === 'rolled-back') expect(hasStarted).toBe(true);
          status = next;
        }
      }),
    );
  });

  it('an event said twice is a repeat, unless something else happened since', () => {
    fc.assert(
      fc.property(fc.constantFrom(...allowed), ([, event, to]) => {
        expect(isRepeat(to, event)).toBe(true);
      }),
    );
    expect(isRepeat('executed', 'started')).toBe(false);
    expect(isRepeat('kept', 'executed')).toBe(false);
    expect(isRepeat('executing', 'executed')).toBe(false);
    expect(isRepeat('refused', 'validated')).toBe(false);
  });

  it('every event leaves evidence under its own kind of name', () => {
    expect(Object.keys(ledgerTypesOf).toSorted()).toStrictEqual(changeEvents.toSorted());
    for (const types of Object.values(ledgerTypesOf)) {
      expect(types.length).toBeGreaterThan(0);
      expect(types.every((type) => /^change\.[a-z-]+$/.test(type))).toBe(true);
    }
  });
});
