import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the stand-in believes; a secret for the code under test holds the same. */
export const slackSecret = {
  botToken: 'xoxb-stand-in-0123456789',
  signingSecret: '8f742231b10e8888abcd99yyyzzz85a5',
};
/** Where messages go, as Slack names it. */
export const slackChannelId = 'C0123456789';
export const slackTeamId = 'T0123456789';

/** How it behaves towards one caller: as Slack does, with one of Slack's words, an HTTP status, or no answer. */
export type Behaviour =
  | 'works'
  | { readonly word: string }
  | { readonly status: number; readonly location?: string }
  | 'hangs';

export interface StandInMessage {
  readonly ts: string;
  /** As posted, or as it was last changed. */
  readonly text: string;
  readonly blocks: readonly Block[];
  /** How often it was changed. */
  readonly updates: number;
}

export interface Block {
  readonly type: string;
  readonly text?: { readonly type: string; readonly text: string };
  readonly fields?: readonly { readonly type: string; readonly text: string }[];
  readonly elements?: readonly Element[];
}

interface Element {
  readonly type: string;
  readonly action_id?: string;
  readonly value?: string;
  readonly url?: string;
  readonly text?: string | { readonly type: string; readonly text: string };
  readonly placeholder?: { readonly type: string; readonly text: string };
  readonly options?: readonly { readonly text: { readonly text: string }; readonly value: string }[];
}

export interface Call {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown>;
}

/**
 * Slack's API and a webhook over real HTTP: messages with an id each, `chat.update`, `chat.postEphemeral`, the
 * limits of blocks, `not_authed` for a wrong token. What it was sent can be read back.
 */
export class SlackStandIn {
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #messages = new Map<string, StandInMessage>();
  /** Every request that arrived, whatever the answer. */
  readonly calls: Call[] = [];
  /** What single users were told. */
  readonly answers: { readonly channel: unknown; readonly user: unknown; readonly text: string }[] = [];
  /** What the webhook took. */
  readonly cards: Record<string, unknown>[] = [];
  slack: Behaviour = 'works';
  webhook: Behaviour = 'works';
  /** Called with each request before it is answered: where two senders meet. */
  meanwhile: (call: Call) => Promise<void> = async () => {};

  static async start(): Promise<SlackStandIn> {
    const standIn = new SlackStandIn();
    await new Promise<void>((resolve) => standIn.#server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get apiUrl(): string {
    return `${this.origin}/api`;
  }

  /** Secret by its path, as Teams' are. */
  get webhookUrl(): string {
    return `${this.origin}/hooks/secret-path-of-the-webhook`;
  }

  /** In the order in which they were posted, as they stand now. */
  get messages(): readonly StandInMessage[] {
    return [...this.#messages.values()];
  }

  /** Somebody deletes a message. */
  remove(ts: string): void {
    this.#messages.delete(ts);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { authorization } = request.headers;
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
    const path = request.url ?? '';
    const call = { path, authorization, body };
    this.calls.push(call);
    await this.meanwhile(call);
    const isApi = path.startsWith('/api/');
    const behaviour = isApi ? this.slack : this.webhook;
    if (behaviour === 'hangs') return;
    if (behaviour !== 'works' && 'status' in behaviour) {
      const headers = behaviour.location === undefined ? {} : { location: behaviour.location };
      response.writeHead(behaviour.status, headers).end();
      return;
    }
    if (!isApi) {
      this.cards.push(body);
      response.writeHead(202).end();
      return;
    }
    const answer =
      behaviour === 'works'
        ? this.#call(path.slice('/api/'.length), call)
        : { ok: false, error: behaviour.word };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  #call(method: string, { authorization, body }: Call): object {
    if (authorization !== `Bearer ${slackSecret.botToken}`) return { ok: false, error: 'not_authed' };
    const fault = faultIn(body);
    if (fault !== undefined) return { ok: false, error: fault };
    if (body['channel'] !== slackChannelId) return { ok: false, error: 'channel_not_found' };
    switch (method) {
      case 'chat.postMessage': {
        const ts = `1795341600.${String(this.#messages.size + 1).padStart(6, '0')}`;
        this.#messages.set(ts, { ts, ...contentOf(body), updates: 0 });
        return { ok: true, channel: slackChannelId, ts };
      }
      case 'chat.update': {
        const before = this.#messages.get(String(body['ts']));
        if (before === undefined) return { ok: false, error: 'message_not_found' };
        this.#messages.set(before.ts, { ts: before.ts, ...contentOf(body), updates: before.updates + 1 });
        return { ok: true, channel: slackChannelId, ts: before.ts };
      }
      case 'chat.postEphemeral':
        this.answers.push({ channel: body['channel'], user: body['user'], text: String(body['text']) });
        return { ok: true, message_ts: '1795341600.999999' };
      default:
        return { ok: false, error: 'unknown_method' };
    }
  }
}

function contentOf(body: Record<string, unknown>) {
  return { text: String(body['text']), blocks: body['blocks'] as Block[] };
}

/** Slack's limits of what a message holds, as its reference has them. */
function faultIn({ text, blocks = [] }: { text?: unknown; blocks?: unknown }): string | undefined {
  if (typeof text !== 'string' || text === '') return 'no_text';
  if (!Array.isArray(blocks) || blocks.length > 50) return 'invalid_blocks';
  const fits = (value: unknown, limit: number) =>
    typeof value !== 'string' || (value.length > 0 && value.length <= limit);
  const isFine = (blocks as Block[]).every(
    (block) =>
      fits(block.text?.text, block.type === 'header' ? 150 : 3_000) &&
      (block.fields ?? []).length <= 10 &&
      (block.fields ?? []).every((field) => fits(field.text, 2_000)) &&
      (block.elements ?? []).length <= (block.type === 'actions' ? 25 : 10) &&
      (block.elements ?? []).every(
        (element) =>
          (element.type === 'plain_text' ||
            typeof element.text !== 'object' ||
            fits(element.text.text, 75)) &&
          fits(element.value, 2_000) &&
          fits(element.url, 3_000) &&
          fits(element.placeholder?.text, 150) &&
          (element.options ?? []).length <= 100 &&
          (element.options ?? []).every((option) => fits(option.text.text, 75) && fits(option.value, 150)),
      ),
  );
  return isFine ? undefined : 'invalid_blocks';
}

/** Everything that people read in a message, in order. */
export function textsOf({ text, blocks }: Pick<StandInMessage, 'text' | 'blocks'>): string[] {
  const found: string[] = [text];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (name === 'text' && typeof member === 'string') found.push(member);
      else walk(member);
    }
  };
  walk(blocks);
  return found;
}

