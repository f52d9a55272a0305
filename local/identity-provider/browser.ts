/** A page as it stands after every redirect. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly html: string;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
  readonly secure: boolean;
}

const mostRedirects = 12;

/**
 * A browser as far as signing in takes one: it keeps cookies by host (as real ones do, whatever the port) and
 * follows redirects one by one. It runs no script and loads nothing but what it is told to.
 */
export class Browser {
  readonly #onSecret: (secret: string) => void;
  #cookies: readonly Cookie[] = [];

  /** @param onSecret Told of every cookie, authorization code and form token that this browser gets to hold. */
  constructor(onSecret: (secret: string) => void = () => {}) {
    this.#onSecret = onSecret;
  }

  /** Opens an address. @throws Error after 12 redirects. */
  async open(url: string | URL): Promise<Page> {
    return this.#follow(await this.send('GET', url), url);
  }

  /** Sends a form and shows what comes of it. */
  async submit(url: string | URL, fields: Readonly<Record<string, string>>): Promise<Page> {
    return this.#follow(await this.send('POST', url, fields), url);
  }

  /** One request; no redirect is followed. */
  async send(
    method: 'GET' | 'POST',
    url: string | URL,
    fields?: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const target = new URL(url);
    for (const name of ['csrf', 'xsrf']) if (fields?.[name] !== undefined) this.#onSecret(fields[name]);
    const code = target.searchParams.get('code');
    if (code !== null) this.#onSecret(code);
    const response = await fetch(target, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        cookie: this.#cookiesFor(target),
        ...(method === 'POST' ? { origin: target.origin, 'sec-fetch-site': 'same-origin' } : {}),
      },
      ...(fields === undefined ? {} : { body: new URLSearchParams(fields) }),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line, target);
    return response;
  }

  async #follow(first: Response, from: string | URL): Promise<Page> {
    let response = first;
    let url = new URL(from);
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) {
        return { url: url.href, status: response.status, html: await response.text() };
      }
      await response.body?.cancel();
      url = new URL(location, url);
      response = await this.send('GET', url);
    }
    throw new Error(`more than ${mostRedirects} redirects from ${new URL(from).origin}`);
  }

  #cookiesFor({ protocol, hostname, pathname }: URL): string {
    return this.#cookies
      .filter(({ host, path, secure }) => {
        // Browsers count plain HTTP on localhost as secure.
        const isSecure = protocol === 'https:' || hostname === 'localhost';
        return host === hostname && isWithin(pathname, path) && (isSecure || !secure);
      })
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #keep(line: string, { hostname: host }: URL): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(name.length + 1);
    const given = new Map(
      attributes.map((attribute) => {
        const [key = '', ...rest] = attribute.split('=');
        return [key.toLowerCase(), rest.join('=')];
      }),
    );
    const path = given.get('path') ?? '/';
    const maxAge = given.get('max-age');
    const expires = given.get('expires');
    const isGone = maxAge === undefined ? Date.parse(expires ?? '') <= Date.now() : Number(maxAge) <= 0;
    const others = this.#cookies.filter(
      (cookie) => cookie.name !== name || cookie.host !== host || cookie.path !== path,
    );
    if (value !== '' && !isGone) this.#onSecret(value);
    this.#cookies = isGone ? others : [...others, { name, value, host, path, secure: given.has('secure') }];
  }
}

function isWithin(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}
