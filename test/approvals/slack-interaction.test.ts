import { describe, expect, it } from 'vitest';
import { parseSlackInteraction, slackIdentityOf } from '../../functions/approvals/slack/slack-interaction.ts';
import { judgeSlackSignature } from '../../functions/approvals/slack/slack-signature.ts';
import { signedBody, slackChannelId, slackPayload, slackTeamId } from './slack-stand-in.ts';

/** 22 November 2026, 10:00:00 UTC. */
const now = 1_795_341_600_000;
const digest = 'a'.repeat(64);
const user = { id: 'U0ANA', team_id: slackTeamId };

describe('the signature', () => {
  // The example in Slack's own documentation.
  const example = {
    body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    timestamp: '1531420618',
    signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  };
  const judge = (over: Partial<typeof example> = {}, at = 1_531_420_618_000) => {
    const { secret, body, timestamp, signature } = { ...example, ...over };
    return judgeSlackSignature(secret, body, timestamp, signature, at);
  };

  it('of the example in Slack’s documentation is genuine', () => expect(judge()).toBe('genuine'));

  it.each<[string, Partial<typeof example>]>([
    ['another body', { body: `${example.body}&x=1` }],
    ['an empty body', { body: '' }],
    ['another secret', { secret: '8f742231b10e8888abcd99yyyzzz85a6' }],
    ['another timestamp', { timestamp: '1531420619' }],
    ['a timestamp of another spelling', { timestamp: '01531420618' }],
    ['no timestamp', { timestamp: '' }],
    ['a timestamp that is no number', { timestamp: 'NaN' }],
    ['a timestamp with a fraction', { timestamp: '1531420618.0' }],
    ['no signature', { signature: '' }],
    ['a signature in capitals', { signature: example.signature.toUpperCase() }],
    ['another version', { signature: example.signature.replace('v0', 'v1') }],
    ['no version', { signature: example.signature.slice(3) }],
    ['a shorter signature', { signature: example.signature.slice(0, -1) }],
    ['a longer signature', { signature: `${example.signature}0` }],
    ['a last digit that differs', { signature: `${example.signature.slice(0, -1)}4` }],
    ['non-ASCII of the same length', { signature: `${example.signature.slice(0, -2)}é` }],
  ])('with %s is forged', (_case, over) => expect(judge(over)).toBe('forged'));

  it.each([
    [-300_001, 'stale'],
    [-300_000, 'genuine'],
    [-299_999, 'genuine'],
    [299_999, 'genuine'],
    [300_000, 'genuine'],
    [300_001, 'stale'],
  ])('is judged %i ms away as %s', (away, verdict) => {
    expect(judge({}, 1_531_420_618_000 + away)).toBe(verdict);
  });

  it('says forged, not stale, of what is both', () => {
    expect(judge({ signature: `v0=${'0'.repeat(64)}` }, 0)).toBe('forged');
  });
});

const body = (payload: object) =>
  signedBody(new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), now).body;
const approve = { action_id: 'approve', type: 'button', value: `approve:${digest}:apr-1` };
const reject = {
  action_id: 'reject',
  type: 'static_select',
  selected_option: {
    text: { type: 'plain_text', text: 'Never do this' },
    value: `never-again:${digest}:apr-1`,
  },
};

