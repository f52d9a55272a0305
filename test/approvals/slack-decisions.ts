import { randomUUID } from 'node:crypto';
import type { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseApproverPolicy } from '../../functions/approvals/authority.ts';
import { DossierStore } from '../../functions/approvals/dossier.store.ts';
import { RefusedVoteStore } from '../../functions/approvals/refused-vote.store.ts';
import type { RefusedVote } from '../../functions/approvals/refused-vote.ts';
import { PersonRecordStore } from '../../functions/approvals/sign-in/person-record.store.ts';
import { openSlack, SlackApi } from '../../functions/approvals/slack/slack.client.ts';
import { slackRoutes } from '../../functions/approvals/slack/slack-routes.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { now, planOf } from './fixtures.ts';
import { setRecovered } from './moot-incident.ts';
import { type Ground, NoticeWorld } from './notices-world.ts';
import {
  controlsOf,
  pressOf,
  SlackStandIn,
  type StandInMessage,
  signedBody,
  slackChannelId,
  slackPayload,
  slackRequest,
  slackSecret,
  slackTeamId,
} from './slack-stand-in.ts';

const approvers = parseApproverPolicy({
  version: 1,
  grants: [
    { group: 'approvers', actionClasses: ['*'], environments: ['local'] },
    { group: 'leads', actionClasses: ['*'], environments: ['local'], joins: 'escalation' },
  ],
  slackUsers: ['ana', 'ben', 'kim', 'mia', 'olga'].map((id) => ({
    teamId: slackTeamId,
    userId: `U0${id.toUpperCase()}`,
    identityId: id,
  })),
  agentOwners: [{ agentRole: 'responder', identityIds: ['olga'] }],
});

const nothingHere = 'There is nothing here that you may decide. Nothing was decided.';
const signInAgain =
  'Nothing was decided. Open the page and sign in; for the next eight hours you can decide here.';
const shift = 8 * 3_600_000;

