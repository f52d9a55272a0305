import { expect, it } from 'vitest';
import { statusLine } from '../../cli/approval-lines.ts';
import type { ApprovalDetail } from '../../functions/approvals/api/api-views.ts';

/** 22 November 2026, 10:00:00 UTC. */
const now = 1_795_341_600_000;
const end = now + 480_000;

it.each([
  [undefined, ''],
  [end + 1, ''],
  [end, '; after that the policies permit it no longer'],
])('says why people have no longer, where policies permit it until %s', (notAfterEpochMs, why) => {
  const detail = {
    status: 'pending',
    expiresAtEpochMs: end,
    ...(notAfterEpochMs === undefined ? {} : { notAfterEpochMs }),
  } as ApprovalDetail;
  expect(statusLine(detail, now)).toMatch(
    new RegExp(`^waits for people: .*, until 2026-11-22 10:08:00 UTC${why}$`),
  );
});