describe('a press in Slack', () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    ['approve', approve, { approvalId: 'apr-1', planDigest: digest, verdict: 'approve' }],
    ['reject', reject, { approvalId: 'apr-1', planDigest: digest, verdict: 'reject', reason: 'never-again' }],
    ['open the page', { action_id: 'open', type: 'button', value: 'x' }, 'opened'],
  ])('%s is read', (_case, action, pressed) => {
    expect(parseSlackInteraction(body(slackPayload(action, user)))).toStrictEqual({
      user: { teamId: slackTeamId, userId: 'U0ANA' },
      channelId: slackChannelId,
      pressed,
    });
  });

  it.each([
    [
      'the user’s own team in a shared channel',
      { ...slackPayload(approve, { id: 'U0ANA', team_id: 'T9' }) },
      'T9',
    ],
    ['the message’s team where the user’s is not said', slackPayload(approve, { id: 'U0ANA' }), slackTeamId],
    ['the user’s in an organisation', { ...slackPayload(approve, user), team: null }, slackTeamId],
  ])('counts by %s', (_case, payload, teamId) => {
    expect(parseSlackInteraction(body(payload))?.user).toStrictEqual({ teamId, userId: 'U0ANA' });
  });

  const payload = slackPayload(approve, user);
  const acting = (action: object) => ({ ...payload, actions: [{ ...approve, ...action }] });
  it.each<[string, string]>([
    ['nothing', ''],
    ['no form', JSON.stringify(payload)],
    ['another field', `${body(payload)}&x=1`],
    ['two payloads', `${body(payload)}&${body(payload)}`],
    ['another name', `Payload=${encodeURIComponent(JSON.stringify(payload))}`],
    ['no JSON', 'payload=%7B'],
    ['a JSON null', 'payload=null'],
    ['a list', 'payload=%5B%5D'],
    ['deep nesting', `payload=${'['.repeat(20_000)}`],
    ['another type', body({ ...payload, type: 'view_submission' })],
    ['a type in capitals', body({ ...payload, type: 'BLOCK_ACTIONS' })],
    ['no user', body({ ...payload, user: undefined })],
    ['a user without id', body({ ...payload, user: { name: 'ana' } })],
    ['a user who is two', body({ ...payload, user: { id: ['U0ANA', 'U0BEN'] } })],
    ['a user with another spelling', body({ ...payload, user: { ...user, id: 'u0ana' } })],
    ['no team at all', body({ ...payload, user: { id: 'U0ANA' }, team: null })],
    ['no channel', body({ ...payload, channel: null })],
    ['no action', body({ ...payload, actions: [] })],
    ['two actions', body({ ...payload, actions: [approve, reject] })],
    ['an unknown action', body(acting({ action_id: 'stop' }))],
    ['a prototype name', body(acting({ action_id: 'constructor' }))],
    ['no value', body(acting({ value: undefined }))],
    [
      'an approval by the menu',
      body(acting({ action_id: 'reject', selected_option: { value: approve.value } })),
    ],
    ['a rejection by the button', body(acting({ value: `wrong-timing:${digest}:apr-1` }))],
    [
      'a reason that needs a comment',
      body(acting({ action_id: 'reject', selected_option: { value: `other:${digest}:apr-1` } })),
    ],
    [
      'an unknown reason',
      body(acting({ action_id: 'reject', selected_option: { value: `because:${digest}:apr-1` } })),
    ],
    ['a digest that is none', body(acting({ value: `approve:${digest.toUpperCase()}:apr-1` }))],
    ['a short digest', body(acting({ value: `approve:${digest.slice(1)}:apr-1` }))],
    ['no id', body(acting({ value: `approve:${digest}:` }))],
    ['an id with a line break', body(acting({ value: `approve:${digest}:apr-1\napr-2` }))],
    ['an id that is too long', body(acting({ value: `approve:${digest}:${'a'.repeat(257)}` }))],
    ['a list as value', body(acting({ value: [approve.value] }))],
  ])('%s is not one', (_case, text) => expect(parseSlackInteraction(text)).toBeUndefined());
});

describe('who a Slack user is', () => {
  const slackUsers = [
    { teamId: 'T1', userId: 'U1', identityId: 'ana' },
    { teamId: 'T2', userId: 'U1', identityId: 'ben' },
    { teamId: 'T1', userId: 'U2', identityId: 'kim' },
    { teamId: 'T1', userId: 'U2', identityId: 'lee' },
  ];

  it.each([
    ['T1', 'U1', 'ana'],
    ['T2', 'U1', 'ben'],
    ['T3', 'U1', undefined],
    ['T1', 'U3', undefined],
    // Two people by the policy's word: nobody.
    ['T1', 'U2', undefined],
    ['U1', 'T1', undefined],
    ['t1', 'U1', undefined],
    ['__proto__', 'constructor', undefined],
  ])('%s %s is %s', (teamId, userId, identityId) => {
    expect(slackIdentityOf({ slackUsers }, { teamId, userId })).toBe(identityId);
  });

  it('is nobody without a policy', () => {
    expect(slackIdentityOf({}, { teamId: 'T1', userId: 'U1' })).toBeUndefined();
  });
});
