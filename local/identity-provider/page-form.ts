/** A form as somebody without JavaScript sends it. */
export interface PageForm {
  readonly action: string;
  /** What it sends whatever the person does. */
  readonly hidden: Readonly<Record<string, string>>;
}

/**
 * The form of a page that has a field of this name, with what it sends whatever the person does.
 *
 * @throws Error when there is none: the page says something else than expected, and its heading says what.
 */
export function formWith(html: string, field: string, defaultAction: string): PageForm {
  for (const [, attributes = '', content = ''] of html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
    if (!content.includes(`name="${field}"`)) continue;
    const inputs = [...content.matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag);
    const hidden = inputs
      .filter((tag) => attribute(tag, 'type') === 'hidden')
      .map((tag) => [attribute(tag, 'name') ?? '', attribute(tag, 'value') ?? ''] as const);
    return { action: attribute(attributes, 'action') ?? defaultAction, hidden: Object.fromEntries(hidden) };
  }
  throw new Error(`the page "${headingOf(html)}" has no form with a field ${field}`);
}

/** Where the first link that starts like this leads; undefined when the page has none. */
export function linkTo(html: string, start: string): string | undefined {
  return [...html.matchAll(/<a\b[^>]*>/g)]
    .map(([tag]) => attribute(tag, 'href'))
    .find((href) => href?.startsWith(start) === true);
}

/** What a page says it is about. */
export function headingOf(html: string): string {
  return (
    /<h1[^>]*>([\s\S]*?)<\/h1>/
      .exec(html)?.[1]
      ?.replaceAll(/<[^>]+>/g, '')
      .trim() ?? 'no heading'
  );
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
