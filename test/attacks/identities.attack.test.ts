import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slackValue } from '../../functions/approvals/slack/slack-interaction.ts';
import {
  answerOf,
  attemptsIn,
  type ProviderOptions,
  startProvider,
  type TestProvider,
} from '../approvals/oidc-provider.ts';
import { slackPayload, slackRequest, slackTeamId } from '../approvals/slack-stand-in.ts';
import type { Asked, Question } from './asked.ts';
import { cli, delegationEndsAt, idTokenOf, sessionCookie } from './attacked-people.ts';
import type { Visitor } from './visitor.ts';
import { World } from './world.ts';

let provider: TestProvider;
let world: World;
afterEach(async () => {
  await world.close();
  await provider.stop();
});

async function at(options: ProviderOptions): Promise<void> {
  provider = await startProvider({ clients: [cli], ...options });
  world = await World.open({ issuer: provider.issuer, slack: true });
}

async function signedIn(person: string): Promise<Visitor> {
  const visitor = world.visitor();
  await visitor.get(await answerOf(visitor, provider.issuer, person));
  expect(visitor.cookies.has(sessionCookie)).toBe(true);
  return visitor;
}

/** Sends an approving form without looking at the page. @returns the status */
async function approve(visitor: Visitor, asked: Asked): Promise<number> {
  const csrf = await world.tokenFor(visitor, `approval/${asked.approvalId}`);
  return visitor.submit(asked.path, { csrf, planDigest: asked.planDigest, verdict: 'approve' });
}

/** @returns the status */
async function approveByApi(person: string, asked: Asked): Promise<number> {
  const authorization = `Bearer ${await idTokenOf(provider.issuer, person)}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const body = JSON.stringify({ planDigest: asked.planDigest, verdict: 'approve' });
  return (await world.visitor().ask('POST', `/api${asked.path}/votes`, { headers, body })).status;
}

async function approveInSlack(user: string, { approvalId, planDigest }: Asked): Promise<void> {
  const value = slackValue('approve', approvalId, planDigest) ?? '';
  const pressed = slackPayload(
    { action_id: 'approve', type: 'button', value },
    { id: user, team_id: slackTeamId },
  );
  const answer = await world.visitor().ask('POST', '/slack/interactions', slackRequest(pressed, Date.now()));
  expect(answer.status).toBe(200);
}

async function votes(asked: Asked, count: number): Promise<void> {
  const approval = await world.approval(asked);
  expect([approval.status, approval.votes.length]).toStrictEqual(['pending', count]);
}

describe('a person whom the provider calls differently in each client', () => {
  beforeEach(() => at({ users: [{ id: 'ana', groups: ['approvers'] }], pairwise: true }));

  it('makes a quorum of two alone: on the page, and by the command line', async () => {
    const asked = await world.ask({ quorum: 2 });
    const ana = await signedIn('ana');
    expect(await approve(ana, asked)).toBe(303);
    expect(await approveByApi('ana', asked)).toBe(503);
    await votes(asked, 1);
  });

  it('decides by the command line what they asked for on the pages', async () => {
    await signedIn('ana');
    const records = await world.everything();
    const requestedBy = /PERSON#([0-9a-f]{64})/.exec(records)?.[1] ?? 'nobody';
    const asked = await world.ask({ requestedBy });
    expect(await approve(await signedIn('ana'), asked)).toBe(403);
    expect(await approveByApi('ana', asked)).toBe(503);
    await votes(asked, 0);
  });
});

describe('a person with several names', () => {
  const claims = {
    email: 'ana@corp.example',
    email_verified: true,
    preferred_username: 'ana.d',
    oid: '7f3c-11',
  };
  beforeEach(() =>
    at({
      users: [
        { id: 'ana', groups: ['approvers'], claims },
        { id: 'ben', groups: ['approvers'] },
        { id: 'dan', groups: ['developers'], claims: { preferred_username: 'sam', upn: 'approvers' } },
      ],
    }),
  );

  const theirs: readonly Question[] = [
    { changedBy: 'Ana@CORP.example' },
    { changedBy: '7f3c-11' },
    { requestedBy: 'ana.d' },
  ];

  it('decides on the page what they changed or asked for under another of them', async () => {
    const ana = await signedIn('ana');
    for (const question of theirs) {
      const asked = await world.ask(question);
      expect((await ana.ask('GET', asked.path)).text).not.toContain('value="approve"');
      expect(await approve(ana, asked)).toBe(403);
      await votes(asked, 0);
      expect(await approve(await signedIn('ben'), asked)).toBe(303);
    }
  });

  it('decides by the API what they changed or asked for under another of them', async () => {
    for (const question of theirs) {
      const asked = await world.ask(question);
      expect(await approveByApi('ana', asked)).toBe(403);
      await votes(asked, 0);
      expect(await approveByApi('ben', asked)).toBe(200);
    }
  });

  it('decides in Slack what they changed or asked for under another of them', async () => {
    await signedIn('ana');
    await signedIn('ben');
    for (const question of theirs) {
      const asked = await world.ask(question);
      await approveInSlack('UANA', asked);
      await votes(asked, 0);
      await approveInSlack('UBEN', asked);
      expect((await world.approval(asked)).status).toBe('approved');
    }
  });

  it('is given what belongs to a name that they gave themselves', async () => {
    const asked = await world.ask();
    const dan = await signedIn('dan');
    expect(await approve(dan, asked)).toBe(404);
    expect(await approveByApi('dan', asked)).toBe(404);
    const csrf = await world.tokenFor(dan, 'stop');
    expect(await dan.submit('/stop', { csrf, reason: 'because I can' })).toBe(403);
    await votes(asked, 0);
  });
});

describe('a stand-in', () => {
  beforeEach(() => at({ users: [{ id: 'sam' }] }));

  it('reads and stops everything at the instant that it ends', async () => {
    world.travelTo(delegationEndsAt - 1_000);
    const asked = await world.ask();
    const sam = await signedIn('sam');
    const timeline = `/incidents/${asked.incidentId}`;
    expect((await sam.ask('GET', timeline)).status).toBe(200);
    const stop = { ...(await sam.fieldsOf(asked.path, '/stop', 'csrf')), reason: 'because I can' };
    world.travelTo(delegationEndsAt);
    expect((await sam.ask('GET', timeline)).status).toBe(404);
    expect(await sam.submit('/stop', stop)).toBe(403);
    expect(await world.killSwitch()).toBe('released');
  });
});

describe('sign-ins that are begun', () => {
  beforeEach(() => at({ users: [{ id: 'ana', groups: ['approvers'] }] }));

  it('by another site, by the dozen, leave a browser that can carry no more', async () => {
    const ana = world.visitor();
    for (let time = 0; time < 24; time++) {
      await ana.ask('GET', '/sign-in/start', { headers: { referer: 'https://evil.example/' } });
    }
    expect(attemptsIn(ana).length).toBeLessThanOrEqual(3);
    const answer = await answerOf(ana, provider.issuer, 'ana');
    expect((await ana.ask('GET', answer)).status).toBe(303);
    expect(ana.cookies.has(sessionCookie)).toBe(true);
  });
});