/** Buttons and menus of a message by their action, such as `approve`. */
export function controlsOf({ blocks }: Pick<StandInMessage, 'blocks'>): Map<string, Element> {
  const elements = blocks.flatMap((block) => block.elements ?? []);
  return new Map(
    elements.flatMap((element) => (element.action_id === undefined ? [] : [[element.action_id, element]])),
  );
}

/** What Slack sends when somebody presses a button in a message, or chooses the entry of its menu that begins so. */
export function pressOf(
  message: Pick<StandInMessage, 'ts' | 'text' | 'blocks'>,
  pressed: 'approve' | 'open' | `reject ${string}`,
  user: { readonly id: string; readonly team_id?: string } = { id: 'U0ANA' },
): Record<string, unknown> {
  const [actionId = '', reason] = pressed.split(' ');
  const control = controlsOf(message).get(actionId);
  if (control === undefined) throw new Error(`the message has no ${actionId}`);
  const option = control.options?.find(({ value }) => value.startsWith(`${reason}:`));
  const action = {
    action_id: actionId,
    block_id: 'b1',
    type: control.type,
    action_ts: '1795341660.000001',
    ...(control.value === undefined ? {} : { value: control.value }),
    ...(option === undefined ? {} : { selected_option: option }),
  };
  return slackPayload(action, { team_id: slackTeamId, ...user }, message);
}

/** A `block_actions` payload with the members that Slack sends. */
export function slackPayload(
  action: Record<string, unknown>,
  user: { readonly id: string; readonly team_id?: string },
  message: object = {},
): Record<string, unknown> {
  return {
    type: 'block_actions',
    user: { username: 'somebody', name: 'somebody', ...user },
    api_app_id: 'A0123456789',
    token: 'a-deprecated-verification-token',
    container: { type: 'message', channel_id: slackChannelId, is_ephemeral: false },
    trigger_id: '12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3',
    team: { id: slackTeamId, domain: 'example' },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: slackChannelId, name: 'operations' },
    message,
    state: { values: {} },
    response_url: 'https://hooks.slack.example/actions/T0123456789/1/abc',
    actions: [action],
  };
}

/** The request as Slack signs it, at this instant. Not by the code under test. */
export function slackRequest(
  payload: object | string,
  atEpochMs: number,
  signingSecret = slackSecret.signingSecret,
) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return signedBody(new URLSearchParams({ payload: text }).toString(), atEpochMs, signingSecret);
}

/** Any body as Slack would sign it. */
export function signedBody(body: string, atEpochMs: number, signingSecret = slackSecret.signingSecret) {
  const timestamp = String(Math.floor(atEpochMs / 1_000));
  const digest = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
  return {
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${digest}`,
    },
  };
}
