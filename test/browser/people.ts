import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { workFolder } from '../../local/places.ts';
import { findChromium, howToGetChromium } from './chromium.ts';

/** A narrow phone, held upright. */
export const phone = { width: 360, height: 740 } as const;
export const desk = { width: 1_280, height: 900 } as const;

/** Kept for whoever looks at the run afterwards; never committed. */
export const screenshotFolder = join(workFolder, 'screenshots');

/**
 * Starts Chromium. Of a stack over TLS it trusts the one certificate that the stack shows, as somebody does who
 * accepts the warning; anything else that is wrong with a certificate still stops it.
 */
export async function startChromium(...urls: readonly string[]): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(howToGetChromium);
  const secure = urls.filter((url) => url.startsWith('https:'));
  const keys = await Promise.all(secure.map(publicKeyDigest));
  return chromium.launch({
    executablePath,
    args: [
      // Chromium's own sandbox needs rights that a container's root does not have; only our own pages are opened.
      '--no-sandbox',
      ...(keys.length === 0 ? [] : [`--ignore-certificate-errors-spki-list=${[...new Set(keys)].join(',')}`]),
    ],
  });
}

/** A browser of their own for one person, and what they see in it. */
export class Visit {
  readonly page: Page;
  /** What the pages did that they must not: errors of scripts, anything from elsewhere, what the policy blocked. */
  readonly faults: string[] = [];
  readonly #allowed: ReadonlySet<string>;
  readonly #name: string;

  private constructor(page: Page, name: string, origins: readonly string[]) {
    this.page = page;
    this.#name = name;
    this.#allowed = new Set(origins);
    page.on('pageerror', (error) => this.faults.push(`script: ${error.message}`));
    page.on('dialog', (dialog) => {
      this.faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      const text = message.text();
      // A refused form is answered with 4xx, which Chromium notes.
      if (message.type() === 'error' && !text.startsWith('Failed to load resource')) this.faults.push(text);
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && !this.#allowed.has(url.origin)) this.faults.push(`from ${url.origin}`);
    });
  }

  /** @param name Of the visit: it stands in the names of screenshots. */
  static async begin(
    browser: Browser,
    name: string,
    origins: readonly string[],
    options: BrowserContextOptions = { viewport: phone },
  ): Promise<Visit> {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...options });
    context.setDefaultTimeout(30_000);
    return new Visit(await context.newPage(), name, origins);
  }

  /** From the sign-in page through the provider's and back, with clicks. */
  async signIn(displayName: string): Promise<void> {
    await this.page.getByRole('link', { name: /^Sign in/ }).click();
    await this.page.getByRole('button', { name: displayName }).click();
  }

  /** The heading of the page that is shown. */
  async heading(): Promise<string> {
    return (await this.page.getByRole('heading', { level: 1 }).first().innerText()).trim();
  }

  async screenshot(step: string): Promise<void> {
    mkdirSync(screenshotFolder, { recursive: true });
    await this.page.screenshot({ path: join(screenshotFolder, `${this.#name}-${step}.png`), fullPage: true });
  }

  /** What axe finds against WCAG 2.2 AA on the page as it stands, light and dark: a line for each fault. */
  async accessibilityFaults(): Promise<string[]> {
    const faults: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page: this.page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        .analyze();
      for (const { id, nodes } of violations) {
        faults.push(...nodes.map(({ target }) => `${colorScheme} ${id}: ${target.join(' ')}`));
      }
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
    return faults;
  }

  /** How many pixels of the page lie right of the window: 0 where nobody has to scroll sideways. */
  async sidewaysPixels(): Promise<number> {
    const element = 'document.documentElement';
    return this.page.evaluate<number>(`${element}.scrollWidth - ${element}.clientWidth`);
  }

  async end(): Promise<void> {
    await this.page.context().close();
  }
}

/** SHA-256 of the public key that a server shows, base64. */
async function publicKeyDigest(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      servername: hostname,
      rejectUnauthorized: false,
    });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const { publicKey } = new X509Certificate(socket.getPeerCertificate(true).raw);
      socket.destroy();
      const key = publicKey.export({ type: 'spki', format: 'der' });
      resolve(createHash('sha256').update(key).digest('base64'));
    });
  });
}
