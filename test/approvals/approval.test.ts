import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Approval,
  approvalsStillNeeded,
  approversOf,
  endsEarly,
  newApproval,
  type Vote,
} from '../../functions/approvals/approval.ts';
import {
  approveUnderBreakGlass,
  cancel,
  castVote,
  expire,
} from '../../functions/approvals/approval-moves.ts';
import { escalate, remind } from '../../functions/approvals/ask-again.ts';
import type { Authority } from '../../functions/approvals/authority.ts';
import { now, pending, vote } from './fixtures.ts';

const may: Authority = { may: 'decide' };
const expiresAt = 1_795_342_200_000; // ten minutes after `now`
const finals = ['approved', 'rejected', 'expired', 'cancelled'] as const;

describe('asking for approval', () => {
  it('starts pending, at version 1, until its life is over', () => {
    expect(pending()).toMatchObject({
      status: 'pending',
      version: 1,
      votes: [],
      expiresAtEpochMs: expiresAt,
    });
  });

  it('reminds after a third of its life and escalates after two thirds', () => {
    expect(pending()).toMatchObject({
      remindAtEpochMs: 1_795_341_800_000,
      escalateAtEpochMs: 1_795_342_000_000,
    });
  });

  it.each([0, -1, 0.5, Number.NaN])('refuses a quorum of %s', (quorum) => {
    const ask = () => newApproval({ ...pending(), quorum, lifeSeconds: 600 });
    expect(ask).toThrow(expect.objectContaining({ code: 'approval.invalid-quorum' }));
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a life of %s seconds', (lifeSeconds) => {
    const ask = () => newApproval({ ...pending(), lifeSeconds });
    expect(ask).toThrow(expect.objectContaining({ code: 'approval.invalid-life' }));
  });
});

describe('an approval that the policies end', () => {
  const minute = 60_000;
  const until = (notAfterEpochMs: number, lifeSeconds = 600) =>
    newApproval({ ...pending(), notAfterEpochMs, lifeSeconds, requestedAtEpochMs: now });

  it('expires at that instant, and is reminded of within the shorter life', () => {
    expect(until(now + 3 * minute)).toMatchObject({
      expiresAtEpochMs: now + 3 * minute,
      remindAtEpochMs: now + minute,
      escalateAtEpochMs: now + 2 * minute,
    });
    expect(until(now + 60 * minute)).toMatchObject({ expiresAtEpochMs: expiresAt });
    expect(() => until(now)).toThrow(expect.objectContaining({ code: 'approval.invalid-life' }));
    expect(() => until(Number.NaN)).toThrow(expect.objectContaining({ code: 'approval.invalid-life' }));
  });

  it.each([
    [11, 11],
    [16, 16],
    [17, 16],
  ])('after %d minutes is not usable longer than that, whoever allowed it: %d', (minutes, usable) => {
    const approval = until(now + minutes * minute);
    const voted = castVote(approval, vote('ana', 'approve'), may, 900).approval;
    expect(voted.usableUntilEpochMs).toBe(now + usable * minute);
    const broken = approveUnderBreakGlass(approval, 'ana', now, now + 16 * minute).approval;
    expect(broken.usableUntilEpochMs).toBe(now + usable * minute);
  });

  it('ends before the execution that waits would end by itself, which then has to be told', () => {
    const early = until(now + 3 * minute);
    expect(endsEarly(early)).toBe(true);
    expect(expire(early, now + 3 * minute, true).approval.callbackDelivered).toBe(false);
    expect(expire(early, now + 3 * minute).approval.callbackDelivered).toBe(true);
    const inTime = until(now + 11 * minute);
    expect(endsEarly(inTime)).toBe(false);
    expect(expire(inTime, now + 10 * minute, true).approval.callbackDelivered).toBe(true);
  });
});

