import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  noteRefusal,
  refusalsOfOneAtMost,
  refusalsRecordedAtMost,
  refusedVoteFields,
  type VoteRefusal,
} from '../../functions/approvals/refused-vote.ts';
import { pending } from './fixtures.ts';

const reasons = [
  'already-decided',
  'cancelled',
  'expired',
  'form-token-missing',
  'form-token-wrong',
  'malformed-form',
  'no-authority',
] as const satisfies VoteRefusal[];

describe('noting a refused vote', () => {
  it('changes nothing but the marks, the version least of all', () => {
    const approval = pending();
    expect(noteRefusal(approval, 'ana', 'expired')).toStrictEqual({
      ...approval,
      refusedVotes: ['expired ana'],
    });
  });

  it('happens once per person and reason', () => {
    const approval = pending({ refusedVotes: ['expired ana'] });
    expect(noteRefusal(approval, 'ana', 'expired')).toBe('recorded-before');
    expect(noteRefusal(approval, 'ana', 'malformed-form')).toMatchObject({ version: approval.version });
    expect(noteRefusal(approval, 'ben', 'expired')).toMatchObject({
      refusedVotes: ['expired ana', 'expired ben'],
    });
  });

  it.each([
    [49, 50],
    [50, 'at-capacity'],
    [51, 'at-capacity'],
  ])('after %s others gives %s', (others, expected) => {
    const refusedVotes = Array.from({ length: others }, (_, index) => `expired person-${index}`);
    const noted = noteRefusal(pending({ refusedVotes }), 'ana', 'expired');
    expect(typeof noted === 'string' ? noted : noted.refusedVotes?.length).toBe(expected);
  });

  it.each([
    [4, 5],
    [5, 'at-capacity'],
    [6, 'at-capacity'],
  ])('after %s of their own gives %s, and takes no place from anybody else', (own, expected) => {
    const refusedVotes = Array.from({ length: own }, (_, index) => `reason-${index} ana the first`);
    const approval = pending({ refusedVotes });
    const noted = noteRefusal(approval, 'ana the first', 'expired');
    expect(typeof noted === 'string' ? noted : noted.refusedVotes?.length).toBe(expected);
    for (const other of ['first', 'the first', 'ana']) {
      expect(noteRefusal(approval, other, 'expired')).toMatchObject({
        refusedVotes: [...refusedVotes, `expired ${other}`],
      });
    }
  });

  it('is bounded however often and by however many it is tried', () => {
    const attempts = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.constantFrom(...reasons)), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(attempts, (tried) => {
        let approval = pending();
        for (const [identityId, because] of tried) {
          const noted = noteRefusal(approval, identityId, because);
          if (typeof noted !== 'string') approval = noted;
        }
        const { refusedVotes = [] } = approval;
        const people = Map.groupBy(tried, ([identityId]) => identityId).values();
        const wanted = [...people].map((own) =>
          Math.min(new Set(own.map(([, because]) => because)).size, refusalsOfOneAtMost),
        );
        const inAll = wanted.reduce((sum, own) => sum + own, 0);
        expect(refusedVotes.length).toBe(Math.min(inAll, refusalsRecordedAtMost));
        expect(new Set(refusedVotes).size).toBe(refusedVotes.length);
      }),
    );
  });
});

describe('the log line of a refused vote', () => {
  it('says what and why about a known approval', () => {
    const fields = refusedVoteFields({ approvalId: 'apr-1', because: 'expired', evidence: 'recorded' });
    expect(fields).toStrictEqual({
      code: 'approval.vote-refused',
      approvalId: 'apr-1',
      because: 'expired',
      evidence: 'recorded',
    });
  });

  it('holds a code and a safe part of an unknown id, and nothing else', () => {
    const approvalId = `<script>\n\u202E"}${'x'.repeat(2_000)}`;
    const fields = refusedVoteFields({ approvalId, because: 'incomplete-record', evidence: 'unknown' });
    expect(fields).toStrictEqual({
      code: 'approval.unknown',
      approvalId: `?script?????${'x'.repeat(52)}`,
    });
  });
});
