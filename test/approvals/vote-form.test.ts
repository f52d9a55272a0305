import { describe, expect, it } from 'vitest';
import { rejectReasons } from '../../functions/approvals/approval.ts';
import { batchForm, isExplained, verdictBody, verdictForm } from '../../functions/approvals/vote-form.ts';

const planDigest = 'a'.repeat(64);
const forms = [
  ['a form', verdictForm, { csrf: 'x', planDigest }],
  ['a batch', batchForm, { csrf: 'x', item: `${planDigest}:apr-1` }],
  ['the API', verdictBody, { planDigest }],
] as const;

describe('a rejection', () => {
  it.each([
    [undefined, false],
    ['', false],
    [' \t\r\n', false],
    ['\u200B\u2060\uFEFF\u00AD', false],
    ['\u3000\u2028', false],
    ['x', true],
    ['\u200Bне сейчас', true],
    ['👎', true],
  ])('with something else and the comment %j tells something: %s', (comment, tells) => {
    expect(isExplained({ reason: 'other', comment })).toBe(tells);
    for (const [, form, fields] of forms) {
      const said = { ...fields, verdict: 'reject', reason: 'other' };
      expect(form.safeParse(comment === undefined ? said : { ...said, comment }).success).toBe(tells);
    }
  });

  it.each(rejectReasons.filter((reason) => reason !== 'other'))('with %s needs no comment', (reason) => {
    expect(isExplained({ reason })).toBe(true);
    for (const [, form, fields] of forms) {
      expect(form.safeParse({ ...fields, verdict: 'reject', reason }).success).toBe(true);
    }
  });

  it.each(forms)('by %s needs a reason', (_by, form, fields) => {
    expect(form.safeParse({ ...fields, verdict: 'reject', comment: 'x' }).success).toBe(false);
  });
});

describe('an approval', () => {
  it.each(forms)('by %s needs no comment', (_by, form, fields) => {
    expect(form.safeParse({ ...fields, verdict: 'approve' }).success).toBe(true);
  });
});
