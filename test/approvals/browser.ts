import type { Hono } from 'hono';

/** A visitor with a cookie jar and no JavaScript, as far as these pages need one. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #app: Hono;

  constructor(app: Hono) {
    this.#app = app;
  }

  /** Sends one request without following redirects, and keeps the cookies it sets. */
  async send(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0 && !headers.has('cookie')) {
      headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    }
    const response = await this.#app.request(`https://approvals.example${path}`, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split('=');
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async get(path: string): Promise<{ status: number; text: string; location: string | null }> {
    const response = await this.send(path);
    return {
      status: response.status,
      text: await response.text(),
      location: response.headers.get('location'),
    };
  }

  async post(
    path: string,
    fields: Record<string, string> | [string, string][],
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; location: string | null }> {
    const response = await this.send(path, { method: 'POST', body: new URLSearchParams(fields), headers });
    return {
      status: response.status,
      text: await response.text(),
      location: response.headers.get('location'),
    };
  }

  /** Signs in where the pages know people by `KnownPeople`, and says where that led to. */
  async signIn(identity: string, returnTo = '/'): Promise<string | null> {
    const { location } = await this.get(`/sign-in/start?returnTo=${encodeURIComponent(returnTo)}`);
    const state = new URL(location ?? '').searchParams.get('state') ?? '';
    const answer = new URLSearchParams({ code: identity, state });
    return (await this.get(`/sign-in/callback?${answer.toString()}`)).location;
  }
}

/** The form token of the page's form for `action`, or of its first form. */
export function tokenIn(html: string, action?: string): string {
  const from = action === undefined ? 0 : html.indexOf(`action="${action}"`);
  if (from < 0) return '';
  return /name="csrf" value="([^"]+)"/.exec(html.slice(from))?.[1] ?? '';
}
