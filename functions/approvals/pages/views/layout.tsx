import { html, raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import type { EngagedSwitches } from '../../../platform/kill-switch-scope.ts';
import type { Identity } from '../../authority.ts';
import { showUntrusted } from '../../untrusted-text.ts';
import { KillSwitchBar } from './kill-switch-bar.tsx';
import { style } from './style.ts';

/** Who reads a page, with the tokens of the forms in its frame. */
export interface Visitor {
  readonly identity: Identity;
  readonly signOutToken: string;
  /** The kill switches that stop something. */
  readonly engaged: EngagedSwitches;
  /** The server's clock, for the countdown. */
  readonly now: number;
  /** Absent for whoever may not stop everything. */
  readonly stopToken?: string;
}

/** What stands on every page. */
export interface Frame {
  readonly title: string;
  readonly environment: string;
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
        {visitor !== undefined && <KillSwitchBar engaged={visitor.engaged} stopToken={visitor.stopToken} />}
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
