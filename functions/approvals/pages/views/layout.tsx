import { html, raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import type { KillSwitchReading } from '../../../platform/kill-switch-scope.ts';
import type { Identity } from '../../authority.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { HowToRelease, StopForm } from './stop-view.tsx';
import { style } from './style.ts';

/** Who reads a page, with the tokens of the forms in its frame. */
export interface Visitor {
  readonly identity: Identity;
  readonly signOutToken: string;
  /** The server's clock, for the countdown. */
  readonly now: number;
  /** Absent for whoever may not stop everything. */
  readonly stopToken?: string;
}

/** What stands on every page. */
export interface Frame {
  readonly title: string;
  readonly environment: string;
  readonly killSwitch: KillSwitchReading;
  /** Absent before sign-in. */
  readonly visitor?: Visitor;
}

/** A whole HTML document. It asks for nothing but the countdown, and works without that. */
export function document(frame: Frame, content: Child) {
  return html`<!doctype html>${<Layout frame={frame}>{content}</Layout>}`;
}

function Layout({ frame, children }: { frame: Frame; children?: Child }) {
  const { visitor } = frame;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{frame.title} · Interlock</title>
        <style>{raw(style)}</style>
        <link rel="icon" href="data:," />
        {visitor !== undefined && <script src="/countdown.js" defer />}
      </head>
      <body data-now={visitor?.now}>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <div class="wrap">
            <a class="brand" href="/">
              <svg
                viewBox="0 0 24 24"
                fill="none"
                stroke="currentColor"
                stroke-width="2.2"
                aria-hidden="true"
              >
                <rect x="2.5" y="7" width="11" height="11" rx="3.5" />
                <rect x="10.5" y="6" width="11" height="11" rx="3.5" />
              </svg>
              Interlock <span>{frame.environment}</span>
            </a>
            {visitor !== undefined && (
              <form class="who" method="post" action="/sign-out">
                <span>{showUntrusted(visitor.identity.displayName)}</span>
                <input type="hidden" name="csrf" value={visitor.signOutToken} />
                <button class="link" type="submit">
                  Sign out
                </button>
              </form>
            )}
          </div>
        </header>
        <KillSwitch reading={frame.killSwitch} stopToken={visitor?.stopToken} />
        <main id="main">
          <div class="wrap">{children}</div>
        </main>
        <footer>
          <div class="wrap">Every decision here is recorded in the ledger under your name.</div>
        </footer>
      </body>
    </html>
  );
}

function KillSwitch({ reading, stopToken }: { reading: KillSwitchReading; stopToken: string | undefined }) {
  return (
    <aside class={reading === 'released' ? 'switch' : 'switch on'} aria-label="Kill switch">
      <div class="wrap">
        <span class="dot" aria-hidden="true" />
        {reading === 'released' && <span>Kill switch is off.</span>}
        {reading === 'engaged' && (
          <span>
            <strong>Kill switch engaged.</strong> Nothing starts, approved or not.
          </span>
        )}
        {reading === 'unreadable' && (
          <span>
            <strong>Kill switch could not be read,</strong> which counts as engaged: nothing starts, approved
            or not.
          </span>
        )}
        {stopToken !== undefined && reading !== 'engaged' && <StopForm formToken={stopToken} />}
        {stopToken !== undefined && reading === 'engaged' && <HowToRelease />}
      </div>
    </aside>
  );
}
