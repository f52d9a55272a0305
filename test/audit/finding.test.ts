import { describe, expect, it } from 'vitest';
import { isOverdue, openFinding, type StoredFinding, termsOf } from '../../functions/audit/finding.ts';
import { closureRefusal } from '../../functions/audit/finding-closure.ts';

/** 2026-11-23T00:00:00Z. */
const now = 1_795_392_000_000;
const ben = 'arn:aws:iam::000000000000:user/ben';
const finding: StoredFinding = {
  findingId: 'break-glass-inc-1-1',
  kind: 'break-glass-review',
  summary: 'ana broke the glass',
  openedAtEpochMs: now,
  detail: { openedBy: 'arn:aws:sts::111122223333:assumed-role/InterlockBreakGlass/ana' },
  status: 'open',
};

describe('a new finding', () => {
  it('has an owner and a due date, a break-glass review after three days', () => {
    expect(termsOf('break-glass-review', now)).toStrictEqual({
      owner: 'security',
      dueAtEpochMs: 1_795_651_200_000,
    });
    expect(openFinding('Operations', finding)).toMatchObject({
      item: { owner: 'security', dueAtEpochMs: 1_795_651_200_000, status: 'open' },
    });
  });

  it('keeps the owner and due date it was given', () => {
    expect(openFinding('Operations', { ...finding, owner: 'mia', dueAtEpochMs: now + 1 })).toMatchObject({
      item: { owner: 'mia', dueAtEpochMs: now + 1 },
    });
  });
});

it.each([
  [now - 1, false],
  [now, true],
  [now + 1, true],
])('is overdue at %d: %s', (at, overdue) => {
  expect(isOverdue({ dueAtEpochMs: now }, at)).toBe(overdue);
  expect(isOverdue({}, at)).toBe(false);
});

describe('closing a finding', () => {
  const closure = { by: ben, evidence: 'post-mortem 12', atEpochMs: now };

  it('takes another person than the one it is about, and evidence', () => {
    expect(closureRefusal(finding, closure)).toBeUndefined();
  });

  it.each([
    ['own-act', finding, { by: 'arn:aws:iam::000000000000:user/ana' }],
    ['own-act', finding, { by: 'arn:aws:sts::999900009999:assumed-role/Operator/ANA' }],
    ['unknown-person', finding, { by: 'unknown' }],
    ['no-evidence', finding, { evidence: ' \n' }],
    ['evidence-too-long', finding, { evidence: 'x'.repeat(1_001) }],
    ['already-closed', { ...finding, status: 'closed' }, {}],
  ] as const)('is refused as %s', (refusal, found, change) => {
    expect(closureRefusal(found as StoredFinding, { ...closure, ...change })).toBe(refusal);
  });
});
