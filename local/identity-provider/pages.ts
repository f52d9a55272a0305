import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { look, lookSource } from './look.ts';
import type { LocalUser } from './users.ts';

/** Nothing on these pages has to be waited for. */
const markup = html as (strings: TemplateStringsArray, ...values: unknown[]) => HtmlEscapedString;

/**
 * For every page of the local identity provider: no script, one style, forms that stay here or lead back to the
 * approval pages.
 *
 * @param frontDoorOrigin Browsers apply `form-action` to the redirects behind a form too.
 */
export function contentSecurityPolicy(frontDoorOrigin: string): string {
  return [
    "default-src 'none'",
    `style-src ${lookSource}`,
    'img-src data:',
    `form-action 'self' ${frontDoorOrigin}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** What the start of a sign-in shows: one button for each seeded person. */
export function pickPage(users: readonly LocalUser[], action: string, refused: boolean): string {
  return page(
    'Who are you?',
    markup`<h1>Who are you?</h1>
      <p class="lead">
        Pick one of the seeded people of <code>policies/local-users.json</code>. A real stage asks your company's
        identity provider here.
      </p>
      ${refused ? markup`<p class="notice warn" role="alert">There is no such person here. Please choose again.</p>` : ''}
      <form method="post" action="${action}" class="people">
        ${users.map(
          ({ id, displayName, role, groups }) =>
            markup`<button type="submit" name="identity" value="${id}" class="person">
              <span class="avatar" aria-hidden="true">${displayName.slice(0, 1)}</span>
              <span
                ><strong>${displayName}</strong><small>${role}</small
                ><small>${groups.length === 0 ? 'in no group' : groups.join(', ')}</small></span
              >
            </button>`,
        )}
      </form>
      <form method="post" action="${action}" class="hint">
        <button type="submit" name="cancel" value="yes" class="link">Cancel</button>
      </form>`,
  );
}

/** Asks for the code that the command line printed. @param fault Why the last one did not do. */
export function codeInputPage(secret: string, fault: string | undefined): string {
  return page(
    'Your code',
    markup`<h1>Sign the command line in</h1>
      <p class="lead">Type the code that <code>interlock login</code> shows in your terminal.</p>
      ${fault === undefined ? '' : markup`<p class="notice warn" role="alert">That did not work: ${fault}.</p>`}
      <form method="post" action="/device">
        <input type="hidden" name="xsrf" value="${secret}" />
        <label class="field"
          >Code
          <input
            class="mono"
            name="user_code"
            required
            autocomplete="off"
            autocapitalize="characters"
            spellcheck="false"
        /></label>
        <button type="submit" class="button approve gap">Go on</button>
      </form>`,
  );
}

/** Shows the code once more: whoever sends a stranger this link has another one in their own terminal. */
export function codePage(secret: string, code: string): string {
  return page(
    'Your code',
    markup`<h1>Is this the code in your terminal?</h1>
      <p class="code"><code>${code}</code></p>
      <p class="gap">Interlock's command line asks to act as you. If the code came to you in a message, say no.</p>
      <form method="post" action="/device" class="gap">
        <input type="hidden" name="xsrf" value="${secret}" />
        <input type="hidden" name="user_code" value="${code}" />
        <input type="hidden" name="confirm" value="yes" />
        <button type="submit" class="button approve">Yes, that is the code</button>
      </form>
      <form method="post" action="/device" class="hint">
        <input type="hidden" name="xsrf" value="${secret}" />
        <input type="hidden" name="user_code" value="${code}" />
        <button type="submit" name="abort" value="yes" class="link">No, stop</button>
      </form>`,
  );
}

/** The end of the device flow. */
export function signedInPage(displayName: string): string {
  return page(
    'Signed in',
    markup`<h1>Signed in</h1>
      <p class="lead">The command line goes on as ${displayName}. You can close this page.</p>`,
  );
}

/** What somebody finds who opens the provider's own address. */
export function homePage(frontDoorUrl: string): string {
  return page(
    'Local identity provider',
    markup`<h1>Local identity provider</h1>
      <p class="lead">People come here from the <a href="${frontDoorUrl}/">approval pages</a> to say who they are.</p>`,
  );
}

/** @param error OAuth error code. */
export function errorPage(error: string, description: string): string {
  return page(
    'Not signed in',
    markup`<h1>That sign-in did not work</h1>
      <p class="lead">Go back to where you came from and start again.</p>
      <p class="soft gap"><code>${error}</code>${description === '' ? '' : `: ${description}`}</p>`,
  );
}

function page(title: string, content: HtmlEscapedString): string {
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · Interlock local sign-in</title>
        <style>${raw(look)}</style>
        <link rel="icon" href="data:," />
      </head>
      <body>
        <header class="top">
          <div class="wrap"><span class="brand">Interlock <span>local sign-in</span></span></div>
        </header>
        <aside class="switch on" aria-label="What this page is">
          <div class="wrap">
            <span class="dot" aria-hidden="true"></span>
            <span><strong>Local only, no proof asked.</strong> Whoever can open this page can be anybody on it.</span>
          </div>
        </aside>
        <main id="main"><div class="wrap"><div class="narrow">${content}</div></div></main>
      </body>
    </html>`.toString();
}
