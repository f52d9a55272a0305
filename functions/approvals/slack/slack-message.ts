import type { Announcement } from '../../audit/announcement.ts';
import { approvalsStillNeeded } from '../approval.ts';
import { isIntact } from '../dossier.ts';
import { announcementText } from '../notices/notice-text.ts';
import { messageLine, type News, nudge, outcomeTitle, standing, summaryOf } from '../notices/notice-words.ts';
import { moment, question, rejectReason, targetType } from '../words.ts';
import { mayDecideInSlack, slackActions, slackReasons, slackValue } from './slack-interaction.ts';

/** A message as Slack's API takes it, without where it goes. */
export interface SlackMessage {
  /** What a phone shows on its lock screen: our own words only. */
  readonly text: string;
  readonly blocks: readonly object[];
  readonly parse: 'none';
  readonly link_names: false;
  readonly mrkdwn: false;
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/** Slack's limits, in characters. */
const headerMaxCharacters = 150;
const textMaxCharacters = 2_000;

/**
 * Text in a message: `plain_text`, in which Slack reads no markup, makes no links and calls nobody; the three
 * characters that could begin markup are escaped all the same. Cut so that it fits after escaping.
 */
function plain(text: string, maxCharacters = textMaxCharacters) {
  return { type: 'plain_text', text: fitting(text, maxCharacters), emoji: false } as const;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function fitting(text: string, maxCharacters: number): string {
  let fits = '';
  for (const character of text) {
    const escaped = escapes[character] ?? character;
    if (fits.length + escaped.length > maxCharacters - 1) return `${fits}…`;
    fits += escaped;
  }
  return fits;
}

const section = (text: string) => ({ type: 'section', text: plain(text) });
const heading = (text: string) => ({ type: 'header', text: plain(text, headerMaxCharacters) });

/**
 * The message about one approval as it stands. Low and medium risk can be decided in it, and it shows what would
 * happen; anything else shows no values and only opens the page, as does every message once there is nothing left
 * to decide. A reminder never has buttons: the first message has them.
 */
export function slackMessage(news: News): SlackMessage {
  const { approval, plan } = news.dossier;
  const again = nudge(news);
  const title = outcomeTitle(approval);
  const isPending = approval.status === 'pending';
  const isOpen = mayDecideInSlack(news.dossier);
  const blocks =
    again === undefined
      ? [
          heading(isOpen ? messageLine(question(plan, approval.verdictOn), headerMaxCharacters) : title),
          section(summaryOf(plan)),
          ...facts(news, isOpen),
          section(standing(approval)),
          actions(news, isOpen && isPending),
        ]
      : [
          heading(isPending ? again : title),
          section(`${summaryOf(plan)} ${standing(approval)}`),
          actions(news, false),
        ];
  return inert(isPending && again !== undefined ? 'still waiting' : title, blocks);
}

/** An announcement: nothing to press, and nothing in it becomes a link or calls anybody. */
export function slackAnnouncement(announcement: Announcement): SlackMessage {
  const { title, lines } = announcementText(announcement);
  return inert(title, [heading(title), ...lines.map(section)]);
}

function inert(title: string, blocks: readonly object[]): SlackMessage {
  return {
    text: fitting(`Interlock: ${title}`, 200),
    blocks,
    parse: 'none',
    link_names: false,
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
  };
}

function facts({ dossier }: News, withValues: boolean): object[] {
  const { plan, decision, incident } = dossier;
  const { target, effect } = plan;
  const fields = [
    `Environment: ${messageLine(plan.environment, 60)}`,
    `Risk: ${decision.tier === undefined ? 'unknown' : messageLine(decision.tier, 20)}`,
  ];
  if (withValues && target !== undefined)
    fields.push(`Target: ${targetType(messageLine(target.type, 60))} ${messageLine(target.id)}`);
  if (withValues && effect !== undefined) {
    fields.push(`Now: ${messageLine(effect.before)}`, `After: ${messageLine(effect.after)}`);
  }
  const because =
    withValues && incident !== undefined
      ? [
          {
            type: 'context',
            elements: [
              plain(
                `Because of this signal on ${moment(incident.openedAtEpochMs)}: ${messageLine(incident.signal.title)}`,
              ),
            ],
          },
        ]
      : [];
  return [{ type: 'section', fields: fields.map((text) => plain(text)) }, ...because];
}

function actions({ dossier, pageUrl }: News, withButtons: boolean): object {
  const open = { type: 'button', action_id: slackActions.open, text: plain('Open the page'), url: pageUrl };
  const vote = withButtons && isIntact(dossier) ? buttons(dossier.approval) : [];
  return { type: 'actions', elements: [...vote, open] };
}

function buttons({ approvalId, planDigest, verdictOn, ...approval }: News['dossier']['approval']): object[] {
  const approve = slackValue('approve', approvalId, planDigest);
  const options = slackReasons.flatMap((reason) => {
    const value = slackValue(reason, approvalId, planDigest);
    return value === undefined ? [] : [{ text: plain(rejectReason(reason), 75), value }];
  });
  // An id that does not fit is decided on the page.
  if (approve === undefined || options.length < slackReasons.length) return [];
  const missing = approvalsStillNeeded({ approvalId, planDigest, ...approval });
  return [
    {
      type: 'button',
      action_id: slackActions.approve,
      style: 'primary',
      text: plain(
        verdictOn === undefined ? (missing > 1 ? `Approve (${missing} needed)` : 'Approve') : 'Keep it',
        75,
      ),
      value: approve,
    },
    {
      type: 'static_select',
      action_id: slackActions.reject,
      placeholder: plain(verdictOn === undefined ? 'Reject because…' : 'Roll it back because…', 75),
      options,
    },
  ];
}
