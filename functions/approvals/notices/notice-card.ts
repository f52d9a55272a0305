import type { Announcement } from '../../audit/announcement.ts';
import { announcementText, type NoticeText, noticeText } from './notice-text.ts';
import type { News } from './notice-words.ts';

/** The message about an approval as a card; its one link is the button. */
export function noticeCard(news: News): object {
  return card(noticeText(news), [{ type: 'Action.OpenUrl', title: 'Open the page', url: news.pageUrl }]);
}

/** An announcement as a card: nothing to open, nothing to press. */
export function announcementCard(announcement: Announcement): object {
  return card(announcementText(announcement), []);
}

/**
 * A message as Teams takes it from a webhook: an adaptive card 1.4. Every line is a `TextRun`, in which no
 * Markdown is read, so that no text can become a link or a mention.
 */
function card({ title, lines }: NoticeText, actions: readonly object[]): object {
  const paragraph = (text: string, style: object) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...style }],
  });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            paragraph(title, { weight: 'Bolder', size: 'Medium' }),
            ...lines.map((line) => paragraph(line, {})),
          ],
          actions,
        },
      },
    ],
  };
}
