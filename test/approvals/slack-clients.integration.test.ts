import { inspect } from 'node:util';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { noticeCard } from '../../functions/approvals/notices/notice-card.ts';
import { channelUrl } from '../../functions/approvals/notices/notice-http.client.ts';
import {
  jsonSecret,
  slackSecret,
  webhookSecret,
} from '../../functions/approvals/notices/notice-secret.client.ts';
import type { News } from '../../functions/approvals/notices/notice-words.ts';
import { webhookChannel } from '../../functions/approvals/notices/webhook.client.ts';
import { SlackApi } from '../../functions/approvals/slack/slack.client.ts';
import { dossierOf, now, pending } from './fixtures.ts';
import {
  type Behaviour,
  SlackStandIn,
  slackChannelId,
  slackSecret as standInSecret,
} from './slack-stand-in.ts';

const news: News = {
  kind: 'requested',
  dossier: dossierOf(pending()),
  joiningGroups: [],
  pageUrl: 'https://interlock.example/approvals/apr-1',
};

/** Secrets Manager as far as it is used. */
function vault(texts: (string | undefined)[]) {
  const client = new SecretsManagerClient({ region: 'us-east-1' });
  const reads = vi.spyOn(client, 'send').mockImplementation((command: unknown) => {
    expect(command).toBeInstanceOf(GetSecretValueCommand);
    return Promise.resolve({ SecretString: texts.length > 1 ? texts.shift() : texts[0] }) as never;
  });
  return { client, reads };
}

function secretOf(text: string, schema = slackSecret) {
  return jsonSecret('arn:secret', schema, () => now, vault([text]).client);
}

let standIn: SlackStandIn;
beforeEach(async () => {
  standIn = await SlackStandIn.start();
});
afterEach(() => standIn.stop());

const slackApi = (secret = standInSecret, apiUrl = standIn.apiUrl) =>
  new SlackApi('arn:secret', apiUrl, secretOf(JSON.stringify(secret)));
const webhook = (url = standIn.webhookUrl) =>
  webhookChannel(
    'arn:secret',
    jsonSecret('arn:secret', webhookSecret, () => now, vault([JSON.stringify({ url })]).client),
  );
const message = { channel: slackChannelId, text: 'hello', blocks: [] };
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('Slack’s API', () => {
  it('posts, changes what was posted, and answers one user', async () => {
    const api = slackApi();
    const id = await api.post(message);
    await api.update(id, { text: 'changed', blocks: [] });
    await api.answer(slackChannelId, 'U0ANA', 'only you');
    expect(standIn.messages).toMatchObject([{ text: 'changed', updates: 1 }]);
    expect(standIn.answers).toStrictEqual([{ channel: slackChannelId, user: 'U0ANA', text: 'only you' }]);
    expect(standIn.calls.map(({ path }) => path)).toStrictEqual([
      '/api/chat.postMessage',
      '/api/chat.update',
      '/api/chat.postEphemeral',
    ]);
  });

  it('leaves a message alone that somebody deleted', async () => {
    const api = slackApi();
    const id = await api.post(message);
    standIn.remove(id.split('/')[1] ?? '');
    await api.update(id, message);
    expect(standIn.messages).toStrictEqual([]);
  });

  it.each<[string, Behaviour, string]>([
    ['a refusal', { word: 'channel_not_found' }, 'approvals.slack-refused'],
    ['a refusal that is no word', { word: 'xoxb-stand-in-0123456789 <script>' }, 'approvals.slack-refused'],
    ['a rate limit', { status: 429 }, 'approvals.channel-unreachable'],
    ['an error', { status: 500 }, 'approvals.channel-unreachable'],
    ['success that is no JSON', { status: 200 }, 'approvals.slack-refused'],
  ])('says that it failed at %s, and nothing secret', async (_case, behaviour, code) => {
    standIn.slack = behaviour;
    const failure = await failureOf(slackApi().post(message));
    expect(failure).toMatchObject({ code, retryable: true });
    expect(inspect(failure, { depth: null })).not.toMatch(/xoxb|script|127\.0\.0\.1/);
  });

  it('follows no redirect, so the token goes nowhere else', async () => {
    const elsewhere = await SlackStandIn.start();
    try {
      for (const status of [301, 302, 303, 307, 308]) {
        standIn.slack = { status, location: `${elsewhere.apiUrl}/chat.postMessage` };
        expect(await failureOf(slackApi().post(message))).toMatchObject({
          code: 'approvals.channel-unreachable',
        });
      }
      expect(elsewhere.calls).toStrictEqual([]);
    } finally {
      await elsewhere.stop();
    }
  });

  it('gives up an answer before the three seconds that Slack waits', async () => {
    standIn.slack = 'hangs';
    const begun = performance.now();
    expect(await failureOf(slackApi().answer(slackChannelId, 'U0ANA', 'x'))).toMatchObject({
      code: 'approvals.channel-unreachable',
    });
    expect(performance.now() - begun).toBeLessThan(2_500);
  });

  it('fails where nobody listens', async () => {
    const { apiUrl } = standIn;
    await standIn.stop();
    expect(await failureOf(slackApi(standInSecret, apiUrl).post(message))).toMatchObject({
      code: 'approvals.channel-unreachable',
    });
    standIn = await SlackStandIn.start();
  });
});

