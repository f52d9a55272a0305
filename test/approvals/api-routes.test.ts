import { beforeEach, describe, expect, it } from 'vitest';
import { planDigestOf } from '../../functions/change/plan.ts';
import { ApiWorld } from './api-world.ts';
import { incidentId, now, pending, planOf, vote } from './fixtures.ts';

const planDigest = planDigestOf(planOf());
const approve = { planDigest, verdict: 'approve' };
const reject = { planDigest, verdict: 'reject', reason: 'wrong-timing' };

let world: ApiWorld;
beforeEach(() => {
  world = new ApiWorld();
});

const code = (body: unknown) => (body as { error?: { code: string } }).error?.code;
const ids = (body: unknown) =>
  (body as { approvals: { approvalId: string }[] }).approvals.map(({ approvalId }) => approvalId);

describe('who may ask', () => {
  const paths = ['/approvals', '/approvals/apr-1', '/approvals/figures', '/approvals/never-again'];

  it.each(paths)('%s answers nobody without a token, and says how to come', async (path) => {
    const { status, body, headers } = await world.get(path);
    expect([status, code(body)]).toStrictEqual([401, 'not-signed-in']);
    expect(headers.get('www-authenticate')).toBe('Bearer realm="interlock"');
  });

  it.each([
    ['old', 401, 'sign-in-expired', /error="invalid_token", error_description="expired"/],
    ['mallory', 401, 'sign-in-invalid', /error="invalid_token"$/],
    ['unavailable', 503, 'identity-provider-unavailable', /^$/],
  ])('a token that is %s gets %d %s', async (token, expected, word, challenge) => {
    await world.put(pending());
    for (const answer of [
      await world.get('/approvals/apr-1', token),
      await world.vote('apr-1', token, approve),
    ]) {
      expect([answer.status, code(answer.body)]).toStrictEqual([expected, word]);
      expect(answer.headers.get('www-authenticate') ?? '').toMatch(challenge);
    }
    expect((await world.store.get('apr-1'))?.votes).toStrictEqual([]);
    expect(world.refused).toStrictEqual([
      { approvalId: 'apr-1', because: 'identity-unconfirmed', evidence: 'not-signed-in' },
    ]);
  });

  it('a session cookie opens nothing here', async () => {
    const { status } = await world.send('/approvals', {
      headers: { cookie: '__Host-interlock-session=stolen' },
    });
    expect(status).toBe(401);
  });

  it('says where to sign in to whoever asks', async () => {
    expect(await world.get('/configuration')).toMatchObject({
      status: 200,
      body: { issuer: 'https://login.example', cliClientId: 'interlock-cli', scopes: 'openid profile email' },
    });
  });

  it('answers 501 where the stage has no client for the command line', async () => {
    world = new ApiWorld(({ api: _api, apiSignIn: _apiSignIn, ...without }) => without);
    for (const path of ['/configuration', '/approvals']) {
      const { status, body } = await world.get(path, 'ana');
      expect([status, code(body)]).toStrictEqual([501, 'not-configured']);
    }
  });
});

describe('lists', () => {
  it.each([
    [25, { found: 25, isWhole: true }],
    [26, { found: 26, isWhole: false }],
  ])('of %i show 25, what expires first, and say whether that is all: %j', async (count, said) => {
    for (let index = 1; index <= count; index++) {
      const expiresAtEpochMs = now + 900_000 - index;
      await world.put(pending({ approvalId: `apr-${index}`, expiresAtEpochMs }));
    }
    for (const view of ['mine', 'all']) {
      const { body } = await world.get(`/approvals?view=${view}`, 'ana');
      expect(body).toMatchObject(said);
      expect(ids(body)).toHaveLength(25);
      expect(ids(body)[0]).toBe(`apr-${count}`);
    }
  });
});

