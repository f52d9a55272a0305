import { describe, expect, it } from 'vitest';
import { type ChangeRecord, endOf, parseChange, parseLock } from '../../functions/change/change-record.ts';
import { changeResults, changeStatuses } from '../../functions/change/change-status.ts';

const change = {
  changeId: 'chg-a',
  incidentId: 'inc-a',
  planDigest: '1'.repeat(64),
  status: 'executing',
  updatedAtEpochMs: 1_000,
  fencingToken: 4,
} as const satisfies ChangeRecord;
const lock = { sk: 'lambda-alias/checkout:live', fencingToken: 4, phase: 'held', changeId: 'chg-a' };

describe('a stored change', () => {
  it('is read as it was written, without what belongs to the index', () => {
    const item = { ...change, pk: 'CHANGE#chg-a', sk: 'CHANGE', statusKey: 'CHANGE#executing' };
    expect(parseChange(item)).toStrictEqual(change);
  });

  it.each<[string, object | undefined, string]>([
    ['an unknown status', { status: 'Executing' }, 'status'],
    ['no plan', { planDigest: undefined }, 'planDigest'],
    ['a token that is no whole number', { fencingToken: 1.5 }, 'fencingToken'],
    ['one step', { steps: 1 }, 'steps'],
    ['a negative number of steps done', { stepsDone: -1 }, 'stepsDone'],
    ['two members at fault', { changeId: 1, incidentId: 2 }, 'changeId, incidentId'],
  ])('with %s is not guessed at', (_what, members, named) => {
    expect(() => parseChange({ ...change, ...members })).toThrow(
      expect.objectContaining({
        code: 'change.malformed-record',
        message: `stored change has malformed members: ${named}; a person has to look at the item`,
      }),
    );
  });

  it.each([
    { steps: 2, stepsDone: 0 },
    { steps: 3, stepsDone: 2 },
  ])('may have %j', (steps) => {
    expect(parseChange({ ...change, ...steps })).toMatchObject(steps);
  });

  it('that is no item at all is not guessed at', () => {
    expect(() => parseChange(undefined)).toThrow('malformed members: invalid_type');
  });
});

describe('a stored lock', () => {
  it('belongs to the target that its key names', () => {
    const { sk: targetKey, ...rest } = lock;
    expect(parseLock({ pk: 'LOCK', ...lock })).toStrictEqual({ targetKey, ...rest });
  });

  it.each(['free', 'held', 'mutating', 'rolling-back'])('is %s', (phase) => {
    expect(parseLock({ ...lock, phase }).phase).toBe(phase);
  });

  it.each([
    ['an unknown phase', { phase: 'stolen' }, 'phase'],
    ['no token', { fencingToken: undefined }, 'fencingToken'],
    ['a lease that is no instant', { leaseExpiresAtEpochMs: 'soon' }, 'leaseExpiresAtEpochMs'],
  ])('with %s is not guessed at', (_what, members, named) => {
    expect(() => parseLock({ ...lock, ...members })).toThrow(
      `stored target lock has malformed members: ${named}; a person has to look at the item`,
    );
  });
});

describe('the end of a change', () => {
  it.each(changeStatuses)('%s: is one exactly when nothing more will be done', (status) => {
    const isEnd = changeResults.some((result) => result === status);
    expect(endOf({ ...change, status })).toStrictEqual(
      isEnd ? { result: status, reason: `the change is ${status}` } : undefined,
    );
  });

  it('says why', () => {
    expect(endOf({ ...change, status: 'refused', statusReason: 'kill switch' })).toStrictEqual({
      result: 'refused',
      reason: 'kill switch',
    });
  });
});
