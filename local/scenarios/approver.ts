import { Browser, type Page } from '../identity-provider/browser.ts';
import { formWith } from '../identity-provider/page-form.ts';
import { walkSignIn } from '../identity-provider/walk.ts';

/**
 * A scripted approver: answers through the same pages as a person with a browser. Sign in at the local identity
 * provider, open the link, take the form's token, post the verdict.
 */
export class ScriptedApprover {
  /**
   * Cookies, authorization codes and form tokens that approvers of this process were given: what must stand
   * nowhere else. The tokens behind them never reach a browser; `issuedTokens` asks the provider for those.
   */
  static readonly secrets: Set<string> = new Set();

  readonly #frontDoorUrl: string;
  readonly #identity: string;
  readonly #browser = new Browser((secret) => void ScriptedApprover.secrets.add(secret));

  /** @param identity One of the seeded users of the local stage. */
  constructor(frontDoorUrl: string, identity: string) {
    this.#frontDoorUrl = frontDoorUrl;
    this.#identity = identity;
  }

  /**
   * Approves.
   *
   * @returns the status of the answer to the vote: 303 or 200 when it counts
   */
  async approve(approvalId: string): Promise<number> {
    return (await this.open(approvalId))();
  }

  /** Opens the page and leaves it open. @returns the click on Approve, for later */
  async open(approvalId: string): Promise<() => Promise<number>> {
    const page = await this.#visit(`/approvals/${approvalId}`);
    const { action, hidden } = formWith(page.html, 'verdict', page.url);
    return async () => {
      const vote = { ...hidden, verdict: 'approve' };
      const response = await this.#browser.send('POST', new URL(action, page.url), vote);
      await response.body?.cancel();
      return response.status;
    };
  }

  /** A page as the approver sees it. @throws Error unless it answers 200. */
  async read(path: string): Promise<string> {
    const page = await this.#visit(path);
    if (page.status !== 200) throw new Error(`${path} answered ${page.status}`);
    return page.html;
  }

  #visit(path: string): Promise<Page> {
    return walkSignIn(this.#browser, new URL(path, this.#frontDoorUrl), this.#identity);
  }
}