describe('views', () => {
  beforeEach(async () => {
    const quorum = { quorum: 2 };
    await world.put(pending({ approvalId: 'waits' }));
    await world.put(pending({ approvalId: 'said', ...quorum, votes: [vote('ana', 'approve')] }));
    await world.put(pending({ approvalId: 'over', expiresAtEpochMs: now + 60_000 }));
    await world.put(pending({ approvalId: 'done', status: 'approved', decidedAtEpochMs: now + 1 }));
    await world.put(pending({ approvalId: 'repair' }, redrive), redrive);
  });
  // An action class that nobody's group may decide but that of the leads, once it escalates.
  const redrive = planOf('sqs.redrive-dead-letters', { queueName: 'orders', maxMessages: 10 });

  it.each([
    ['ana', '', ['waits', 'said']],
    ['ana', '?view=all', ['waits', 'said']],
    ['ana', '?view=mine', ['waits']],
    ['ana', '?view=decided', ['over', 'done']],
    ['olga', '?view=all', ['waits', 'said']],
    ['olga', '?view=mine', []],
    ['mia', '?view=all', []],
    ['pia', '?view=decided', []],
  ])('%s sees with %j: %j', async (who, query, expected) => {
    const { status, body } = await world.get(`/approvals${query}`, who);
    expect([status, ids(body).toSorted()]).toStrictEqual([200, expected.toSorted()]);
  });

  it('says in a line what is asked, how far it is, and what whoever asks may do', async () => {
    const { body } = await world.get('/approvals', 'ana');
    const said = (body as { approvals: object[] }).approvals.find(
      (each) => Reflect.get(each, 'approvalId') === 'said',
    );
    expect(said).toStrictEqual({
      approvalId: 'said',
      incidentId,
      planDigest,
      question: 'Change checkout:live from version 2 to version 1?',
      environment: 'local',
      tier: 'medium',
      status: 'pending',
      quorum: 2,
      approvalsStillNeeded: 1,
      requestedAtEpochMs: now,
      expiresAtEpochMs: now + 600_000,
      you: { may: 'decide', voted: 'approve' },
    });
  });

  it.each(['?view=', '?view=ALL', '?view=constructor', '?vew=mine', '?view=mine&limit=9'])(
    'refuses %j',
    async (query) => {
      const { status, body } = await world.get(`/approvals${query}`, 'ana');
      expect([status, code(body)]).toStrictEqual([400, 'malformed-request']);
    },
  );
});

describe('one approval', () => {
  it('shows everything that a person needs to decide, and nothing that they do not', async () => {
    await world.put(pending({ refusedVotes: ['no-authority ben'] }), planOf(), {
      impact: { resources: 1, capacityPercent: 100 },
      checks: [{ name: 'alias exists', result: 'pass', reason: 'it is there' }],
      ownerStack: 'checkout-stack',
      rehearsal: { changeId: 'chg-7', rolledBackAtEpochMs: now - 86_400_000 },
      notices: [notice('slack', 'failed'), notice('email', 'delivered')],
    });
    const { status, body } = await world.get('/approvals/apr-1', 'ana');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      question: 'Change checkout:live from version 2 to version 1?',
      plan: {
        effect: { before: 'version 2', after: 'version 1' },
        rollbackPlan: { kind: 'restore-snapshot' },
      },
      isIntact: true,
      asked: {
        clause: 'autonomy.matrix',
        reason: 'stage guarded, tier medium: needs 1 approval',
        stage: 'guarded',
        policies: ['permit-responder-shift-alias'],
      },
      impact: { resources: 1, capacityPercent: 100 },
      checks: [{ name: 'alias exists', result: 'pass', reason: 'it is there' }],
      ownerStack: 'checkout-stack',
      rehearsal: { changeId: 'chg-7', rolledBackAtEpochMs: now - 86_400_000 },
      incident: { severity: 'critical', title: 'checkout-errors is in ALARM' },
      triage: {
        confidence: 0.86,
        reason: 'Version 2 began failing when it went live; version 1 is known to be good.',
        gaps: ['whether a database migration shipped with version 2'],
        modelId: 'qwen3-8b',
      },
      votes: [],
      approvalsStillNeeded: 1,
      failedChannels: ['slack'],
      killSwitch: 'released',
      you: { may: 'decide' },
    });
    expect(planDigestOf((body as { plan: ReturnType<typeof planOf> }).plan)).toBe(planDigest);
    expect(Object.keys(body as object)).not.toContain('refusedVotes');
    expect(Object.keys(body as object)).not.toContain('callbackDelivered');
  });

  it.each([
    ['olga', { may: 'view', because: 'owns-the-agent' }],
    ['ana', { may: 'decide' }],
  ])('tells %s what they may do: %j', async (who, you) => {
    await world.put(pending());
    expect((await world.get('/approvals/apr-1', who)).body).toMatchObject({ you });
  });

  it('tells a group that joins at escalation so, one millisecond before and when it is time', async () => {
    await world.put(pending());
    world.clock.now = now + 399_999;
    expect((await world.get('/approvals/apr-1', 'kim')).body).toMatchObject({
      you: { may: 'view', because: 'not-yet-escalated' },
    });
    world.clock.now = now + 400_000;
    expect((await world.get('/approvals/apr-1', 'kim')).body).toMatchObject({ you: { may: 'decide' } });
  });

  it('says that it expired at the instant at which no vote counts any more', async () => {
    await world.put(pending());
    world.clock.now = now + 599_999;
    expect((await world.get('/approvals/apr-1', 'ana')).body).toMatchObject({ status: 'pending' });
    world.clock.now = now + 600_000;
    expect((await world.get('/approvals/apr-1', 'ana')).body).toMatchObject({ status: 'expired' });
  });

  it.each([
    [['global'], 'engaged', 'global'],
    [['agent#other', 'action#lambda.shift-alias'], 'engaged', 'action#lambda.shift-alias'],
    [['environment#prod'], 'released', undefined],
    ['unreadable', 'unreadable', 'global'],
  ] as const)(
    'says of the kill switches %j that what is approved is %s by %s',
    async (engaged, reading, scope) => {
      await world.put(pending());
      world.engaged = engaged;
      const { body } = await world.get('/approvals/apr-1', 'ana');
      expect(body).toMatchObject({ killSwitch: reading });
      expect((body as { killSwitchScope?: string }).killSwitchScope).toBe(scope);
    },
  );

  it('says what became of what was decided', async () => {
    await world.put(pending());
    expect((await world.get('/approvals/apr-1', 'ana')).body).not.toHaveProperty('aftermath');
    const decided = await world.vote('apr-1', 'ana', approve);
    expect(decided.body).toMatchObject({ aftermath: { state: 'awaited' } });
    const change = { changeId: 'chg-1', incidentId, planDigest, status: 'refused', statusReason: 'altered' };
    world.dossiers.set('apr-1', { ...world.dossierOf('apr-1'), change });
    expect((await world.get('/approvals/apr-1', 'ana')).body).toMatchObject({
      aftermath: { state: 'not-started', changeId: 'chg-1', reason: 'altered' },
    });
  });

  it('answers the same for what does not exist and for what is not theirs', async () => {
    await world.put(pending());
    const answers = await Promise.all(
      [
        ['/approvals/apr-1', 'mia'],
        ['/approvals/apr-2', 'ana'],
        [`/approvals/${'x'.repeat(257)}`, 'ana'],
        ['/approvals/__proto__', 'ana'],
        ['/no-such-thing', 'ana'],
      ].map(([path = '', who]) => world.get(path, who)),
    );
    answers.push(await world.vote('apr-1', 'mia', approve), await world.vote('apr-2', 'ana', approve));
    const seen = answers.map(({ status, body, headers }) => JSON.stringify([status, body, [...headers]]));
    expect(new Set(seen).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } });
  });
});

