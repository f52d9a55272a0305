import { describe, expect, it } from 'vitest';
import { findingsOpened, followUpClosed } from '../../functions/change/change-findings.ts';
import { changeEvents } from '../../functions/change/change-status.ts';
import type { LockedChange } from '../../functions/change/change-writes.ts';
import { rollbackFailedPage } from '../../functions/change/rollback-page.ts';
import { transact } from '../model/memory-tables.ts';

/** 2026-11-23T00:00:00Z. */
const now = 1_795_392_000_000;
const change: LockedChange = {
  changeId: 'chg-a',
  incidentId: 'inc-a',
  planDigest: '1'.repeat(64),
  status: 'rolling-back',
  updatedAtEpochMs: 1_000,
  action: 'lambda.shift-alias',
  targetKey: 'lambda-alias/checkout:live',
  fencingToken: 4,
};
const drifting = { ...change, driftStack: 'checkout-stack' };
/** What the writes leave in the table. */
const findings = (...given: Parameters<typeof findingsOpened>) =>
  transact(() => undefined, findingsOpened(...given).writes).written.map(({ table, after }) => ({
    table,
    ...after,
  }));

describe('what has to be followed up', () => {
  it('is a failed rollback, at once, with its reason', () => {
    expect(findings('operations', change, 'rollback-failed', 'the alias is gone', now)).toMatchObject([
      {
        table: 'operations',
        findingId: 'rollback-failed-chg-a',
        kind: 'rollback-failed',
        owner: 'on-call',
        summary: 'change chg-a could not be rolled back: look at lambda-alias/checkout:live',
        status: 'open',
        openedAtEpochMs: now,
        detail: {
          changeId: 'chg-a',
          incidentId: 'inc-a',
          targetKey: 'lambda-alias/checkout:live',
          reason: 'the alias is gone',
        },
      },
      {
        table: 'operations',
        pk: 'ANNOUNCEMENT#rollback-failed-chg-a',
        about: 'rollback-failed',
        title: 'Rollback failed, change chg-a',
        lines: expect.arrayContaining(['Target: lambda-alias/checkout:live', 'Reason: the alias is gone']),
        statusKey: 'NOTICE#due',
        createdAtEpochMs: now,
      },
    ]);
    expect(findings('operations', change, 'rollback-failed', undefined, now)).toMatchObject([
      { detail: { reason: 'no reason recorded' } },
      { lines: expect.arrayContaining(['Reason: not recorded']) },
    ]);
  });

  it('is what was kept on a target that a stack owns', () => {
    expect(findings('operations', drifting, 'validated', undefined, now)).toMatchObject([
      {
        findingId: 'drift-follow-up-chg-a',
        kind: 'drift-follow-up',
        summary: expect.stringMatching(
          /^change chg-a drifts from stack checkout-stack: bring lambda-alias\/checkout:live up to date/,
        ),
        openedAtEpochMs: now,
        detail: { changeId: 'chg-a', stack: 'checkout-stack' },
      },
    ]);
    expect(findings('operations', change, 'validated', undefined, now)).toStrictEqual([]);
  });

  // Not the refusal of an undo either: the follow-up of what stays kept is there already.
  it.each(changeEvents.filter((event) => event !== 'validated' && event !== 'rollback-failed'))(
    'is not %s',
    (event) => {
      expect(findingsOpened('t', drifting, event, 'why', now)).toStrictEqual({ writes: [], entries: [] });
    },
  );

  it('is told by the ledger in the same breath, opened and closed', () => {
    expect(findingsOpened('t', change, 'rollback-failed', 'why', now).entries).toStrictEqual([
      {
        type: 'finding.opened',
        atEpochMs: now,
        actor: { kind: 'system', id: 'change-control' },
        detail: {
          findingId: 'rollback-failed-chg-a',
          kind: 'rollback-failed',
          summary: 'change chg-a could not be rolled back: look at lambda-alias/checkout:live',
        },
      },
    ]);
    expect(followUpClosed('t', 'chg-a', now).entries).toStrictEqual([
      {
        type: 'finding.closed',
        atEpochMs: now,
        actor: { kind: 'system', id: 'change-control' },
        detail: {
          findingId: 'drift-follow-up-chg-a',
          kind: 'drift-follow-up',
          evidence: 'the change was undone',
        },
      },
    ]);
  });

  it('is closed when what drifted is undone, unless nobody had to follow it up', () => {
    const [opened] = findings('operations', drifting, 'validated', undefined, now);
    const close = followUpClosed('operations', 'chg-a', now + 1).writes;
    expect(transact(() => opened, close).written).toMatchObject([
      {
        table: 'operations',
        key: { pk: 'FINDING#drift-follow-up-chg-a' },
        after: {
          status: 'closed',
          closedBy: 'change-control',
          evidence: 'the change was undone',
          closedAtEpochMs: now + 1,
        },
      },
    ]);
    expect(transact(() => undefined, close).result.outcome).toBe('refused');
  });

  it('is one finding, however often it is seen', () => {
    const { writes } = findingsOpened('operations', change, 'rollback-failed', 'again', now);
    expect(transact(() => ({ pk: 'FINDING#rollback-failed-chg-a' }), writes).result.outcome).toBe('refused');
  });
});

describe('the page about a failed rollback', () => {
  it('says what, where, why and what to look at', () => {
    const { subject, message } = rollbackFailedPage('chg-a', {
      ...change,
      statusReason: 'the alias is gone',
    });
    expect(subject).toBe('Interlock: Rollback failed, change chg-a');
    expect(message.split('\n')).toStrictEqual([
      'Change chg-a could not be rolled back. Its target may stand in a state nobody chose.',
      'Target: lambda-alias/checkout:live',
      'Incident: inc-a',
      'Reason: the alias is gone',
      'Finding: rollback-failed-chg-a',
    ]);
  });

  it('is sent also when nothing more is known', () => {
    expect(rollbackFailedPage('chg-a', undefined).message).toContain(
      'Target: unknown\nIncident: unknown\nReason: not recorded\n',
    );
  });
});
