import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import { mayView } from '../authority.ts';
import type { SignedIn } from '../sign-in/identity.ts';
import { safeReturnPath } from '../sign-in/return-path.ts';
import { formToken } from './csrf.ts';
import type { PagesPorts } from './pages-ports.ts';
import { document, type Visitor } from './views/layout.tsx';
import { NoticeView } from './views/notice-view.tsx';

/** Every HTTP status that a page can have. */
export type PageStatus = 200 | 400 | 403 | 404 | 409 | 413 | 429 | 500 | 503;

/** Puts content into the frame that every page shares: kill switch, environment, who is signed in. */
export class PageFrame {
  readonly #ports: PagesPorts;

  constructor(ports: PagesPorts) {
    this.#ports = ports;
  }

  /** Answers with a page. Without `signedIn` it names nobody and offers no signing out. */
  async page(
    context: Context,
    status: PageStatus,
    title: string,
    content: Child,
    signedIn?: SignedIn,
  ): Promise<Response> {
    const { environment, killSwitch } = this.#ports;
    const frame = { title, environment, killSwitch: await killSwitch() };
    if (signedIn === undefined) return context.html(document(frame, content), status);
    return context.html(document({ ...frame, visitor: await this.#visitor(signedIn) }, content), status);
  }

  /** Answers with a heading and one sentence. */
  async notice(
    context: Context,
    status: PageStatus,
    heading: string,
    text: string,
    signedIn?: SignedIn,
  ): Promise<Response> {
    return this.page(context, status, heading, <NoticeView heading={heading} text={text} />, signedIn);
  }

  /** One answer for what does not exist and for what this person may not know about. */
  async notFound(context: Context, signedIn: SignedIn): Promise<Response> {
    const text = 'There is no such page, or it is not yours to read.';
    return this.notice(context, 404, 'Nothing to see here', text, signedIn);
  }

  /** Sends a visitor to sign in and, once they have, to a path on this site. @default back to this path */
  toSignIn(context: Context, returnTo: string = context.req.path): Response {
    return context.redirect(`/sign-in?returnTo=${encodeURIComponent(safeReturnPath(returnTo))}`, 303);
  }

  async #visitor({ identity, sessionId }: SignedIn): Promise<Visitor> {
    const { approvers, environment, clock } = this.#ports;
    const keys = await this.#ports.keys();
    const mayStop = mayView(approvers, identity, environment);
    return {
      identity,
      signOutToken: formToken(keys, sessionId, 'sign-out'),
      now: clock(),
      ...(mayStop ? { stopToken: formToken(keys, sessionId, 'stop') } : {}),
    };
  }
}
