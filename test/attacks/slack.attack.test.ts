import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slackValue } from '../../functions/approvals/slack/slack-interaction.ts';
import {
  signedBody,
  slackChannelId,
  slackPayload,
  slackRequest,
  slackTeamId,
} from '../approvals/slack-stand-in.ts';
import type { Asked } from './asked.ts';
import { hostileTexts } from './payloads.ts';
import { World } from './world.ts';

let world: World;
let asked: Asked;
beforeEach(async () => {
  world = await World.open({ slack: true });
  asked = await world.ask();
  await world.signedIn('ana');
});
afterEach(() => world.close());

interface Press {
  readonly user?: string;
  readonly team?: string;
  readonly of?: Pick<Asked, 'approvalId' | 'planDigest'>;
  readonly value?: string;
}

/** What Slack sends when somebody presses Approve. */
function pressed({ user = 'UANA', team = slackTeamId, of = asked, value }: Press = {}): object {
  const meant = value ?? slackValue('approve', of.approvalId, of.planDigest) ?? '';
  const action = { action_id: 'approve', type: 'button', value: meant };
  return slackPayload(action, { id: user, team_id: team });
}

async function send(init: { body: string; headers: Record<string, string> }): Promise<number> {
  const { status, text } = await world.visitor().ask('POST', '/slack/interactions', init);
  expect(text).toBe('');
  return status;
}

async function isUntouched(of: Asked = asked): Promise<void> {
  expect(await world.approval(of)).toMatchObject({ status: 'pending', votes: [] });
}

