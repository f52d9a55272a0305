/**
 * A scripted approver: answers through the same pages as a person with a browser. Sign in, open the link, take
 * the form's token, post the verdict.
 */
export class ScriptedApprover {
  /** Cookies and form tokens that approvers of this process were given: what must stand nowhere else. */
  static readonly secrets: Set<string> = new Set();

  readonly #frontDoorUrl: string;
  readonly #identity: string;
  readonly #cookies = new Map<string, string>();

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
    const path = `/approvals/${approvalId}`;
    await this.#signIn(path);
    const page = await this.#request('GET', path);
    const form = formWith(await page.text(), 'verdict', path);
    return async () =>
      (await this.#request('POST', form.action, { ...form.hidden, verdict: 'approve' })).status;
  }

  /** A page as the approver sees it. @throws Error unless it answers 200. */
  async read(path: string): Promise<string> {
    await this.#signIn(path);
    const page = await this.#request('GET', path);
    if (page.status !== 200) throw new Error(`${path} answered ${page.status}`);
    return page.text();
  }

  async #signIn(returnTo: string): Promise<void> {
    const path = `/sign-in?returnTo=${encodeURIComponent(returnTo)}`;
    const form = formWith(await (await this.#request('GET', path)).text(), 'identity', '/sign-in');
    const answer = await this.#request('POST', form.action, { ...form.hidden, identity: this.#identity });
    if (answer.status >= 400) throw new Error(`${this.#identity} could not sign in: status ${answer.status}`);
  }

  async #request(method: 'GET' | 'POST', path: string, fields?: Record<string, string>): Promise<Response> {
    if (fields?.['csrf'] !== undefined) ScriptedApprover.secrets.add(fields['csrf']);
    const response = await fetch(new URL(path, this.#frontDoorUrl), {
      method,
      redirect: 'manual',
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(fields === undefined ? {} : { body: new URLSearchParams(fields) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      this.#cookies.set(name, value);
      // A cookie is taken back by an empty value.
      if (value !== '') ScriptedApprover.secrets.add(value);
    }
    return response;
  }
}

/**
 * The form of a page that has a field of this name, with what it sends whatever the person does.
 *
 * @throws Error when there is none: the page says something else than expected, and its heading says what.
 */
export function formWith(
  html: string,
  field: string,
  defaultAction: string,
): { action: string; hidden: Record<string, string> } {
  for (const [, attributes = '', content = ''] of html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
    if (!content.includes(`name="${field}"`)) continue;
    const inputs = [...content.matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag);
    const hidden = inputs
      .filter((tag) => attribute(tag, 'type') === 'hidden')
      .map((tag) => [attribute(tag, 'name') ?? '', attribute(tag, 'value') ?? ''] as const);
    return { action: attribute(attributes, 'action') ?? defaultAction, hidden: Object.fromEntries(hidden) };
  }
  const heading = /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<[^>]+>/g, '') ?? 'no heading';
  throw new Error(`the page "${heading}" has no form with a field ${field}`);
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