describe('voting', () => {
  it('is approved by a quorum of one, and usable for as long as asked', () => {
    const { outcome, approval } = castVote(pending(), vote('ana', 'approve'), may, 900);
    expect(outcome).toBe('recorded');
    expect(approval).toMatchObject({
      status: 'approved',
      version: 2,
      decidedAtEpochMs: 1_795_341_660_000,
      usableUntilEpochMs: 1_795_342_560_000,
      callbackDelivered: false,
    });
  });

  it('is rejected by one person, whatever the quorum and the votes before', () => {
    const first = castVote(pending({ quorum: 2 }), vote('ana', 'approve'), may, 900).approval;
    expect(first.status).toBe('pending');
    expect(approvalsStillNeeded(first)).toBe(1);
    const { approval } = castVote(first, vote('ben', 'reject'), may, 900);
    expect(approval.status).toBe('rejected');
    expect(approval.usableUntilEpochMs).toBeUndefined();
  });

  it('lets a person who approved still reject, but not approve twice', () => {
    const first = castVote(pending({ quorum: 2 }), vote('ana', 'approve'), may, 900).approval;
    expect(castVote(first, vote('ana', 'approve'), may, 900)).toStrictEqual({
      outcome: 'already-voted',
      approval: first,
    });
    expect(castVote(first, vote('ana', 'reject'), may, 900).approval.status).toBe('rejected');
  });

  it.each([
    [1_795_342_199_999, 'recorded'],
    [1_795_342_200_000, 'expired'],
    [1_795_342_200_001, 'expired'],
  ])('at %s, around the expiry, is %s', (at, outcome) => {
    for (const verdict of ['approve', 'reject'] as const) {
      expect(castVote(pending(), vote('ana', verdict, at), may, 900).outcome).toBe(outcome);
    }
  });

  it.each<Authority>([
    { may: 'nothing' },
    { may: 'view', because: 'owns-the-agent' },
    { may: 'view', because: 'is-the-requester' },
    { may: 'view', because: 'agent-has-no-owner' },
  ])('without authority (%o) changes nothing', (authority) => {
    const before = pending();
    expect(castVote(before, vote('mia', 'approve'), authority, 900)).toStrictEqual({
      outcome: 'not-allowed',
      approval: before,
    });
  });

  it('says what stands when it comes too late', () => {
    const decided = castVote(pending(), vote('ana', 'reject'), may, 900).approval;
    expect(castVote(decided, vote('ben', 'approve'), may, 900)).toStrictEqual({
      outcome: 'already-decided',
      approval: decided,
    });
    expect(castVote(decided, vote('ana', 'reject'), may, 900).outcome).toBe('already-voted');
    const over = expire(pending(), now).approval;
    expect(castVote(over, vote('ben', 'approve'), may, 900).outcome).toBe('expired');
    const moot = cancel(pending(), 'incident-recovered', now).approval;
    expect(castVote(moot, vote('ben', 'reject'), may, 900)).toStrictEqual({
      outcome: 'cancelled',
      approval: moot,
    });
  });

  it('counts whoever stands in for another as that other', () => {
    const first = castVote(pending({ quorum: 2 }), vote('ana', 'approve'), may, 900).approval;
    const standIn: Vote = { ...vote('dov', 'approve'), onBehalfOf: 'ANA' };
    const second = castVote(first, standIn, may, 900);
    expect(second).toMatchObject({ outcome: 'recorded', approval: { status: 'pending' } });
    expect([...approversOf(second.approval)]).toStrictEqual(['ana']);
    expect(castVote(second.approval, vote('ben', 'approve'), may, 900).approval.status).toBe('approved');
  });

  it('takes a name in another case for the same person', () => {
    const first = castVote(pending({ quorum: 2 }), vote('ana', 'approve'), may, 900).approval;
    expect(castVote(first, vote('Ana', 'approve'), may, 900).outcome).toBe('already-voted');
  });
});

describe('expiring', () => {
  it('ends a pending approval and leaves nothing to deliver', () => {
    expect(expire(pending(), now)).toMatchObject({
      outcome: 'expired',
      approval: { status: 'expired', version: 2, callbackDelivered: true },
    });
  });

  it.each(finals)('leaves %s as it is', (status) => {
    const before = pending({ status });
    expect(expire(before, now)).toStrictEqual({ outcome: 'already-decided', approval: before });
  });
});

describe('cancelling', () => {
  it.each(['incident-recovered', 'incident-closed'] as const)('ends what is pending: %s', (because) => {
    expect(cancel(pending(), because, now)).toMatchObject({
      outcome: 'cancelled',
      approval: {
        status: 'cancelled',
        cancelledBecause: because,
        decidedAtEpochMs: now,
        version: 2,
        callbackDelivered: false,
      },
    });
  });

  it.each([
    [599_999, 'cancelled'],
    [600_000, 'not-pending'],
    [600_001, 'not-pending'],
  ])('%s ms after it was asked it is %s', (later, outcome) => {
    expect(cancel(pending(), 'incident-recovered', now + later).outcome).toBe(outcome);
  });

  it.each(finals)('leaves %s as it is', (status) => {
    const before = pending({ status });
    expect(cancel(before, 'incident-closed', now)).toStrictEqual({
      outcome: 'not-pending',
      approval: before,
    });
  });

  it('does not take back the question whether a change may stay', () => {
    const verdict = pending({ verdictOn: { changeId: 'chg-1', reason: 'unknown' } });
    expect(cancel(verdict, 'incident-recovered', now).outcome).toBe('not-pending');
  });
});

