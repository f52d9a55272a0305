import { describe, expect, it } from 'vitest';
import { approvalIdIn, approvalLink } from '../../cli/approval-name.ts';

const pagesUrl = 'https://interlock.example';

describe('an approval is named', () => {
  it.each([
    ['apr-1', 'apr-1'],
    ['-starts_with-a-dash', '-starts_with-a-dash'],
    ['httpish', 'httpish'],
    [`${pagesUrl}/approvals/apr-1`, 'apr-1'],
    ['HTTPS://INTERLOCK.example:443/approvals/apr-1', 'apr-1'],
    [`${pagesUrl}/approvals/apr-1?undone#top`, 'apr-1'],
    [`${pagesUrl}/approvals/apr%2F1`, 'apr/1'],
  ])('by %s', (given, id) => expect(approvalIdIn(given, pagesUrl)).toBe(id));

  it('by the link that is shown for it, whatever its id', () => {
    for (const id of ['apr-1', '-x_', 'a b/ü', '%']) {
      expect(approvalIdIn(approvalLink(pagesUrl, id), pagesUrl)).toBe(id);
    }
  });

  it.each([
    'https://interlock.example.evil.example/approvals/apr-1',
    'https://interlock.example@evil.example/approvals/apr-1',
    'https://evil.example/https://interlock.example/approvals/apr-1',
    'http://interlock.example/approvals/apr-1',
    'https://interlock.example:8443/approvals/apr-1',
    'https://interlock.example/approvals/',
    'https://interlock.example/approvals/apr-1/status',
    'https://interlock.example/approvals/../incidents/apr-1',
    'https://interlock.example/incidents/inc-1',
    'https://interlock.example/approvals/%E0%A4%A',
    'https://interlock.example',
    'https://',
  ])('not by %s', (given) => {
    expect(() => approvalIdIn(given, pagesUrl)).toThrow(
      'that is no link to an approval of this stage: those begin with https://interlock.example/approvals/',
    );
  });
});
