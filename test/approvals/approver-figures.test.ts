import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approverFigures } from '../../functions/approvals/api/approver-figures.ts';
import type { Approval, Vote } from '../../functions/approvals/approval.ts';
import { now, pending, vote } from './fixtures.ts';

/** The period of every case: the hour after the approvals were asked for. */
const since = now;
const until = now + 3_600_000;

let approvalsMade = 0;
function settled(votes: readonly Vote[], overrides: Partial<Approval> = {}): Approval {
  approvalsMade += 1;
  return {
    ...pending({ approvalId: `apr-${approvalsMade}` }),
    status: 'approved',
    decidedAtEpochMs: now + 60_000,
    votes,
    ...overrides,
  };
}
const figures = (approvals: readonly Approval[], atMost = 1_000) =>
  approverFigures(approvals, atMost, since, until);

describe('figures of how people decide', () => {
  it('says nothing where nobody voted', () => {
    expect(figures([])).toStrictEqual({
      sinceEpochMs: since,
      untilEpochMs: until,
      population: {
        settled: 0,
        approved: 0,
        rejected: 0,
        expired: 0,
        cancelled: 0,
        underBreakGlass: 0,
        isComplete: true,
      },
      overall: { votes: 0, approvals: 0 },
      approvers: [],
    });
  });

  it('counts votes, approvals, their rate and the median time, each and all together', () => {
    const { overall, approvers } = figures([
      settled([vote('ana', 'approve', now + 10_000), vote('ben', 'approve', now + 90_000)]),
      settled([vote('ana', 'approve', now + 20_000)]),
      settled([vote('ana', 'reject', now + 60_000)], { status: 'rejected' }),
    ]);
    expect(approvers).toStrictEqual([
      {
        identityId: 'ana',
        displayName: 'ANA',
        votes: 3,
        approvals: 2,
        approvalRate: 2 / 3,
        medianSecondsToVote: 20,
      },
      {
        identityId: 'ben',
        displayName: 'BEN',
        votes: 1,
        approvals: 1,
        approvalRate: 1,
        medianSecondsToVote: 90,
      },
    ]);
    expect(overall).toStrictEqual({ votes: 4, approvals: 3, approvalRate: 0.75, medianSecondsToVote: 40 });
  });

  it('takes the last word of a person on an approval, however their name is written', () => {
    const { approvers } = figures([
      settled([vote('ana', 'approve', now + 10_000), vote('Ana', 'reject', now + 30_000)], {
        status: 'rejected',
      }),
    ]);
    expect(approvers).toStrictEqual([
      {
        identityId: 'Ana',
        displayName: 'ANA',
        votes: 1,
        approvals: 0,
        approvalRate: 0,
        medianSecondsToVote: 30,
      },
    ]);
  });

  it('names how approvals ended, and that somebody broke the glass', () => {
    const { population } = figures([
      settled([]),
      settled([], { breakGlassBy: 'ben' }),
      settled([], { status: 'rejected' }),
      settled([], { status: 'expired' }),
      settled([], { status: 'expired' }),
      settled([], { status: 'cancelled', cancelledBecause: 'incident-recovered' }),
      pending({ approvalId: 'apr-pending' }),
    ]);
    expect(population).toStrictEqual({
      settled: 6,
      approved: 2,
      rejected: 1,
      expired: 2,
      cancelled: 1,
      underBreakGlass: 1,
      isComplete: true,
    });
  });

  it.each([
    [since - 1, 0],
    [since, 1],
    [until - 1, 1],
    [until, 0],
  ])('counts what was settled at %d: %d', (decidedAtEpochMs, count) => {
    const one = settled([vote('ana', 'approve')], { decidedAtEpochMs });
    expect(figures([one])).toMatchObject({ population: { settled: count }, overall: { votes: count } });
  });

  it.each([
    [1, true],
    [2, false],
  ])('says whether %d of at most two are all there are: %s', (count, isComplete) => {
    const read = Array.from({ length: count }, () => settled([]));
    expect(figures(read, 2).population.isComplete).toBe(isComplete);
  });

  it('counts an approval once that moved between two lists while they were read', () => {
    const one = settled([vote('ana', 'approve')]);
    expect(figures([one, one])).toMatchObject({ population: { settled: 1 }, overall: { votes: 1 } });
  });

  it('does not go below zero where clocks differ', () => {
    const { overall } = figures([settled([vote('ana', 'approve', now - 5_000)])]);
    expect(overall.medianSecondsToVote).toBe(0);
  });
});

const somebody = fc.constantFrom('ana', 'ben', 'kim');
const someVote = fc
  .record({ id: somebody, verdict: fc.constantFrom('approve', 'reject'), seconds: fc.nat(3_000) })
  .map(({ id, verdict, seconds }) => vote(id, verdict, now + seconds * 1_000));
const someApprovals = fc.array(
  fc.record({
    votes: fc.array(someVote, { maxLength: 6 }),
    status: fc.constantFrom('approved', 'rejected', 'expired', 'cancelled'),
  }),
  { maxLength: 12 },
);

describe('laws of the figures', () => {
  it('each person adds up to everybody, and every ending to the population', () => {
    fc.assert(
      fc.property(someApprovals, (many) => {
        const { population, overall, approvers } = figures(
          many.map(({ votes, status }) => settled(votes, { status })),
        );
        const sum = (of: 'votes' | 'approvals') => approvers.reduce((total, one) => total + one[of], 0);
        expect([sum('votes'), sum('approvals')]).toStrictEqual([overall.votes, overall.approvals]);
        const { settled: all, approved, rejected, expired, cancelled } = population;
        expect(approved + rejected + expired + cancelled).toBe(all);
        expect(all).toBe(many.length);
      }),
    );
  });

  it('a rate is between 0 and 1, and a median between the fastest and the slowest', () => {
    fc.assert(
      fc.property(someApprovals, (many) => {
        const approvals = many.map(({ votes, status }) => settled(votes, { status }));
        const seconds = approvals.flatMap(({ votes }) =>
          votes.map(({ atEpochMs }) => (atEpochMs - now) / 1_000),
        );
        const { overall, approvers } = figures(approvals);
        for (const { votes, approvalRate, medianSecondsToVote } of [overall, ...approvers]) {
          expect(approvalRate === undefined).toBe(votes === 0);
          expect(approvalRate ?? 0).toBeGreaterThanOrEqual(0);
          expect(approvalRate ?? 0).toBeLessThanOrEqual(1);
          if (medianSecondsToVote === undefined) continue;
          expect(medianSecondsToVote).toBeGreaterThanOrEqual(Math.min(...seconds));
          expect(medianSecondsToVote).toBeLessThanOrEqual(Math.max(...seconds));
        }
      }),
    );
  });

  it('does not depend on the order in which approvals are read', () => {
    fc.assert(
      fc.property(someApprovals, (many) => {
        const approvals = many.map(({ votes, status }) => settled(votes, { status }));
        expect(figures(approvals.toReversed())).toStrictEqual(figures(approvals));
      }),
    );
  });
});