/** What pressing a button in Slack does, by the real stores over these tables. */
export function slackDecisions(
  name: string,
  open: (clock: () => number) => Promise<Ground & { readonly controls: string }>,
): void {
  describe(`${name}: deciding in Slack`, () => {
    let standIn: SlackStandIn;
    let world: NoticeWorld;
    let ground: Ground & { readonly controls: string };
    let routes: Hono;
    let people: PersonRecordStore;
    let refused: RefusedVote[];
    let errors: Error[];
    let isLimited: boolean;
    const taken: string[] = [];

    beforeEach(async () => {
      standIn = await SlackStandIn.start();
      const clock = { now };
      ground = await open(() => clock.now);
      world = new NoticeWorld(ground, standIn, clock);
      people = new PersonRecordStore(ground.database, ground.controls);
      [refused, errors, isLimited] = [[], [], false];
      taken.length = 0;
      const { database, ledger, operations, approvals, controls } = ground;
      const secret = async () => slackSecret;
      const api = new SlackApi('arn:secret', standIn.apiUrl, secret);
      routes = slackRoutes({
        approvers,
        clock: () => clock.now,
        desk: new DossierStore(database, ledger, operations),
        vote: (approvalId, planDigest, vote, authority) =>
          approvals.vote(approvalId, planDigest, vote, authority, 900),
        refusals: new RefusedVoteStore(database, ledger, operations, () => clock.now),
        rate: {
          take: async (kind, caller) => {
            taken.push(`${kind} ${caller}`);
            return isLimited ? 'limited' : 'allowed';
          },
        },
        slack: openSlack({ secretArn: 'arn:secret', controlsTable: controls }, database, api),
        onVote: () => {},
        onRefusedVote: (vote) => refused.push(vote),
        onError: (error) => errors.push(error),
      });
      const groups = {
        ana: 'approvers',
        ben: 'approvers',
        olga: 'approvers',
        kim: 'leads',
        mia: 'developers',
      };
      for (const [id, group] of Object.entries(groups)) {
        // What an earlier test left behind may be newer.
        await forget(id);
        await people.confirmed({ id, displayName: id.toUpperCase(), groups: [group] }, now);
      }
    });
    afterEach(() => standIn.stop());

    const send = async (request: { body: string; headers: Record<string, string> }) =>
      routes.request('/interactions', { method: 'POST', ...request });
    const press = (payload: object, at = world.clock.now) =>
      // No two presses are the same bytes: Slack names each.
      send(slackRequest({ ...payload, trigger_id: randomUUID() }, at));

    async function asked(options: { quorum?: number; tier?: string } = {}) {
      const ids = await world.ask(options);
      await world.deliver(ids.approvalId, 'requested');
      return { ...ids, message: standIn.messages.at(-1) as StandInMessage };
    }

    const ana = { id: 'U0ANA', team_id: slackTeamId };
    const as = (id: string) => ({ id: `U0${id.toUpperCase()}`, team_id: slackTeamId });
    const told = () => standIn.answers.map(({ user, text }) => `${String(user)}: ${text}`);

    it('counts by the same rules, says so to nobody else, and shows it in the message', async () => {
      const { approvalId, incidentId, message } = await asked();
      const answer = await press(pressOf(message, 'approve', ana));
      expect([answer.status, await answer.text()]).toStrictEqual([200, '']);
      expect(told()).toStrictEqual(['U0ANA: Your approval counts.']);
      expect(standIn.answers[0]?.channel).toBe(slackChannelId);
      expect(await world.approvals.get(approvalId)).toMatchObject({
        status: 'approved',
        votes: [{ identityId: 'ana', displayName: 'ANA', verdict: 'approve', via: 'slack' }],
      });
      await world.deliver(approvalId, 'outcome');
      expect(standIn.messages.map((each) => [...controlsOf(each).keys()].join(' '))).toStrictEqual(['open']);
      const entries = await world.entries(incidentId);
      expect(verifyChain(incidentChain(incidentId), entries)).toStrictEqual([]);
      expect(entries.map(({ type }) => type)).toStrictEqual([
        'approval.requested',
        'approval.voted',
        'approval.approved',
      ]);
      expect(taken).toStrictEqual(['identity ana']);
    });

    it.each(['wrong-target', 'wrong-timing', 'wrong-diagnosis', 'never-again'])(
      'takes a rejection with the reason %s',
      async (reason) => {
        const { approvalId, message } = await asked();
        await press(pressOf(message, `reject ${reason}`, ana));
        expect(told()).toStrictEqual(['U0ANA: Your rejection counts.']);
        expect(await world.approvals.get(approvalId)).toMatchObject({
          status: 'rejected',
          votes: [{ identityId: 'ana', verdict: 'reject', reason, via: 'slack' }],
        });
      },
    );

    it('counts two people, and one person once', async () => {
      const { approvalId, message } = await asked({ quorum: 2 });
      await press(pressOf(message, 'approve', ana));
      await press(pressOf(message, 'approve', ana));
      expect(await world.approvals.get(approvalId)).toMatchObject({ status: 'pending', version: 2 });
      await press(pressOf(message, 'approve', as('ben')));
      expect(await world.approvals.get(approvalId)).toMatchObject({ status: 'approved' });
      expect(told()).toStrictEqual([
        'U0ANA: Your approval counts; 1 more needed.',
        'U0ANA: Your approval counts; 1 more needed.',
        'U0BEN: Your approval counts.',
      ]);
    });

    it('lets the first of many decide', async () => {
      const { approvalId, message } = await asked();
      await Promise.all([
        press(pressOf(message, 'approve', ana)),
        press(pressOf(message, 'reject wrong-target', as('ben'))),
      ]);
      const approval = await world.approvals.get(approvalId);
      expect(approval?.votes).toHaveLength(1);
      expect(['approved', 'rejected']).toContain(approval?.status);
      const outcomes = told().map((text) => text.includes('does not count'));
      expect(outcomes.toSorted()).toStrictEqual([false, true]);
    });

    it('opens the page without a vote', async () => {
      const { approvalId, message } = await asked();
      expect((await press(pressOf(message, 'open', ana))).status).toBe(200);
      expect(await world.approvals.get(approvalId)).toMatchObject({ votes: [] });
      expect([told(), refused, errors]).toStrictEqual([[], [], []]);
    });

    describe('refuses, says why, and leaves evidence:', () => {
      interface Case {
        readonly who?: string;
        readonly tier?: string;
        readonly before?: (approvalId: string) => Promise<void>;
        readonly at?: number;
        readonly because: string;
        readonly answer: string;
        /** The ledger names nobody who is not known. */
        readonly isUnrecorded?: true;
      }
      const cases: [string, Case][] = [
        ['high risk', { tier: 'high', because: 'tier-too-high', answer: 'can only be decided on the page' }],
        [
          'a risk nobody knows',
          { tier: 'unheard-of', because: 'tier-too-high', answer: 'can only be decided' },
        ],
        ['nobody of ours', { who: 'eve', because: 'no-authority', answer: nothingHere, isUnrecorded: true }],
        ['no authority', { who: 'mia', because: 'no-authority', answer: nothingHere }],
        ['the owner of the agent', { who: 'olga', because: 'no-authority', answer: 'not decide it' }],
        ['a group that is not asked yet', { who: 'kim', because: 'no-authority', answer: 'not decide it' }],
        [
          'claims as old as a shift',
          {
            before: () =>
              people.confirmed({ id: 'ana', displayName: 'ANA', groups: ['approvers'] }, now - shift),
            because: 'identity-unconfirmed',
            answer: signInAgain,
          },
        ],
        [
          'a person the provider no longer vouches for',
          {
            before: () => people.lapsed({ id: 'ana', displayName: 'ANA', groups: ['approvers'] }, now + 1),
            because: 'identity-unconfirmed',
            answer: signInAgain,
          },
        ],
        [
          'a person who left the group',
          {
            before: () => people.confirmed({ id: 'ana', displayName: 'ANA', groups: [] }, now + 1),
            because: 'no-authority',
            answer: nothingHere,
          },
        ],
        ['after the time was up', { at: 600_000, because: 'expired', answer: 'does not count' }],
        [
          'after it was decided',
          {
            before: (approvalId) => world.vote(approvalId, 'ben', 'reject'),
            because: 'already-decided',
            answer: 'does not count',
          },
        ],
        [
          'after it was cancelled',
          {
            before: async (approvalId) => {
              await setRecovered(ground.database, ground.operations, `inc-${approvalId}`);
              await world.approvals.cancel(approvalId, 'incident-recovered', 'incident-watch');
            },
            because: 'cancelled',
            answer: 'does not count',
          },
        ],
        [
          'too often',
          {
            before: async () => {
              isLimited = true;
            },
            because: 'too-many-requests',
            answer: 'too often',
          },
        ],
      ];

      it.each(cases)(
        '%s',
        async (_case, { who = 'ana', tier, before, at = 0, because, answer, isUnrecorded }) => {
          // A message that has buttons, whatever the risk became.
          const { approvalId, incidentId, message } = await asked();
          if (tier !== undefined) await setTier(approvalId, tier);
          // Older claims than those on record replace nothing: this person comes anew.
          if (_case === 'claims as old as a shift') await forget('ana');
          await before?.(approvalId);
          world.after(at);
          const standing = await world.approvals.get(approvalId);
          const entriesBefore = await world.entries(incidentId);
          for (let attempt = 0; attempt < 2; attempt++) {
            expect((await press(pressOf(message, 'approve', as(who)))).status).toBe(200);
          }
          expect(told()).toHaveLength(2);
          for (const text of told()) expect(text).toContain(answer);
          const { refusedVotes: _marks, ...after } = (await world.approvals.get(approvalId)) ?? {};
          expect(after).toStrictEqual(standing);
          expect(refused.map((each) => each.because)).toStrictEqual([because, because]);
          const entries = (await world.entries(incidentId)).slice(entriesBefore.length);
          expect(
            entries.map(({ type, detail }) => [type, detail['identityId'], detail['because']]),
          ).toStrictEqual(isUnrecorded === true ? [] : [['approval.vote-refused', who, because]]);
        },
      );

      it.each([
        [shift - 1, 'approved'],
        [shift, 'pending'],
      ])('claims %i ms old leave it %s', async (age, status) => {
        const { approvalId, message } = await asked();
        await forget('ana');
        await people.confirmed({ id: 'ana', displayName: 'ANA', groups: ['approvers'] }, now - age);
        await press(pressOf(message, 'approve', ana));
        expect(await world.approvals.get(approvalId)).toMatchObject({ status });
      });

      it('a plan that is not the one in the message', async () => {
        const { approvalId, message } = await asked();
        const payload = JSON.stringify(pressOf(message, 'approve', ana));
        const approval = await world.approvals.get(approvalId);
        const other = payload.replaceAll(approval?.planDigest ?? '', '0'.repeat(64));
        await press(JSON.parse(other));
        expect(refused).toMatchObject([{ because: 'plan-altered', evidence: 'recorded' }]);
        expect(await world.approvals.get(approvalId)).toMatchObject({ status: 'pending', votes: [] });
      });

      it('a plan that was changed after it was asked about', async () => {
        const { approvalId, incidentId, message } = await asked();
        const { planDigest = '' } = (await world.approvals.get(approvalId)) ?? {};
        const plan = planOf(
          'lambda.shift-alias',
          { functionName: 'checkout', aliasName: 'live', fromVersion: '2', toVersion: '9' },
          incidentId,
        );
        await ground.database.transact([
          {
            kind: 'put',
            table: ground.operations,
            item: { ...itemKeys.plan(incidentId, planDigest), plan, planDigest },
          },
        ]);
        await press(pressOf(message, 'approve', ana));
        expect(refused).toMatchObject([{ because: 'plan-altered', evidence: 'recorded' }]);
        expect(await world.approvals.get(approvalId)).toMatchObject({ status: 'pending', votes: [] });
      });

      it('tells an unknown approval from one without authority by nothing', async () => {
        const { message } = await asked();
        const unknown = { action_id: 'approve', type: 'button', value: `approve:${'0'.repeat(64)}:no-such` };
        const answers = [
          await press(pressOf(message, 'approve', as('mia'))),
          await press(slackPayload(unknown, as('mia'))),
          await press(slackPayload(unknown, as('eve'))),
          await press(slackPayload(unknown, ana)),
        ];
        expect(answers.map(({ status }) => status)).toStrictEqual([200, 200, 200, 200]);
        expect(new Set(standIn.answers.map(({ text }) => text))).toStrictEqual(new Set([nothingHere]));
        expect(refused.map(({ evidence }) => evidence)).toStrictEqual([
          'recorded',
          'unknown',
          'not-signed-in',
          'unknown',
        ]);
      });
    });

    describe('takes from nobody but Slack:', () => {
      it.each<[string, (request: ReturnType<typeof slackRequest>) => ReturnType<typeof slackRequest>]>([
        ['no signature', ({ body }) => ({ body, headers: {} as never })],
        ['another secret', ({ body }) => signedBody(body, now, 'another-signing-secret-0123456789')],
        ['another body', ({ body, headers }) => ({ body: `${body}&x=1`, headers })],
        [
          'another timestamp',
          ({ body, headers }) => ({
            body,
            headers: { ...headers, 'x-slack-request-timestamp': String(now / 1_000 + 1) },
          }),
        ],
        ['five minutes ago', ({ body }) => signedBody(body, now - 301_000)],
        ['in five minutes', ({ body }) => signedBody(body, now + 301_000)],
      ])('%s', async (_case, alter) => {
        const { approvalId, message } = await asked();
        const answer = await send(alter(slackRequest(pressOf(message, 'approve', ana), now)));
        expect([answer.status, await answer.text()]).toStrictEqual([401, '']);
        expect(await world.approvals.get(approvalId)).toMatchObject({ votes: [] });
        expect(told()).toStrictEqual([]);
        expect(errors).toHaveLength(1);
      });

      it('a second time, however many at once', async () => {
        const { approvalId, message } = await asked({ quorum: 2 });
        const request = slackRequest(pressOf(message, 'approve', ana), now);
        const answers = await Promise.all(Array.from({ length: 5 }, () => send(request)));
        expect(answers.map(({ status }) => status).toSorted()).toStrictEqual([200, 401, 401, 401, 401]);
        expect(told()).toHaveLength(1);
        world.after(300_000);
        expect((await send(request)).status).toBe(401);
        expect(await world.approvals.get(approvalId)).toMatchObject({ version: 2 });
        expect(errors.map((error) => (error as { code?: string }).code)).toContain(
          'approvals.slack-replayed',
        );
      });

      it('what is signed but no press: nothing happens', async () => {
        const requests = [signedBody('', now), signedBody('payload=%7B%7D', now), slackRequest('null', now)];
        for (const request of requests) expect((await send(request)).status).toBe(200);
        expect(told()).toStrictEqual([]);
        expect(errors).toHaveLength(3);
      });

      it.each([
        ['64 kB', 64 * 1_024, 401],
        ['one byte more', 64 * 1_024 + 1, 413],
      ])('a body of %s', async (_case, length, status) => {
        expect(
          (await send({ body: 'x'.repeat(length), headers: { 'content-length': String(length) } })).status,
        ).toBe(status);
      });
    });

    describe('stays upright where', () => {
      it('the answer does not arrive: the vote counts', async () => {
        const { approvalId, message } = await asked();
        standIn.slack = { status: 503 };
        expect((await press(pressOf(message, 'approve', ana))).status).toBe(200);
        expect(await world.approvals.get(approvalId)).toMatchObject({ status: 'approved' });
        expect(errors).toMatchObject([{ code: 'approvals.channel-unreachable' }]);
      });

      it('the evidence cannot be written: the answer is the same', async () => {
        const { message } = await asked();
        const away = vi.spyOn(RefusedVoteStore.prototype, 'record').mockRejectedValue(new Error('away'));
        await press(pressOf(message, 'approve', as('mia'))).finally(() => away.mockRestore());
        expect(standIn.answers.map(({ text }) => text)).toStrictEqual([nothingHere]);
        expect(refused).toMatchObject([{ evidence: 'lost' }]);
      });

      it('the tables are away: nothing is decided, and the person is told to look', async () => {
        const { approvalId, message } = await asked();
        const away = vi.spyOn(PersonRecordStore.prototype, 'find').mockRejectedValue(new Error('away'));
        await press(pressOf(message, 'approve', ana)).finally(() => away.mockRestore());
        expect(standIn.answers.map(({ text }) => text)).toStrictEqual([
          'Something went wrong. Please open the page and look before you decide anything.',
        ]);
        expect(await world.approvals.get(approvalId)).toMatchObject({ votes: [] });
      });
    });

    async function setTier(approvalId: string, tier: string): Promise<void> {
      const { incidentId = '', planDigest = '' } = (await world.approvals.get(approvalId)) ?? {};
      const key = itemKeys.decision(incidentId, planDigest);
      const values = { ':tier': tier };
      await ground.database.transact([
        { kind: 'update', table: ground.operations, key, update: 'SET tier = :tier', values },
      ]);
    }

    async function forget(identityId: string): Promise<void> {
      await ground.database.transact([
        { kind: 'delete', table: ground.controls, key: itemKeys.person(identityId) },
      ]);
    }
  });
}