describe('asking again', () => {
  it.each([
    [199_999, 'not-due'],
    [200_000, 'due'],
    [399_999, 'due'],
    [400_000, 'not-due'],
  ])('reminds at %s of 600,000 ms: %s, for then it escalates', (later, outcome) => {
    expect(remind(pending(), now + later).outcome).toBe(outcome);
  });

  it.each([
    [399_999, 'not-due'],
    [400_000, 'due'],
    [599_999, 'due'],
    [600_000, 'not-due'],
  ])('escalates at %s of 600,000 ms: %s', (later, outcome) => {
    expect(escalate(pending(), now + later).outcome).toBe(outcome);
  });

  it('does each once', () => {
    const reminded = remind(pending(), now + 200_000).approval;
    expect(reminded).toMatchObject({ remindedAtEpochMs: now + 200_000, version: 2, status: 'pending' });
    expect(remind(reminded, now + 200_001)).toStrictEqual({ outcome: 'not-due', approval: reminded });
    const escalated = escalate(reminded, now + 400_000).approval;
    expect(escalated).toMatchObject({ escalatedAtEpochMs: now + 400_000, version: 3, status: 'pending' });
    expect(escalate(escalated, now + 400_001)).toStrictEqual({ outcome: 'not-due', approval: escalated });
  });

  it.each(finals)('asks nobody once it is %s', (status) => {
    expect(remind(pending({ status }), now + 200_000).outcome).toBe('not-due');
    expect(escalate(pending({ status }), now + 400_000).outcome).toBe('not-due');
  });

  it('asks nobody where no time was set for it, as for an approval from before there was one', () => {
    const { remindAtEpochMs: _remind, escalateAtEpochMs: _escalate, ...before } = pending();
    expect(remind(before as Approval, now + 599_999).outcome).toBe('not-due');
    expect(escalate(before as Approval, now + 599_999).outcome).toBe('not-due');
  });
});

describe('under a broken glass', () => {
  const glassEnds = now + 900_000;

  it('approves what is pending one millisecond before its expiry, and not at it', () => {
    expect(approveUnderBreakGlass(pending({ quorum: 2 }), 'ana', now + 599_999, glassEnds)).toMatchObject({
      outcome: 'approved',
      approval: { status: 'approved', breakGlassBy: 'ana', usableUntilEpochMs: glassEnds, version: 2 },
    });
    expect(approveUnderBreakGlass(pending(), 'ana', now + 600_000, glassEnds).outcome).toBe('not-pending');
  });

  it.each(finals)('leaves %s as it is', (status) => {
    const before = pending({ status });
    expect(approveUnderBreakGlass(before, 'ana', now, glassEnds)).toStrictEqual({
      outcome: 'not-pending',
      approval: before,
    });
  });

  it('does not judge a change that was made: silence rolls that back', () => {
    const verdict = pending({ verdictOn: { changeId: 'chg-1', reason: 'unknown' } });
    expect(approveUnderBreakGlass(verdict, 'ana', now, glassEnds).outcome).toBe('not-pending');
  });
});

const people = fc.constantFrom('ana', 'ben', 'cleo', 'dov');
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('vote' as const),
        vote: fc
          .record({
            identityId: people,
            verdict: fc.constantFrom('approve' as const, 'reject' as const),
            at: fc.integer({ min: -1, max: 700_000 }),
          })
          .map(({ identityId, verdict, at }): Vote => vote(identityId, verdict, now + at)),
        authority: fc.constantFrom<Authority>(may, may, may, { may: 'nothing' }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'expire' as const }) },
  ),
  { maxLength: 25 },
);

/** Every approval that a sequence passes through, first to last. */
function history(
  quorum: number,
  sequence: typeof steps extends fc.Arbitrary<infer T> ? T : never,
): Approval[] {
  const passed = [pending({ quorum })];
  for (const step of sequence) {
    const last = passed.at(-1) as Approval;
    passed.push(
      step.kind === 'expire'
        ? expire(last, now + 600_000).approval
        : castVote(last, step.vote, step.authority, 900).approval,
    );
  }
  return passed;
}

describe('laws, for any sequence of votes', () => {
  it('decides at most once: after that nothing changes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), steps, (quorum, sequence) => {
        const passed = history(quorum, sequence);
        const decidedAt = passed.findIndex(({ status }) => status !== 'pending');
        if (decidedAt < 0) return;
        for (const later of passed.slice(decidedAt)) expect(later).toBe(passed[decidedAt]);
      }),
    );
  });

  it('approves exactly when a quorum of distinct people approved in time and nobody rejected', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), steps, (quorum, sequence) => {
        const end = history(quorum, sequence).at(-1) as Approval;
        for (const { atEpochMs } of end.votes) expect(atEpochMs).toBeLessThan(expiresAt);
        const distinct = new Set(end.votes.map(({ identityId }) => identityId));
        const rejections = end.votes.filter(({ verdict }) => verdict === 'reject');
        if (end.status === 'approved') {
          expect(rejections).toStrictEqual([]);
          expect(distinct.size).toBe(quorum);
          expect(end.votes).toHaveLength(quorum);
        } else if (end.status === 'rejected') {
          expect(rejections).toHaveLength(1);
        } else {
          expect(rejections).toStrictEqual([]);
          expect(approversOf(end).size).toBeLessThan(quorum);
        }
      }),
    );
  });
});
