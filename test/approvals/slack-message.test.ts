import { describe, expect, it } from 'vitest';
import type { Approval } from '../../functions/approvals/approval.ts';
import type { Dossier } from '../../functions/approvals/dossier.ts';
import type { NoticeKind } from '../../functions/approvals/notice.ts';
import { noticeCard } from '../../functions/approvals/notices/notice-card.ts';
import { noticeText } from '../../functions/approvals/notices/notice-text.ts';
import type { News } from '../../functions/approvals/notices/notice-words.ts';
import { slackMessage } from '../../functions/approvals/slack/slack-message.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import { dossierOf, now, pending, planOf, vote } from './fixtures.ts';
import { hostileTexts } from './notices-hostile.ts';
import { controlsOf, type StandInMessage, textsOf } from './slack-stand-in.ts';

const pageUrl = 'https://interlock.example/approvals/apr-1';

function news(kind: NoticeKind, approval: Approval = pending(), more: Partial<Dossier> = {}): News {
  return { kind, dossier: { ...dossierOf(approval), ...more }, joiningGroups: [], pageUrl };
}

function sent(about: News): StandInMessage {
  const { text, blocks } = slackMessage(about);
  return { ts: '1', updates: 0, text, blocks: blocks as StandInMessage['blocks'] };
}

function withTier(tier: string | undefined): Partial<Dossier> {
  const { tier: _tier, ...decision } = dossierOf(pending()).decision;
  return { decision: { ...decision, ...(tier === undefined ? {} : { tier }) } };
}

const verdictOn = { changeId: 'chg-1', reason: 'no data' };
const done = { decidedAtEpochMs: now + 61_000, version: 2 };