describe('Slack', () => {
  it('decides when it is honest, once, however often it is sent again', async () => {
    const request = slackRequest(pressed(), Date.now());
    expect(await send(request)).toBe(200);
    expect(await world.approval(asked)).toMatchObject({ status: 'approved', votes: [{ via: 'slack' }] });
    for (let time = 0; time < 3; time++) expect(await send(request)).toBe(401);
    expect(world.slack?.answers).toHaveLength(1);
  });

  it('is replayed for a press that did not count the first time', async () => {
    const kim = await world.ask({ quorum: 2 });
    const request = slackRequest(pressed({ user: 'UDAN', of: kim }), Date.now());
    await world.signedIn('dan');
    expect(await send(request)).toBe(200);
    world.provider.setGroups('dan', ['approvers']);
    await world.signedIn('dan');
    expect(await send(request)).toBe(401);
    await isUntouched(kim);
  });

  it('is replayed twice at once', async () => {
    const request = slackRequest(pressed(), Date.now());
    const answers = await Promise.all([send(request), send(request), send(request)]);
    expect(answers.toSorted()).toStrictEqual([200, 401, 401]);
  });

  it('is signed with another secret, another body, another time, another version or not at all', async () => {
    const now = Date.now();
    const honest = slackRequest(pressed(), now);
    const other = slackRequest(pressed({ user: 'UBEN' }), now);
    const signature = honest.headers['x-slack-signature'];
    const forged = [
      slackRequest(pressed(), now, 'another-signing-secret-0123456789'),
      slackRequest(pressed(), now, ''),
      { ...honest, body: other.body },
      { ...honest, body: `${honest.body}&x=y` },
      {
        ...honest,
        headers: { ...honest.headers, 'x-slack-request-timestamp': String(Math.floor(now / 1_000) - 1) },
      },
      ...[
        '',
        'v0=',
        signature.replace('v0=', 'v1='),
        signature.slice(0, -1),
        `${signature}0`,
        signature.slice(3),
      ].map((text) => ({ ...honest, headers: { ...honest.headers, 'x-slack-signature': text } })),
      { body: honest.body, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ];
    for (const request of forged) expect(await send(request as never)).toBe(401);
    await isUntouched();
    expect(await send(honest)).toBe(200);
  });

  it('was signed five minutes and a second ago, or will be', async () => {
    const now = Math.floor(world.freeze() / 1_000) * 1_000;
    world.travelTo(now);
    expect(await send(slackRequest(pressed(), now - 301_000))).toBe(401);
    expect(await send(slackRequest(pressed(), now + 301_000))).toBe(401);
    await isUntouched();
    expect(await send(slackRequest(pressed(), now - 300_000))).toBe(200);
    expect(await world.approval(asked)).toMatchObject({ status: 'approved' });
  });

  it('has a timestamp that is no number', async () => {
    const body = new URLSearchParams({ payload: JSON.stringify(pressed()) }).toString();
    for (const atEpochMs of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0]) {
      expect(await send(signedBody(body, atEpochMs))).toBe(401);
    }
    await isUntouched();
  });

  it('is pressed by somebody whom nobody knows, or of another workspace', async () => {
    for (const press of [{ user: 'UEVIL' }, { team: 'TEVIL' }, { user: 'ana' }, { user: 'uana' }]) {
      await send(slackRequest(pressed(press), Date.now()));
    }
    await isUntouched();
  });

  it('is pressed by a guest whose own workspace is another one, in a shared channel', async () => {
    const payload = pressed({ team: 'TEVIL' }) as Record<string, unknown>;
    expect(payload['team']).toMatchObject({ id: slackTeamId });
    await send(slackRequest(payload, Date.now()));
    await isUntouched();
  });

  it('is pressed by somebody the provider has not vouched for in the last eight hours', async () => {
    const now = world.freeze();
    const later = await world.ask({ lifeSeconds: 40_000 });
    await world.signedIn('ana');
    world.travelTo(now + 8 * 3_600_000);
    await send(slackRequest(pressed({ of: later }), Date.now()));
    await isUntouched(later);
    await send(slackRequest(pressed({ user: 'UBEN', of: later }), Date.now()));
    await isUntouched(later);
    world.travelTo(now + 8 * 3_600_000 - 1);
    await send(slackRequest({ ...pressed({ of: later }), trigger_id: 'another press' }, Date.now()));
    expect(await world.approval(later)).toMatchObject({ status: 'approved' });
  });

  it('is pressed by somebody whom the provider has stopped vouching for', async () => {
    const ana = await world.signedIn('ana');
    world.provider.remove('ana');
    await ana.submit(asked.path, await ana.opened(asked));
    await send(slackRequest(pressed(), Date.now()));
    await isUntouched();
  });

  it('is pressed by somebody who owns the agent, asked for it or has no authority', async () => {
    const own = await world.ask({ requestedBy: 'ana' });
    await Promise.all(['olga', 'dan'].map((person) => world.signedIn(person)));
    for (const user of ['UOLGA', 'UDAN']) await send(slackRequest(pressed({ user }), Date.now()));
    await send(slackRequest(pressed({ of: own }), Date.now()));
    await isUntouched();
    await isUntouched(own);
  });

  it('decides what is too high to be decided there', async () => {
    for (const question of [
      { tier: 'high' },
      { decision: { tier: undefined } },
      { decision: { tier: 'HIGH' } },
    ] as const) {
      const high = await world.ask(question as never);
      await send(slackRequest(pressed({ of: high }), Date.now()));
      await isUntouched(high);
    }
  });

  it('decides a plan that the message did not show', async () => {
    const other = await world.ask();
    await send(slackRequest(pressed({ of: { ...asked, planDigest: other.planDigest } }), Date.now()));
    await isUntouched();
  });

  it('sends a value that was altered on the way', async () => {
    const honest = slackValue('approve', asked.approvalId, asked.planDigest) ?? '';
    const reject = slackValue('wrong-timing', asked.approvalId, asked.planDigest) ?? '';
    for (const value of [
      '',
      `${honest}x`,
      honest.toUpperCase(),
      reject,
      honest.replace(asked.approvalId, '__proto__'),
      honest.replace(asked.planDigest, ''),
      JSON.stringify(asked),
      ...hostileTexts.slice(0, 10),
    ]) {
      expect(await send(slackRequest(pressed({ value }), Date.now()))).toBe(200);
    }
    await isUntouched();
  });

  it('sends something that is no press of ours', async () => {
    const bodies = [
      'null',
      '[]',
      '{"type":"url_verification","challenge":"x"}',
      JSON.stringify({ ...pressed(), type: 'view_submission' }),
      JSON.stringify({ ...pressed(), actions: [] }),
      JSON.stringify({ ...pressed(), user: { id: '__proto__', team_id: slackTeamId } }),
      '<xml/>',
    ];
    for (const body of bodies) expect(await send(slackRequest(body, Date.now()))).toBe(200);
    const twice = new URLSearchParams([
      ['payload', JSON.stringify(pressed())],
      ['payload', JSON.stringify(pressed())],
    ]);
    expect(await send(signedBody(twice.toString(), Date.now()))).toBe(200);
    await isUntouched();
  });

  it('tells whoever pressed what exists and what does not', async () => {
    await world.signedIn('dan');
    const unknown = { approvalId: 'A'.repeat(27), planDigest: asked.planDigest };
    for (const of of [asked, unknown]) await send(slackRequest(pressed({ user: 'UDAN', of }), Date.now()));
    await send(slackRequest(pressed({ of: unknown }), Date.now()));
    const texts = world.slack?.answers.map(({ text }) => text);
    expect(texts).toHaveLength(3);
    expect(new Set(texts).size).toBe(1);
  });

  it('makes us answer at an address of the attacker’s', async () => {
    const payload = {
      ...pressed(),
      response_url: 'http://127.0.0.1:1/steal',
      channel: { id: slackChannelId, name: 'x' },
    };
    expect(await send(slackRequest(payload, Date.now()))).toBe(200);
    expect(world.slack?.calls.map(({ path }) => path)).toStrictEqual(['/api/chat.postEphemeral']);
    expect(world.errors).toStrictEqual([]);
  });

  it('is pressed more than thirty times a minute by one user', async () => {
    world.freeze();
    const quorum = await world.ask({ quorum: 2 });
    const value = slackValue('approve', 'A'.repeat(27), quorum.planDigest) ?? '';
    for (let press = 0; press < 31; press++) {
      await send(slackRequest({ ...pressed({ value }), trigger_id: String(press) }, Date.now()));
    }
    await send(slackRequest(pressed({ of: quorum }), Date.now()));
    await isUntouched(quorum);
  });

  it('sends a megabyte', async () => {
    const payload = { ...pressed(), padding: 'x'.repeat(1_048_576) };
    expect(await send(slackRequest(payload, Date.now()))).toBe(413);
    await isUntouched();
  });
});
