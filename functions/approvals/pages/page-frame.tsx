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

/** What of the pages' surroundings the frame shows. */
type FramePorts = Pick<PagesPorts, 'approvers' | 'clock' | 'environment' | 'keys' | 'killSwitches'>;

/** Puts content into the frame that every page shares: kill switch, environment, who is signed in. */
export class PageFrame {
  readonly #ports: FramePorts;

  constructor(ports: FramePorts) {
    this.#ports = ports;
  }

  /**
   * Answers with a page. Without `signedIn` it names nobody, offers no signing out and says nothing about kill
   * switches: they are no news for strangers, and nobody makes us read a table by asking for pages.
   */
  async page(
    context: Context,
    status: PageStatus,
    title: string,
    content: Child,
    signedIn?: SignedIn,
  ): Promise<Response> {
    const frame = { title, environment: this.#ports.environment };
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

  /** Sends a visitor to sign in and, once they have, to a path on this site. @default back to this address */
  toSignIn(context: Context, returnTo: string = asked(context)): Response {
    return context.redirect(`/sign-in?returnTo=${encodeURIComponent(safeReturnPath(returnTo))}`, 303);
  }

  async #visitor({ identity, sessionId }: SignedIn): Promise<Visitor> {
    const { approvers, environment, clock } = this.#ports;
    const [keys, engaged] = await Promise.all([this.#ports.keys(), this.#ports.killSwitches()]);
    const now = clock();
    const mayStop = mayView(approvers, identity, environment, now);
    return {
      identity,
      engaged,
      signOutToken: formToken(keys, sessionId, 'sign-out'),
      now,
      ...(mayStop ? { stopToken: formToken(keys, sessionId, 'stop') } : {}),
    };
  }
}

/** Path and query that were asked for; the path alone where both are more than a return path may be. */
function asked({ req }: Context): string {
  const { pathname, search } = new URL(req.url);
  return safeReturnPath(pathname + search) === '/' ? pathname : pathname + search;
}