describe('a message in Slack', () => {
  it('shows question, environment, tier, target, before and after, and takes the decision', () => {
    const message = sent(news('requested'));
    expect(textsOf(message)).toStrictEqual([
      'Interlock: Approval wanted',
      'Change checkout:live from version 2 to version 1?',
      'Point a Lambda alias at another published version of the same function, at once or (progressive) in steps.',
      'Environment: local',
      'Risk: medium',
      'Target: Lambda alias checkout:live',
      'Now: version 2',
      'After: version 1',
      'Because of this signal on 22 Nov 2026, 09:58 UTC: checkout-errors is in ALARM',
      'Needs 1 person. Decide before 22 Nov 2026, 10:10 UTC.',
      'Approve',
      'Reject because…',
      'Wrong target',
      'Wrong timing',
      'Wrong diagnosis',
      'Never do this',
      'Open the page',
    ]);
    const digest = planDigestOf(planOf());
    const controls = controlsOf(message);
    expect([...controls.keys()]).toStrictEqual(['approve', 'reject', 'open']);
    expect(controls.get('approve')?.value).toBe(`approve:${digest}:apr-1`);
    expect(controls.get('reject')?.options?.map(({ value }) => value)).toStrictEqual(
      ['wrong-target', 'wrong-timing', 'wrong-diagnosis', 'never-again'].map(
        (reason) => `${reason}:${digest}:apr-1`,
      ),
    );
    expect(controls.get('open')?.url).toBe(pageUrl);
  });

  it.each([['low'], ['medium']])('has buttons for tier %s', (tier) => {
    const controls = controlsOf(sent(news('requested', pending(), withTier(tier))));
    expect([...controls.keys()]).toStrictEqual(['approve', 'reject', 'open']);
  });

  it.each([['high'], [undefined], ['LOW'], ['Medium '], ['constructor'], ['']])(
    'only opens the page for tier %o, and shows no values',
    (tier) => {
      const message = sent(news('requested', pending(), withTier(tier)));
      expect([...controlsOf(message).keys()]).toStrictEqual(['open']);
      expect(textsOf(message).join('\n')).not.toMatch(/checkout|version [12]/);
    },
  );

  it('only opens the page where the plan is not the one that was asked about', () => {
    const plan = { ...planOf(), environment: 'prod' };
    expect([...controlsOf(sent(news('requested', pending(), { plan }))).keys()]).toStrictEqual(['open']);
  });

  it.each([
    ['fits', 69, ['approve', 'reject', 'open']],
    ['does not fit into a menu', 70, ['open']],
  ])('an id that %s', (_case, length, controls) => {
    const approvalId = 'a'.repeat(length);
    const dossier = dossierOf(pending({ approvalId }));
    const message = sent({ ...news('requested'), dossier });
    expect([...controlsOf(message).keys()]).toStrictEqual(controls);
  });

  it('asks whether a change may stay in other words', () => {
    const change = {
      changeId: 'chg-1',
      incidentId: 'i',
      planDigest: 'd',
      status: 'executed',
      verdictApprovalId: 'apr-1',
    };
    const texts = textsOf(sent(news('requested', pending({ verdictOn }), { change })));
    expect(texts).toStrictEqual(
      expect.arrayContaining(['Keep the change of checkout:live?', 'Keep it', 'Roll it back because…']),
    );
    expect(texts).not.toContain('Approve');
  });

  it('says how far it is', () => {
    const first = pending({ quorum: 2, version: 2, votes: [vote('ana', 'approve')] });
    const message = sent(news('progress', first));
    expect(textsOf(message)).toContain(
      '1 of 2 people approved so far: ANA. Decide before 22 Nov 2026, 10:10 UTC.',
    );
    expect(controlsOf(message).has('approve')).toBe(true);
  });

  it.each<[string, Approval, string]>([
    [
      'approved',
      pending({ ...done, status: 'approved', votes: [vote('ana', 'approve')] }),
      'Approved by ANA on 22 Nov 2026, 10:01 UTC.',
    ],
    [
      'approved on behalf of somebody',
      pending({ ...done, status: 'approved', votes: [{ ...vote('sam', 'approve'), onBehalfOf: 'ben' }] }),
      'Approved by SAM for ben on 22 Nov 2026, 10:01 UTC.',
    ],
    [
      'approved by breaking the glass',
      pending({ ...done, status: 'approved', breakGlassBy: 'mia' }),
      'Approved by breaking the glass on 22 Nov 2026, 10:01 UTC: mia.',
    ],
    [
      'rejected',
      pending({ ...done, status: 'rejected', votes: [vote('ana', 'approve'), vote('ben', 'reject')] }),
      'Rejected by BEN on 22 Nov 2026, 10:01 UTC: wrong timing.',
    ],
    [
      'expired',
      pending({ ...done, status: 'expired' }),
      'Nobody had decided by 22 Nov 2026, 10:01 UTC: it counts as rejected.',
    ],
    [
      'cancelled',
      pending({ ...done, status: 'cancelled', cancelledBecause: 'incident-recovered' }),
      'No decision needed any more: the problem went away by itself on 22 Nov 2026, 10:01 UTC.',
    ],
    [
      'cancelled with the incident',
      pending({ ...done, status: 'cancelled', cancelledBecause: 'incident-closed' }),
      'No decision needed any more: the incident was closed on 22 Nov 2026, 10:01 UTC.',
    ],
    [
      'left standing',
      pending({ ...done, status: 'approved', verdictOn, votes: [vote('ana', 'approve')] }),
      'It stays, said ANA on 22 Nov 2026, 10:01 UTC.',
    ],
    [
      'rolled back',
      pending({ ...done, status: 'rejected', verdictOn, votes: [vote('ben', 'reject')] }),
      'It is rolled back, said BEN on 22 Nov 2026, 10:01 UTC: wrong timing.',
    ],
    [
      'rolled back because nobody answered',
      pending({ ...done, status: 'expired', verdictOn }),
      'Nobody had answered by 22 Nov 2026, 10:01 UTC: it is rolled back.',
    ],
  ])('says that it was %s, and takes no decision any more', (_case, approval, sentence) => {
    for (const kind of ['requested', 'outcome', 'reminder', 'escalated'] as const) {
      const message = sent(news(kind, approval));
      expect([...controlsOf(message).keys()]).toStrictEqual(['open']);
      expect(textsOf(message).join('\n')).toContain(sentence);
    }
  });

  it('reminds without buttons, and names who is asked too', () => {
    expect(textsOf(sent(news('reminder')))).toContain('Nobody has decided yet.');
    const joiningGroups = ['incident-leads', 'directors'];
    const message = sent({ ...news('escalated'), joiningGroups });
    expect(textsOf(message)).toContain('Still undecided, so these are asked too: incident-leads, directors.');
    expect([...controlsOf(message).keys()]).toStrictEqual(['open']);
    expect(textsOf(sent(news('escalated'))).join('\n')).toContain('no other group can be asked');
  });
});

