import * as z from 'zod/mini';
import { sha256Hex } from '../../platform/digest.ts';
import type { Database } from '../../platform/dynamodb.ts';
import { DependencyUnavailableError } from '../../platform/errors.ts';
import { itemKeys } from '../../platform/item-keys.ts';
import { parseJson } from '../../platform/parse-json.ts';
import { channelUrl, postJson } from '../notices/notice-http.client.ts';
import { jsonSecret, slackSecret } from '../notices/notice-secret.client.ts';
import { PersonRecordStore } from '../sign-in/person-record.store.ts';
import type { SlackPorts } from './slack-ports.ts';
import { judgeSlackSignature, slackSkewSeconds } from './slack-signature.ts';

/** Where Slack's API is. */
const slackApiUrl = 'https://slack.com/api';

/** How long Slack may take for a message, and for an answer to somebody whose press Slack gives 3 s. */
const messageMs = 5_000;
const answerMs = 1_200;

/** Slack's words for a message that will never change again. */
const unchangeable = new Set<unknown>(['message_not_found', 'cant_update_message', 'edit_window_closed']);

const answerSchema = z.object({
  ok: z.boolean(),
  /** One of Slack's words, such as `channel_not_found`. */
  error: z.optional(z.string()),
  channel: z.optional(z.string()),
  ts: z.optional(z.string()),
});

/** Slack's Web API, as far as it is used: every call goes to the one configured host. */
export class SlackApi {
  readonly #secret: () => Promise<z.output<typeof slackSecret>>;
  readonly #apiUrl: string;

  /** @throws InvalidInputError `approvals.insecure-channel`. */
  constructor(secretArn: string, apiUrl: string = slackApiUrl, secret = jsonSecret(secretArn, slackSecret)) {
    this.#secret = secret;
    this.#apiUrl = channelUrl(apiUrl).href.replace(/\/+$/, '');
  }

  /** The secret that Slack signs its requests with. */
  async signingSecret(): Promise<string> {
    return (await this.#secret()).signingSecret;
  }

  /** @returns What names the message from now on. */
  async post(message: object): Promise<string> {
    const { channel, ts } = await this.#call('chat.postMessage', message, messageMs);
    if (channel === undefined || ts === undefined) throw refused('no-message-id');
    return `${channel}/${ts}`;
  }

  /**
   * Replaces a message; one that somebody deleted, or that cannot be changed any more, stays as it is.
   *
   * @param messageId As {@link post} returned it.
   */
  async update(messageId: string, message: object): Promise<void> {
    const [channel, ts] = messageId.split('/');
    try {
      await this.#call('chat.update', { ...message, channel, ts }, messageMs);
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError && unchangeable.has(error.details['word'])))
        throw error;
    }
  }

  /** Tells one user of a channel something that only they see. `text` must be our own words. */
  async answer(channel: string, user: string, text: string): Promise<void> {
    await this.#call('chat.postEphemeral', { channel, user, text }, answerMs);
  }

  /** @throws DependencyUnavailableError `approvals.channel-unreachable`, `approvals.slack-refused`. */
  async #call(method: string, body: object, timeoutMs: number): Promise<z.output<typeof answerSchema>> {
    const { botToken } = await this.#secret();
    const headers = { authorization: `Bearer ${botToken}` };
    const text = await postJson(new URL(`${this.#apiUrl}/${method}`), body, { headers, timeoutMs });
    const answer = z.safeParse(answerSchema, parseJson(text)).data;
    if (answer?.ok !== true) throw refused(answer?.error);
    return answer;
  }
}

/** Slack's words for what it refuses are short and closed; anything else is not repeated. */
function refused(error = 'unreadable-answer'): DependencyUnavailableError {
  const word = /^[a-z_-]{1,64}$/.test(error) ? error : 'unknown';
  return new DependencyUnavailableError('approvals.slack-refused', `Slack said ${word}; it is tried again`, {
    details: { word },
  });
}

/** How long it is remembered that a message was accepted: longer than one could be sent again, both ways. */
const seenSeconds = slackSkewSeconds * 4;

/** What deciding in Slack takes, over the tables and the configured application. */
export function openSlack(
  settings: {
    readonly secretArn: string;
    readonly apiUrl?: string | undefined;
    readonly controlsTable: string;
  },
  database: Database,
  api: SlackApi = new SlackApi(settings.secretArn, settings.apiUrl),
): SlackPorts {
  const people = new PersonRecordStore(database, settings.controlsTable);
  return {
    verify: async (rawBody, timestamp, signature, now) => {
      const verdict = judgeSlackSignature(await api.signingSecret(), rawBody, timestamp, signature, now);
      if (verdict !== 'genuine') return verdict;
      const seen = await database.putOnce(settings.controlsTable, {
        ...itemKeys.seen(sha256Hex(`slack ${signature}`)),
        ttlEpochSeconds: Math.ceil(now / 1_000) + seenSeconds,
      });
      return seen === 'stored' ? 'genuine' : 'replayed';
    },
    personOf: (identityId) => people.find(identityId),
    answer: (channelId, userId, text) => api.answer(channelId, userId, text),
  };
}
