import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../functions/audit/ledger-entry.ts';
import { formWith } from '../../local/identity-provider/page-form.ts';
import { printable, Screen } from '../../local/screen.ts';
import { describe as wordsFor } from '../../local/timeline.ts';

const entry = (type: string, detail: LedgerEntry['detail'] = {}): LedgerEntry => ({
  type,
  detail,
  chainId: 'incident#inc-1',
  sequence: 1,
  atEpochMs: 1_700_000_000_000,
  actor: { kind: 'person', id: 'ana' },
  artefactVersion: 'a',
  previousHash: '0',
  hash: '1',
});

describe('words of the timeline', () => {
  it('say what was decided and by which clause', () => {
    const made = entry('decision.made', { outcome: 'deny', reason: 'no', clause: 'policy.forbid' });
    expect(wordsFor(made)).toMatchObject({ what: 'decision', more: 'deny: no [policy.forbid]' });
  });

  it('say who voted, for whom, and by which way', () => {
    const more = (detail: LedgerEntry['detail']): string => wordsFor(entry('approval.voted', detail)).more;
    expect(more({ verdict: 'approve', via: 'page' })).toBe('ana says approve');
    expect(more({ verdict: 'reject', via: 'slack', onBehalfOf: 'kim' })).toBe(
      'ana for kim says reject, by slack',
    );
  });

  it('tell a resolved incident from another end', () => {
    expect(wordsFor(entry('incident.closed', { result: 'resolved' }))).toMatchObject({
      what: 'incident resolved',
      mood: 'good',
    });
    expect(wordsFor(entry('incident.closed', { result: 'recovered' }))).toMatchObject({ mood: 'good' });
    expect(wordsFor(entry('incident.closed', { result: 'stopped', reason: 'kill switch' }))).toEqual({
      what: 'incident stopped',
      mood: 'bad',
      more: 'kill switch',
    });
  });

  it('show a step they do not know by its own name', () => {
    expect(wordsFor(entry('slot.lease-recovered', { reason: 'lease ran out' }))).toEqual({
      what: 'slot lease recovered',
      mood: 'neutral',
      more: 'lease ran out',
    });
    expect(wordsFor(entry('constructor')).what).toBe('constructor');
  });
});

describe('the terminal', () => {
  it('never gets control or invisible characters from an alarm or a model', () => {
    expect(printable('a\u001b[2Jb\u202Ec\nd')).toBe('ab c d');
    const stream = new PassThrough();
    new Screen(stream as unknown as WriteStream).step(
      { what: 'x', more: '\u001b]0;evil\u0007', mood: 'bad' },
      0,
    );
    expect(String(stream.read())).not.toContain('\u001b]0');
  });
});

describe('the scripted approver reads a page', () => {
  const page = `
    <form method="post" action="/sign-out"><input type="hidden" name="csrf" value="other"/></form>
    <form method="post" action="/approvals/a&amp;b"><input type="hidden" name="csrf" value="t&quot;k"/>
      <input type="text" name="comment"/><button name="verdict" value="approve">Approve</button></form>`;

  it('and takes the form that has the field, with its hidden ones', () => {
    expect(formWith(page, 'verdict', '/')).toEqual({ action: '/approvals/a&b', hidden: { csrf: 't"k' } });
  });

  it('and says what the page was about when there is no such form', () => {
    expect(() => formWith('<h1>Already <b>decided</b></h1>', 'verdict', '/')).toThrow(/"Already decided"/);
  });
});
