import { describe, expect, it } from 'vitest';
import { type ChangeControlParts, controlChange } from '../../functions/change/change-control.ts';
import type { RecordResult } from '../../functions/change/change-protocol.ts';
import type { ChangeRequest } from '../../functions/change/change-request.ts';

const digest = '1'.repeat(64);
const subject = { changeId: 'chg-a', incidentId: 'inc-a', planDigest: digest };
const held = { changeId: 'chg-a', fencingToken: 4 };

/** Answers every step of the protocol with its name and what it was given. */
function protocol(recorded: RecordResult = { outcome: 'recorded' }) {
  const done: unknown[][] = [];
  const step =
    (name: string, result: unknown = name) =>
    (...given: unknown[]) => {
      done.push([name, ...given]);
      return Promise.resolve(result);
    };
  const parts = {
    changes: { record: step('record', recorded), recordSnapshot: step('recordSnapshot') },
    openings: { acquireLock: step('acquireLock'), refuse: step('refuse') },
    endings: { release: step('release'), takeOver: step('takeOver') },
    gate: { authorise: step('authorise') },
    verdicts: { askPerson: step('askPerson') },
    undos: { reopen: step('reopen') },
    page: step('page'),
  } as unknown as ChangeControlParts;
  return { parts, done };
}

describe('change control', () => {
  it.each<[ChangeRequest, unknown[]]>([
    [{ operation: 'acquire-lock', ...subject }, ['acquireLock', subject]],
    [
      { operation: 'record-snapshot', ...held, snapshotDigest: digest, ownerStack: 'checkout-stack' },
      ['recordSnapshot', 'chg-a', 4, digest, 'checkout-stack'],
    ],
    [
      { operation: 'record-snapshot', ...held, snapshotDigest: digest, ownerStack: '' },
      ['recordSnapshot', 'chg-a', 4, digest, undefined],
    ],
    [{ operation: 'authorise', ...held }, ['authorise', 'chg-a', 4]],
    [{ operation: 'ask-person', ...held, reason: 'no metric' }, ['askPerson', 'chg-a', 4, 'no metric']],
    [
      {
        operation: 'reopen',
        changeId: 'chg-a',
        requestedBy: 'ana',
        reason: 'worse',
        execution: 'chg-a-undo-1',
      },
      ['reopen', 'chg-a', { requestedBy: 'ana', reason: 'worse', execution: 'chg-a-undo-1' }],
    ],
    [
      { operation: 'refuse', ...subject, result: 'stopped', reason: 'kill switch' },
      ['refuse', subject, 'stopped', 'kill switch'],
    ],
    [{ operation: 'release', ...held }, ['release', 'chg-a', 4]],
    [{ operation: 'take-over', ...held }, ['takeOver', 'chg-a', 4]],
  ])('carries out exactly what was asked for: %j', async (request, expected) => {
    const { parts, done } = protocol();
    expect(await controlChange(request, parts)).toBe(expected[0]);
    expect(done).toStrictEqual([expected]);
  });

  const record = { operation: 'record', ...held, reason: 'because', step: 1 } as const;

  it('records an event with its step, and pages nobody', async () => {
    const { parts, done } = protocol();
    expect(await controlChange({ ...record, event: 'executed' }, parts)).toStrictEqual({
      outcome: 'recorded',
    });
    expect(done).toStrictEqual([['record', 'chg-a', 4, 'executed', { reason: 'because', step: 1 }]]);
  });

  it('pages for a failed rollback after it is recorded', async () => {
    const { parts, done } = protocol();
    await controlChange({ ...record, event: 'rollback-failed' }, parts);
    expect(done.map(([name, changeId]) => [name, changeId])).toStrictEqual([
      ['record', 'chg-a'],
      ['page', 'chg-a'],
    ]);
  });

  it('pages for none that was not recorded: another holder decides about it', async () => {
    const refusal = { outcome: 'refused', reason: 'another holder' } as const;
    const { parts, done } = protocol(refusal);
    expect(await controlChange({ ...record, event: 'rollback-failed' }, parts)).toStrictEqual(refusal);
    expect(done).toHaveLength(1);
  });
});
