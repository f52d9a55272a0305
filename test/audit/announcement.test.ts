import { describe, expect, it } from 'vitest';
import { openAndAnnounce, undeliveredEntry } from '../../functions/audit/announcement.ts';
import type { Finding } from '../../functions/audit/finding.ts';
import { transact } from '../model/memory-tables.ts';

/** 2026-11-23T00:00:00Z. */
const now = 1_795_392_000_000;
const finding: Finding = {
  findingId: 'rollback-failed-chg-a',
  kind: 'rollback-failed',
  summary: 'change chg-a could not be rolled back',
  openedAtEpochMs: now,
  detail: { changeId: 'chg-a' },
};
const words = { title: 'Rollback failed, change chg-a', lines: ['one', 'two'] };
const writes = openAndAnnounce('Operations', finding, words);

describe('a finding that everybody is told of', () => {
  it('is opened and waits in the outbox, both in one transaction', () => {
    const { result, written } = transact(() => undefined, writes);
    expect(result.outcome).toBe('committed');
    expect(written.map(({ after }) => after)).toMatchObject([
      { pk: 'FINDING#rollback-failed-chg-a', statusKey: 'FINDING#open' },
      {
        pk: 'ANNOUNCEMENT#rollback-failed-chg-a',
        sk: 'ANNOUNCEMENT',
        announcementId: 'rollback-failed-chg-a',
        about: 'rollback-failed',
        title: 'Rollback failed, change chg-a',
        lines: ['one', 'two'],
        status: 'due',
        statusKey: 'NOTICE#due',
        statusAt: '2026-11-23T00:00:00.000Z',
        createdAtEpochMs: now,
        nextAttemptAtEpochMs: now,
        deliveries: {},
      },
    ]);
  });

  it.each(['FINDING', 'ANNOUNCEMENT'])('is neither where its %s is there already', (there) => {
    const { result, written } = transact(
      (_table, { pk, sk }) => (pk.startsWith(there) ? { pk, sk } : undefined),
      writes,
    );
    expect([result.outcome, written]).toStrictEqual(['refused', []]);
  });
});

it('a channel that did not take it is named, and nothing of its words', () => {
  const announcement = { ...words, announcementId: 'a', about: 'rollback-failed' } as const;
  expect(undeliveredEntry(announcement, 'slack', now)).toStrictEqual({
    type: 'announcement.not-delivered',
    atEpochMs: now,
    actor: { kind: 'system', id: 'approval-notices' },
    detail: { announcementId: 'a', about: 'rollback-failed', channel: 'slack' },
  });
});
