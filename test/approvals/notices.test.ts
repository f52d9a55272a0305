import { describe, expect, it } from 'vitest';
import { goesTo, retryDelayMs } from '../../functions/approvals/notices/deliver-notices.ts';
import { outgoingOf } from '../../functions/approvals/notices/notice-batch.ts';
import { messageLine } from '../../functions/approvals/notices/notice-words.ts';
import { announcementDelivery } from './announcement-delivery.ts';
import { MemoryApprovals } from './memory-approvals.ts';
import { noticeDelivery } from './notices-delivery.ts';
import type { Ground } from './notices-world.ts';

async function ground(clock: () => number): Promise<Ground> {
  const approvals = new MemoryApprovals(clock);
  const { database, ledger, operationsTable: operations } = approvals;
  return { approvals, database, ledger, operations };
}

noticeDelivery('in memory', ground);
announcementDelivery('in memory', ground);

describe('the rules of telling', () => {
  it.each([
    ['requested', 'email slack webhook'],
    ['reminder', 'email slack webhook'],
    ['escalated', 'email slack webhook'],
    ['progress', 'slack'],
    ['outcome', 'email slack webhook'],
  ] as const)('%s goes to %s', (kind, channels) => {
    const told = (['email', 'slack', 'webhook'] as const).filter((channel) => goesTo(kind, channel));
    expect(told.join(' ')).toBe(channels);
  });

  it.each([
    [1, 60_000],
    [2, 120_000],
    [3, 240_000],
    [4, 480_000],
    [5, 900_000],
    [6, 900_000],
    [2_000, 900_000],
  ])('after %i failures the pause is %i ms', (attempts, pause) => expect(retryDelayMs(attempts)).toBe(pause));

  it.each([
    ['one\n\n  two\tthree', 'one two three'],
    ['  x  ', 'x'],
    ['a\u202Eb', 'a⟨U+202E⟩b'],
    ['https://evil.example', 'https:\u200a//evil.example'],
    ['see WWW.evil.example', 'see www\u200a.evil.example'],
    ['a'.repeat(120), 'a'.repeat(120)],
    ['a'.repeat(121), `${'a'.repeat(119)}…`],
    [`${'a'.repeat(118)}😀b`, `${'a'.repeat(118)}…`],
    ['', ''],
  ])('%j is told as %j', (text, line) => expect(messageLine(text)).toBe(line));
});

describe('the stream', () => {
  const image = {
    pk: { S: 'NOTICE#apr-1' },
    sk: { S: 'requested#000001' },
    approvalId: { S: 'apr-1' },
    kind: { S: 'requested' },
    approvalVersion: { N: '1' },
  };
  const record = (NewImage: object, eventName = 'INSERT') =>
    ({ eventName, dynamodb: { NewImage } }) as Parameters<typeof outgoingOf>[0];

  it('names a notice', () => {
    expect(outgoingOf(record(image))).toStrictEqual({
      approvalId: 'apr-1',
      kind: 'requested',
      approvalVersion: 1,
    });
  });

  const announcement = { pk: { S: 'ANNOUNCEMENT#a' }, announcementId: { S: 'a' } };

  it('names an announcement', () => {
    expect(outgoingOf(record(announcement))).toStrictEqual({ announcementId: 'a' });
  });

  it.each([
    ['a change of one', record(image, 'MODIFY')],
    ['the end of one', record(image, 'REMOVE')],
    ['an approval', record({ ...image, pk: { S: 'APPROVAL#apr-1' } })],
    ['an unknown kind', record({ ...image, kind: { S: 'constructor' } })],
    ['no kind', record({ ...image, kind: undefined })],
    ['a version that is none', record({ ...image, approvalVersion: { N: '1.5' } })],
    ['a version of text', record({ ...image, approvalVersion: { S: '1' } })],
    ['an announcement without its id', record({ pk: { S: 'ANNOUNCEMENT#a' } })],
    ['a change of an announcement', record(announcement, 'MODIFY')],
    ['another item with the id of one', record({ ...announcement, pk: { S: 'FINDING#a' } })],
    ['nothing', {}],
  ])('names none by %s', (_case, given) => expect(outgoingOf(given)).toBeUndefined());
});
