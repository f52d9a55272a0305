import { InterlockError } from '../functions/platform/errors.ts';

/** The link to an approval, as messages and lists show it. */
export function approvalLink(pagesUrl: string, approvalId: string): string {
  return `${pagesUrl}/approvals/${encodeURIComponent(approvalId)}`;
}

/**
 * Which approval somebody means: by its id, or by the link to its page.
 *
 * @throws InterlockError `cli.not-our-link` for a link that is no approval of this stage.
 */
export function approvalIdIn(given: string, pagesUrl: string): string {
  if (!/^https?:/i.test(given)) return given;
  const link = URL.parse(given);
  if (link !== null && link.origin === new URL(pagesUrl).origin) {
    const [, name] = /^\/approvals\/([^/]+)$/.exec(link.pathname) ?? [];
    const id = name === undefined ? undefined : decoded(name);
    if (id !== undefined) return id;
  }
  throw new InterlockError(
    'cli.not-our-link',
    `that is no link to an approval of this stage: those begin with ${pagesUrl}/approvals/`,
  );
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
