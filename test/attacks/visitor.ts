import type { Hono } from 'hono';
import { Browser } from '../approvals/browser.ts';
import type { Asked } from './asked.ts';
import { type Element, elementsOf, parseStrictHtml } from './strict-html.ts';

/** A response, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Somebody with a browser of their own at an address of their own: an approver, or an attacker. */
export class Visitor extends Browser {
  /** @param address Where API Gateway sees the connection come from. */
  constructor(app: Hono, address: string) {
    const environment = { event: { requestContext: { http: { sourceIp: address } } } };
    const request = (url: string, init?: RequestInit) => app.request(url, init, environment);
    super({ request } as Hono);
  }

  async ask(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await this.send(path, { ...init, method });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** A page that can be read in one way only. @throws Error where it cannot. */
  async page(path: string): Promise<Element> {
    return parseStrictHtml((await this.ask('GET', path)).text);
  }

  /** What the page's form to `action` that holds `field` sends whatever the person does. */
  async fieldsOf(path: string, action: string, field: string): Promise<Record<string, string>> {
    const forms = elementsOf(await this.page(path)).filter(
      ({ name, attributes }) => name === 'form' && attributes['action'] === action,
    );
    const fields = forms
      .map((form) => elementsOf(form).filter((element) => element.attributes['name'] !== undefined))
      .find((inputs) => inputs.some(({ attributes }) => attributes['name'] === field));
    if (fields === undefined) throw new Error(`${path} has no form to ${action} with ${field}`);
    const hidden = fields.filter(({ attributes }) => attributes['type'] === 'hidden');
    return Object.fromEntries(
      hidden.map(({ attributes }) => [attributes['name'] ?? '', attributes['value'] ?? '']),
    );
  }

  /** Opens an approval and leaves it open. @returns the fields of its approving form */
  async opened(asked: Asked): Promise<Record<string, string>> {
    return { ...(await this.fieldsOf(asked.path, asked.path, 'verdict')), verdict: 'approve' };
  }

  /** Sends a form. @returns the status */
  async submit(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Record<string, string> = {},
  ): Promise<number> {
    return (await this.post(path, { ...fields }, headers)).status;
  }

  /** Opens an approval and approves it. @returns the status of the answer to the vote: 303 when it counts */
  async approve(asked: Asked): Promise<number> {
    return this.submit(asked.path, await this.opened(asked));
  }

  async reject(asked: Asked): Promise<number> {
    return this.submit(asked.path, {
      ...(await this.opened(asked)),
      verdict: 'reject',
      reason: 'wrong-target',
    });
  }
}
