import { describe, expect, it } from 'vitest';
import { castVote } from '../../functions/approvals/approval-moves.ts';
import { pending, planOf, vote } from './fixtures.ts';
import { PagesWorld, path } from './pages-world.ts';

const payloads = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' autofocus onfocus=alert(1) x='",
  '</title><svg onload=alert(1)>',
  '</style><script>alert(1)</script>',
  '</textarea><iframe src=javascript:alert(1)>',
  '<a href="javascript:alert(1)">x</a>',
  '{{constructor.constructor("alert(1)")()}}',
  '<!--<script>-->alert(1)',
  '&lt;script&gt;',
  '\u202E<b>',
];

describe('hostile text', () => {
  it.each(payloads)('%s is shown as text wherever it can come from', async (payload) => {
    const parameters = { name: '/a/b', fromValue: payload, toValue: `${payload}2` };
    const plan = { ...planOf('ssm.put-parameter', parameters), citations: [payload] };
    const said = { ...vote('ben', 'approve'), displayName: payload, comment: payload, onBehalfOf: payload };
    const recorded = castVote(pending({ quorum: 2 }, plan), said, { may: 'decide' }, 900).approval;
    const world = new PagesWorld();
    await world.put(recorded, plan, (made) => ({
      ...made,
      ...(made.incident === undefined
        ? {}
        : { incident: { ...made.incident, signal: { ...made.incident.signal, title: payload } } }),
      checks: [{ name: payload, result: 'fail', reason: payload }],
      ownerStack: payload,
      triage: {
        diagnosis: payload,
        confidence: 0.5,
        model: { modelId: payload },
        reasons: [payload],
        planDigests: [recorded.planDigest],
        gaps: [payload],
      },
    }));
    const browser = await world.signedIn('ana');
    for (const page of ['/', '/?view=all', path]) {
      const { status, text } = await browser.get(page);
      expect(status).toBe(200);
      const body = text
        .slice(text.indexOf('</style>') + 8)
        .replace('<script src="/countdown.js" defer=""></script>', '');
      expect(body).not.toMatch(/<(script|img|svg(?! viewBox)|iframe|b>|a href="javascript)/i);
      expect(body).not.toMatch(/<[^>]*\son\w+=/i);
      expect(body).not.toContain('\u202E');
      expect(body).not.toContain('<!--');
    }
  });

  it('in the name of a person is shown as text in the frame', async () => {
    const world = new PagesWorld();
    world.people.people.push({ id: 'eve', displayName: '<img src=x>\u202E', groups: ['approvers'] });
    const { text } = await (await world.signedIn('eve')).get('/');
    expect(text).toContain('&lt;img src=x&gt;⟨U+202E⟩');
    expect(text).not.toContain('<img');
  });
});