describe('the webhook', () => {
  it('takes the card, whose one link is the page', async () => {
    await webhook().deliver(news);
    expect(standIn.cards).toStrictEqual([noticeCard(news)]);
    expect(standIn.cards[0]).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            type: 'AdaptiveCard',
            version: '1.4',
            actions: [{ type: 'Action.OpenUrl', url: 'https://interlock.example/approvals/apr-1' }],
          },
        },
      ],
    });
    expect(JSON.stringify(standIn.cards)).not.toMatch(/checkout|version 2/);
  });

  it.each<[string, Behaviour]>([
    ['an error', { status: 500 }],
    ['an address that is gone', { status: 410 }],
    ['a redirect', { status: 302, location: '/hooks/elsewhere' }],
  ])('that answers with %s has failed, and its secret address is said nowhere', async (_case, behaviour) => {
    standIn.webhook = behaviour;
    const failure = await failureOf(webhook().deliver(news));
    expect(failure).toMatchObject({ code: 'approvals.channel-unreachable', retryable: true });
    expect(inspect(failure, { depth: null })).not.toContain('secret-path');
    expect(standIn.calls).toHaveLength(1);
  });

  it.each([
    ['http://hooks.example/secret-path'],
    ['ftp://hooks.example/secret-path'],
    ['file:///secret-path'],
    ['http://127.0.0.1.example/secret-path'],
    ['http://localhost@hooks.example/secret-path'],
  ])('is refused at %s', async (url) => {
    const failure = await failureOf(webhook(url).deliver(news));
    expect(failure).toMatchObject({ code: 'approvals.insecure-channel' });
    expect(inspect(failure, { depth: null })).not.toContain('secret-path');
  });
});

describe('an address', () => {
  it.each([
    'https://hooks.example/a?b=c',
    'http://127.0.0.1:4000/api',
    'http://localhost/x',
    'http://[::1]:1/',
  ])('%s may be spoken to', (address) => expect(channelUrl(address).href).toBe(address));
});

describe('a channel’s secret', () => {
  it('is read once in five minutes, and then again', async () => {
    const { client, reads } = vault([
      JSON.stringify(standInSecret),
      JSON.stringify({ ...standInSecret, botToken: 'xoxb-new' }),
    ]);
    const clock = { now };
    const secret = jsonSecret('arn:secret', slackSecret, () => clock.now, client);
    const tokens: string[] = [];
    for (const at of [0, 299_999, 300_000, 300_001]) {
      clock.now = now + at;
      tokens.push((await secret()).botToken);
    }
    expect(tokens).toStrictEqual([standInSecret.botToken, standInSecret.botToken, 'xoxb-new', 'xoxb-new']);
    expect(reads).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['nothing', undefined],
    ['no JSON', 'xoxb-secret-of-the-test'],
    ['JSON of another kind', '["xoxb-secret-of-the-test"]'],
    ['no signing secret', JSON.stringify({ botToken: 'xoxb-secret-of-the-test' })],
    ['a signing secret that could be guessed', JSON.stringify({ ...standInSecret, signingSecret: 'short' })],
    [
      'a token that would make a header of its own',
      JSON.stringify({ ...standInSecret, botToken: 'xoxb-secret-of-the-test\r\nx: y' }),
    ],
  ])('that holds %s is refused and not repeated', async (_case, text) => {
    const secret = jsonSecret('arn:secret', slackSecret, () => now, vault([text]).client);
    const failure = await failureOf(secret());
    expect(failure).toMatchObject({ code: 'approvals.malformed-channel-secret' });
    expect(inspect(failure, { depth: null })).not.toContain('secret-of-the-test');
  });
});