function notice(channel: 'slack' | 'email', status: 'failed' | 'delivered') {
  return {
    approvalId: 'apr-1',
    kind: 'requested',
    approvalVersion: 1,
    createdAtEpochMs: now,
    status: 'due',
    deliveries: { [channel]: { status, attempts: 1 } },
    nextAttemptAtEpochMs: now,
  } as const;
}

describe('voting', () => {
  it('approves, and answers with what stands now', async () => {
    await world.put(pending());
    const { status, body } = await world.vote('apr-1', 'ana', { ...approve, comment: ' looks right\r\n' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'approved', you: { may: 'decide', voted: 'approve' } });
    expect((await world.store.get('apr-1'))?.votes).toStrictEqual([
      {
        identityId: 'ana',
        displayName: 'Ana',
        verdict: 'approve',
        comment: 'looks right',
        via: 'api',
        atEpochMs: now + 60_000,
      },
    ]);
    expect(world.refused).toStrictEqual([]);
  });

  it('rejects with a reason', async () => {
    await world.put(pending());
    expect(await world.vote('apr-1', 'ana', { ...reject, comment: '' })).toMatchObject({
      status: 200,
      body: { status: 'rejected', votes: [{ verdict: 'reject', reason: 'wrong-timing' }] },
    });
  });

  it('takes the same vote twice, and counts it once', async () => {
    await world.put(pending({ quorum: 2 }));
    for (const comment of ['once', 'twice']) {
      expect(await world.vote('apr-1', 'ana', { ...approve, comment })).toMatchObject({
        status: 200,
        body: { status: 'pending', approvalsStillNeeded: 1 },
      });
    }
    expect((await world.store.get('apr-1'))?.votes).toHaveLength(1);
  });

  it.each([
    ['another plan', { ...approve, planDigest: 'a'.repeat(64) }, 'plan-altered', 409],
    ['no digest', { verdict: 'approve' }, 'malformed-body', 400],
    ['a short digest', { ...approve, planDigest: 'abc' }, 'malformed-body', 400],
    ['an unknown verdict', { ...approve, verdict: 'maybe' }, 'malformed-body', 400],
    ['a reason to approve', { ...approve, reason: 'other' }, 'malformed-body', 400],
    ['no reason to reject', { planDigest, verdict: 'reject' }, 'malformed-body', 400],
    ['something else and no comment', { ...reject, reason: 'other' }, 'malformed-body', 400],
    ['a prototype name as reason', { ...reject, reason: 'constructor' }, 'malformed-body', 400],
    ['an unknown member', { ...approve, identityId: 'ben' }, 'malformed-body', 400],
    [
      'a member __proto__',
      `{"__proto__":{},"planDigest":"${planDigest}","verdict":"approve"}`,
      'malformed-body',
      400,
    ],
    ['a comment that is no text', { ...approve, comment: ['x'] }, 'malformed-body', 400],
    ['a list', [approve], 'malformed-body', 400],
    ['null', 'null', 'malformed-body', 400],
    ['half a document', '{"planDigest":', 'malformed-body', 400],
    ['nothing', '', 'malformed-body', 400],
  ])('refuses %s', async (_what, body, word, status) => {
    await world.put(pending());
    const answer = await world.vote('apr-1', 'ana', body);
    expect([answer.status, code(answer.body)]).toStrictEqual([status, word]);
    expect((await world.store.get('apr-1'))?.votes).toStrictEqual([]);
    expect(world.evidence).toStrictEqual([
      `apr-1 ana ${word === 'malformed-body' ? 'malformed-form' : word}`,
    ]);
  });

  it.each([
    [999, 200],
    [1_000, 200],
    [1_001, 400],
  ])('a comment of %d characters gets %d', async (length, status) => {
    await world.put(pending());
    const comment = 'ü'.repeat(length);
    expect((await world.vote('apr-1', 'ana', { ...approve, comment })).status).toBe(status);
  });

  it('reads no body of a megabyte', async () => {
    await world.put(pending());
    const answer = await world.vote('apr-1', 'ana', { ...approve, comment: 'x'.repeat(1_048_576) });
    expect([answer.status, code(answer.body)]).toStrictEqual([413, 'body-too-large']);
    expect(world.evidence).toStrictEqual(['apr-1 ana form-too-large']);
    expect((await world.store.get('apr-1'))?.votes).toStrictEqual([]);
  });

  it.each([
    ['application/json; charset=utf-8', 200],
    ['APPLICATION/JSON', 200],
    ['application/x-www-form-urlencoded', 415],
    ['text/plain', 415],
    ['application/jsonp', 415],
    ['multipart/form-data; boundary=application/json', 415],
    ['', 415],
  ])('a body of type %j gets %d', async (type, status) => {
    await world.put(pending());
    const answer = await world.send('/approvals/apr-1/votes', {
      method: 'POST',
      headers: { authorization: 'Bearer ana', 'content-type': type },
      body: JSON.stringify(approve),
    });
    expect(answer.status).toBe(status);
    expect((await world.store.get('apr-1'))?.votes).toHaveLength(status === 200 ? 1 : 0);
  });

  it.each([
    ['decided before', { status: 'approved', decidedAtEpochMs: now + 1 }, 'already-decided'],
    ['expired before', { status: 'expired', decidedAtEpochMs: now + 1 }, 'expired'],
    ['cancelled before', { status: 'cancelled', decidedAtEpochMs: now + 1 }, 'cancelled'],
  ] as const)('what was %s stays so', async (_what, stands, word) => {
    await world.put(pending(stands));
    const answer = await world.vote('apr-1', 'ana', reject);
    expect([answer.status, code(answer.body)]).toStrictEqual([409, word]);
    expect(await world.store.get('apr-1')).toMatchObject({ status: stands.status, votes: [] });
    expect(world.evidence).toStrictEqual([`apr-1 ana ${word}`]);
  });

  it.each([
    [now + 599_999, 200],
    [now + 600_000, 409],
  ])('a vote at %d gets %d', async (at, status) => {
    await world.put(pending());
    world.clock.now = at;
    expect((await world.vote('apr-1', 'ana', approve)).status).toBe(status);
  });

  it('refuses whoever may only look, and leaves evidence', async () => {
    await world.put(pending());
    const answer = await world.vote('apr-1', 'olga', approve);
    expect([answer.status, code(answer.body)]).toStrictEqual([403, 'no-authority']);
    expect(world.evidence).toStrictEqual(['apr-1 olga no-authority']);
    expect(world.refused).toStrictEqual([
      { approvalId: 'apr-1', because: 'no-authority', evidence: 'recorded' },
    ]);
  });

  it('refuses where the plan is no longer the one that was asked about', async () => {
    await world.put(pending());
    const tampered = planOf('lambda.shift-alias', {
      functionName: 'checkout',
      aliasName: 'live',
      fromVersion: '2',
      toVersion: '9',
    });
    const asked = world.dossierOf('apr-1');
    world.dossiers.set('apr-1', { ...asked, plan: tampered });
    expect((await world.get('/approvals/apr-1', 'ana')).body).toMatchObject({ isIntact: false });
    expect((await world.vote('apr-1', 'ana', approve)).status).toBe(409);
    expect((await world.store.get('apr-1'))?.votes).toStrictEqual([]);
  });

  it('leaves evidence of votes on what is not theirs, and none of what does not exist', async () => {
    await world.put(pending());
    await world.vote('apr-1', 'mia', approve);
    await world.vote('apr-2', 'mia', approve);
    expect(world.evidence).toStrictEqual(['apr-1 mia no-authority']);
    expect(world.refused.map(({ evidence }) => evidence)).toStrictEqual(['recorded', 'unknown']);
  });

  it('answers the same where evidence cannot be written, and says that it was lost', async () => {
    await world.put(pending());
    world.isLedgerBroken = true;
    expect((await world.vote('apr-1', 'olga', approve)).status).toBe(403);
    expect(world.refused).toStrictEqual([{ approvalId: 'apr-1', because: 'no-authority', evidence: 'lost' }]);
    expect(world.errors).toHaveLength(1);
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'])('%s decides nothing', async (method) => {
    await world.put(pending());
    const response = await world.app.request('https://approvals.example/approvals/apr-1/votes', {
      method,
      headers: { authorization: 'Bearer ana', 'content-type': 'application/json' },
      ...(method === 'GET' || method === 'HEAD' ? {} : { body: JSON.stringify(approve) }),
    });
    expect(response.status).toBe(404);
    expect((await world.store.get('apr-1'))?.votes).toStrictEqual([]);
  });
});

