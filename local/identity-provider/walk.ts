import { Browser, type Page } from './browser.ts';
import { formWith, headingOf, linkTo } from './page-form.ts';

/**
 * Opens an address of the approval pages as this seeded person. Where the pages ask who is there, it goes the way
 * of somebody with a browser: the link of the sign-in page, the local identity provider, and back.
 *
 * @param user Id of a seeded person.
 * @returns the page that was asked for, as that person sees it
 * @throws Error when a page on the way is not what it should be.
 */
export async function walkSignIn(browser: Browser, url: string | URL, user: string): Promise<Page> {
  const page = await browser.open(url);
  const link = linkTo(page.html, '/sign-in/start');
  if (link === undefined) return page;
  return pick(browser, await browser.open(new URL(link, page.url)), user);
}

/**
 * Confirms a device code at the local identity provider as this seeded person.
 *
 * @param verificationUriComplete As the provider's device authorization response gives it.
 * @throws Error when the code is unknown, used or expired, or the provider does not know the person.
 */
export async function walkDevice(verificationUriComplete: string, user: string): Promise<void> {
  const browser = new Browser();
  const page = await browser.open(verificationUriComplete);
  const { action, hidden } = formWith(page.html, 'confirm', page.url);
  const done = await pick(browser, await browser.submit(new URL(action, page.url), hidden), user);
  if (done.status !== 200 || done.html.includes('<form')) throw failed(user, done);
}

async function pick(browser: Browser, page: Page, user: string): Promise<Page> {
  const { action, hidden } = formWith(page.html, 'identity', page.url);
  const next = await browser.submit(new URL(action, page.url), { ...hidden, identity: user });
  // Refused, the provider stays where it is; otherwise it sends the browser on.
  if (next.status >= 400 && new URL(next.url).pathname === new URL(page.url).pathname)
    throw failed(user, next);
  return next;
}

function failed(user: string, { status, html }: Page): Error {
  return new Error(`${user} could not sign in: "${headingOf(html)}", status ${status}`);
}
