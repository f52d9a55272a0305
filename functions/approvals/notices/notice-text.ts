import type { Announcement } from '../../audit/announcement.ts';
import { messageLine, type News, nudge, outcomeTitle, standing, summaryOf } from './notice-words.ts';

/** A message of plain lines. */
export interface NoticeText {
  readonly title: string;
  /** In order; the link to the page is not among them. */
  readonly lines: readonly string[];
}

/**
 * The message that leaves the house by mail or webhook. Values of the plan stay on the page; what is said of
 * people and places is one line each, whatever it holds.
 */
export function noticeText(news: News): NoticeText {
  const { approval, plan, decision } = news.dossier;
  const isPending = approval.status === 'pending';
  const tier = decision.tier === undefined ? '' : ` Risk: ${messageLine(decision.tier, 20)}.`;
  const doubt =
    isPending && approval.verdictOn !== undefined
      ? ['It was carried out, and whether it helped could not be measured: keep it, or it is rolled back.']
      : [];
  return {
    title: titleOf(news),
    lines: [
      `${summaryOf(plan)} Environment: ${messageLine(plan.environment, 60)}.${tier}`,
      ...doubt,
      ...(isPending ? [nudge(news)] : []),
      standing(approval),
    ].filter((line) => line !== undefined),
  };
}

/** What people read of one line of an announcement, in UTF-16 units: a reason of 500 fits. */
const announcementLineMaxLength = 600;

/** An announcement for any channel: one line each, whatever it holds. */
export function announcementText({ title, lines }: Announcement): NoticeText {
  return {
    title: messageLine(title),
    lines: lines.map((line) => messageLine(line, announcementLineMaxLength)),
  };
}

function titleOf({ kind, dossier }: News): string {
  const title = outcomeTitle(dossier.approval);
  if (dossier.approval.status !== 'pending') return title;
  if (kind === 'reminder') return `Still waiting: ${title.toLowerCase()}`;
  return kind === 'escalated' ? `Escalated: ${title.toLowerCase()}` : title;
}