describe('figures and never again', () => {
  it('takes figures since an instant, or of the last thirty days', async () => {
    world.settled = [
      pending({
        status: 'approved',
        decidedAtEpochMs: now + 60_000 - 1,
        votes: [vote('ana', 'approve', now)],
      }),
    ];
    const { status, body } = await world.get(`/approvals/figures?sinceEpochMs=${now}`, 'ben');
    expect(status).toBe(200);
    expect(world.askedSince).toBe(now);
    expect(body).toMatchObject({
      sinceEpochMs: now,
      untilEpochMs: now + 60_000,
      population: { settled: 1 },
      approvers: [{ identityId: 'ana', approvalRate: 1, medianSecondsToVote: 0 }],
    });
    await world.get('/approvals/figures', 'ben');
    expect(world.askedSince).toBe(now + 60_000 - 30 * 86_400_000);
  });

  it.each(['?sinceEpochMs=', '?sinceEpochMs=-1', '?sinceEpochMs=1e3', '?sinceEpochMs=NaN', '?since=1'])(
    'refuses %j',
    async (query) => {
      const { status, body } = await world.get(`/approvals/figures${query}`, 'ana');
      expect([status, code(body)]).toStrictEqual([400, 'malformed-request']);
    },
  );

  it('shows figures to approvers alone', async () => {
    const { status, body } = await world.get('/approvals/figures', 'mia');
    expect([status, code(body)]).toStrictEqual([403, 'not-an-approver']);
  });

  it('lists never again of the environments that somebody may see', async () => {
    const record = { ...neverAgain, environment: 'local' };
    world.neverAgain = [record, { ...record, approvalId: 'apr-9', environment: 'prod' }];
    const seen = async (who: string) => (await world.get('/approvals/never-again', who)).body;
    expect(await seen('ana')).toStrictEqual({ neverAgain: [record] });
    expect(await seen('pia')).toMatchObject({ neverAgain: [{ approvalId: 'apr-9' }] });
    expect(await seen('mia')).toStrictEqual({ neverAgain: [] });
  });
});

const neverAgain = {
  approvalId: 'apr-1',
  incidentId,
  planDigest,
  agentRole: 'responder',
  action: 'lambda.shift-alias',
  actionClass: 'traffic',
  targetKey: 'lambda-alias/checkout:live',
  by: 'ben',
  atEpochMs: now,
};

it('tells nobody what went wrong inside', async () => {
  world = new ApiWorld((ports) => ({
    ...ports,
    killSwitches: async () => Promise.reject(new Error('secret-of-the-error')),
  }));
  await world.put(pending());
  const { status, body } = await world.get('/approvals/apr-1', 'ana');
  expect([status, code(body)]).toStrictEqual([500, 'failed']);
  expect(JSON.stringify(body)).not.toContain('secret');
  expect(world.errors).toHaveLength(1);
});