describe.each(hostileTexts.map((text) => [text]))('untrusted %j', (hostile) => {
  // A plan that is no well-formed text has no digest, so none is ever stored.
  const value = hostile.toWellFormed();
  const plan = {
    ...planOf(),
    environment: value,
    target: { type: value, id: value, key: value },
    effect: { before: value, after: value },
  };
  const voter = { ...vote('ana', 'reject'), displayName: hostile, comment: `comment ${hostile}` };
  const approvals = [
    pending({}, plan),
    pending({ ...done, status: 'rejected', votes: [voter] }, plan),
    pending(
      { ...done, status: 'approved', votes: [{ ...voter, verdict: 'approve', onBehalfOf: hostile }] },
      plan,
    ),
    pending({ ...done, status: 'approved', breakGlassBy: hostile }, plan),
  ];
  const all = approvals.flatMap((approval) =>
    (['requested', 'escalated'] as const).flatMap((kind) =>
      ['low', 'high', hostile].map(
        (tier): News => ({
          kind,
          dossier: { ...dossierOf(approval, plan, hostile), ...withTier(tier) },
          joiningGroups: [hostile],
          pageUrl,
        }),
      ),
    ),
  );

  it('stays text in Slack: no markup is read, nothing is a link or calls anybody', () => {
    for (const about of all) {
      const message = sent(about);
      const types = JSON.stringify(message.blocks).match(/"type":"[^"]*"/g) ?? [];
      expect(new Set(types)).not.toContain('"type":"mrkdwn"');
      for (const text of textsOf(message)) {
        expect(text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
        expect(text).not.toMatch(/:\/\/|\bwww\./);
        expect(text).not.toMatch(/[\p{Cc}\u200B\u202E]/u);
        expect(text.isWellFormed()).toBe(true);
        expect(text.length).toBeLessThanOrEqual(2_000);
      }
      expect(slackMessage(about)).toMatchObject({
        parse: 'none',
        link_names: false,
        mrkdwn: false,
        unfurl_links: false,
        unfurl_media: false,
      });
      const urls = JSON.stringify(message).match(/https?:\/\/[^"\\]*/g) ?? [];
      expect([...new Set(urls)]).toStrictEqual([pageUrl]);
      expect(message.text).toMatch(/^Interlock: [\w: ?]+$/);
      // What Slack sends back with a press must fit.
      expect(encodeURIComponent(JSON.stringify(message)).length).toBeLessThan(48_000);
    }
  });

  it('stays text in mail and cards, where no value of the plan stands', () => {
    for (const about of all) {
      const { title, lines } = noticeText(about);
      for (const line of [title, ...lines]) {
        expect(line).not.toMatch(/:\/\/|\bwww\./);
        expect(line).not.toMatch(/[\p{Cc}\u200B\u202E]/u);
        expect(line.length).toBeLessThan(800);
      }
      const card = JSON.stringify(noticeCard(about));
      expect(card).not.toContain('"TextBlock"');
      expect(new Set(card.match(/"url":"[^"]*"/g))).toStrictEqual(new Set([`"url":"${pageUrl}"`]));
    }
  });

  it('is never told from a comment', () => {
    for (const about of all) {
      expect(JSON.stringify([slackMessage(about), noticeText(about), noticeCard(about)])).not.toContain(
        'comment ',
      );
    }
  });
});
