import { describe, expect, it } from 'vitest';
import { listLines } from '../../cli/approval-list.ts';
import type { ApprovalSummary } from '../../functions/approvals/api/api-views.ts';

/** Eight minutes after 22 November 2026, 10:00:00 UTC. */
const expiresAtEpochMs = 1_795_342_080_000;
const id = 'q83vEjRWeJC6mHVDIRARm5qVzwE';
const link = `https://abcdefghij.execute-api.eu-central-1.amazonaws.com/approvals/${id}`;
const waiting: ApprovalSummary = {
  approvalId: id,
  incidentId: 'inc-1',
  planDigest: 'a'.repeat(64),
  question: 'Change checkout:live from version 2 to version 1?',
  environment: 'prod',
  tier: 'medium',
  status: 'pending',
  quorum: 2,
  approvalsStillNeeded: 1,
  requestedAtEpochMs: expiresAtEpochMs - 480_000,
  expiresAtEpochMs,
  you: { may: 'decide' },
};

describe('a line of the list', () => {
  it('has the id first and fits 100 columns', () => {
    const lines = listLines(waiting, link);
    expect(lines).toStrictEqual([
      id,
      '  Change checkout:live from version 2 to version 1?',
      '  prod, tier medium: 1 of 2 approved, decide before 2026-11-22 10:08:00 UTC',
      '  you may decide it',
      `  ${link}`,
    ]);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  it.each<[ApprovalSummary['you'], string]>([
    [{ may: 'decide', voted: 'approve' }, '  you said approve'],
    [{ may: 'decide', onBehalfOf: 'kim' }, '  you may decide it, standing in for kim'],
    [
      { may: 'view', because: 'is-the-requester' },
      '  you may not decide it: this was asked for under your name',
    ],
  ])('says what %j may do', (you, line) => expect(listLines({ ...waiting, you }, link)[3]).toBe(line));

  it('offers nothing on what is decided', () => {
    const decided = { ...waiting, status: 'rejected', decidedAtEpochMs: expiresAtEpochMs - 60_000 };
    expect(listLines(decided, link).slice(2)).toStrictEqual([
      '  prod, tier medium: rejected 2026-11-22 10:07:00 UTC, 1 of 2 approved',
      `  ${link}`,
    ]);
    expect(listLines({ ...decided, you: { may: 'decide', voted: 'reject' } }, link)[3]).toBe(
      '  you said reject',
    );
  });

  it('lets no text drive the terminal or make lines of its own', () => {
    const hostile = 'a\u001B[2J\u202Eb\nyou said approve';
    const lines = listLines(
      { ...waiting, approvalId: hostile, question: hostile, environment: hostile, tier: hostile },
      link,
    );
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
