import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planDigestOf } from '../../functions/change/plan.ts';
import { walkDevice } from '../../local/identity-provider/walk.ts';
import { incidentId, now, pending, planOf, vote } from '../approvals/fixtures.ts';
import { type Ended, LocalStage } from './local-stage.ts';

/** The commands as people run them: real processes, a real OIDC provider, real ID tokens at the real API. */
let stage: LocalStage;
beforeAll(async () => {
  stage = await LocalStage.start();
});
afterAll(() => stage.stop());

const as = (user: string, ...args: string[]) => stage.run(['--as', user, 'approvals', ...args]);
const put = (approvalId: string, overrides = {}) => stage.world.put(pending({ approvalId, ...overrides }));
const kept = () => join(stage.configFolder, 'interlock', 'local.json');

/** Runs a command that waits for a browser, and confirms in one as this seeded user. */
async function confirmedBy(user: string, ...args: string[]): Promise<Ended> {
  let walk: Promise<void> | undefined;
  const ended = await stage.run(args, (text) => {
    const link = /https?:\S+user_code=\S+/.exec(text)?.[0];
    if (link !== undefined) walk ??= walkDevice(link, user);
  });
  await walk;
  return ended;
}

describe('as a seeded user of the local stage', () => {
  it('lists what waits, with ids and links, also without `list`', async () => {
    await put('apr-list');
    const { code, out } = await as('ana', '--view', 'mine');
    expect(code).toBe(0);
    expect(out).toMatch(/^apr-list\n {2}Change checkout:live from version 2 to version 1\?\n/);
    expect(out).toContain(`  ${stage.pagesUrl}/approvals/apr-list\n`);
    expect(JSON.parse((await as('ana', 'list', '--json')).out)).toMatchObject([
      { approvalId: 'apr-list', url: `${stage.pagesUrl}/approvals/apr-list`, you: { may: 'decide' } },
    ]);
    expect(await as('mia')).toMatchObject({ code: 0, out: 'nothing that you may see waits for approval\n' });
    expect(existsSync(kept())).toBe(false);
  });

  it('shows everything that a person needs to decide', async () => {
    await put('apr-show');
    const { code, out } = await as('ana', 'show', 'apr-show');
    expect(code).toBe(0);
    for (const part of [
      'Change checkout:live from version 2 to version 1?',
      'before  version 2',
      'after   version 1',
      'stage guarded, tier medium: needs 1 approval [autonomy.matrix]',
      'checkout-errors is in ALARM',
      'confidence 0.86, qwen3-8b',
      'not known: whether a database migration shipped with version 2',
      'reading the target back gives',
      `plan digest ${planDigestOf(planOf())}`,
      '1 of 1 still needed',
      'you may decide it',
    ]) {
      expect(out).toContain(part);
    }
    const shown = JSON.parse((await as('olga', 'show', 'apr-show', '--json')).out);
    expect(shown).toMatchObject({ you: { may: 'view', because: 'owns-the-agent' } });
  });

  it('approves the plan that it has shown', async () => {
    await put('apr-yes', { quorum: 2 });
    const first = await as('ana', 'approve', 'apr-yes', '--yes', '--comment', 'seen it');
    expect(first.err).toContain('before  version 2');
    expect(first).toMatchObject({
      code: 0,
      out: expect.stringContaining('your approval counts; 1 more of 2 is needed'),
    });
    const second = await as('ben', 'approve', 'apr-yes', '--yes', '--json');
    expect(JSON.parse(second.out)).toMatchObject({ status: 'approved', approvalsStillNeeded: 0 });
    expect(await stage.world.store.get('apr-yes')).toMatchObject({
      status: 'approved',
      votes: [
        { identityId: 'ana', displayName: 'Ana Duarte', comment: 'seen it', via: 'api' },
        { identityId: 'ben', via: 'api' },
      ],
    });
  });

  it.each(['show', 'approve', 'reject'] as const)('takes the link as well: %s', async (word) => {
    const approvalId = `apr-link-${word}`;
    await put(approvalId);
    const more = { show: [], approve: ['--yes'], reject: ['--reason', 'other', '--comment', 'why'] }[word];
    const link = (origin: string) => `${origin}/approvals/${approvalId}`;
    const foreign = await as('ana', word, link('https://interlock.example'), ...more);
    expect(foreign).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        `no link to an approval of this stage: those begin with ${link(stage.pagesUrl).slice(0, -approvalId.length)}`,
      ),
    });
    expect(await stage.world.store.get(approvalId)).toMatchObject({ status: 'pending', votes: [] });
    expect(await as('ana', word, link(stage.pagesUrl), ...more)).toMatchObject({ code: 0 });
    const { status } = (await stage.world.store.get(approvalId)) ?? {};
    expect(status).toBe({ show: 'pending', approve: 'approved', reject: 'rejected' }[word]);
  });

  it('approves nothing without a terminal and without --yes', async () => {
    await put('apr-asked');
    const refused = await as('ana', 'approve', 'apr-asked');
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('approve with --yes') });
    expect(await stage.world.store.get('apr-asked')).toMatchObject({ status: 'pending', votes: [] });
  });

  it('rejects with a reason', async () => {
    await put('apr-no');
    expect(await as('ben', 'reject', 'apr-no', '--reason', 'never-again')).toMatchObject({
      code: 0,
      out: expect.stringContaining('the change does not happen'),
    });
    expect(await stage.world.store.get('apr-no')).toMatchObject({
      status: 'rejected',
      votes: [{ reason: 'never-again' }],
    });
  });

  it('refuses, and says why, without touching anything', async () => {
    await put('apr-own');
    await put('apr-late', { status: 'expired', decidedAtEpochMs: now + 1 });
    for (const [args, message] of [
      [['olga', 'approve', 'apr-own', '--yes'], /somebody else must decide .*you answer for the agent/],
      [['mia', 'approve', 'apr-own', '--yes'], /there is no such thing, or it is not yours to read/],
      [['ana', 'approve', 'apr-nowhere', '--yes'], /there is no such thing, or it is not yours to read/],
      [['ana', 'reject', 'apr-late', '--reason', 'wrong-timing'], /waits no more: it is expired/],
    ] as const) {
      const [user, ...rest] = args;
      const { code, err } = await as(user, ...rest);
      expect(code).toBe(1);
      expect(err).toMatch(message);
    }
    expect(await stage.world.store.get('apr-own')).toMatchObject({ status: 'pending', votes: [] });
  });

  it('approves no plan but the one whose digest was asked about', async () => {
    await put('apr-forged');
    const plan = planOf('lambda.shift-alias', {
      functionName: 'checkout',
      aliasName: 'live',
      fromVersion: '2',
      toVersion: '9',
    });
    stage.world.dossiers.set('apr-forged', { ...stage.world.dossierOf('apr-forged'), plan });
    const { code, err } = await as('ana', 'approve', 'apr-forged', '--yes');
    expect([code, err]).toStrictEqual([1, expect.stringContaining('is not the one that was asked about')]);
    expect(await stage.world.store.get('apr-forged')).toMatchObject({ votes: [] });
  });

  it('prints hostile text so that it drives no terminal', async () => {
    const plan = planOf('ssm.put-parameter', {
      name: '/checkout/mode',
      fromValue: 'on',
      toValue: 'off\u001B[2J\u202Eevil\n  after   on',
    });
    await stage.world.put(pending({ approvalId: 'apr-hostile' }, plan), plan);
    const { out } = await as('ana', 'show', 'apr-hostile');
    for (const hostile of ['\u001B[2J', '\u202E']) expect(out).not.toContain(hostile);
    expect(out).toContain('off⟨U+001B⟩[2J⟨U+202E⟩evil\n          after   on');
    const json = (await as('ana', 'show', 'apr-hostile', '--json')).out;
    for (const hostile of ['\u001B', '\u202E']) expect(json).not.toContain(hostile);
    expect(JSON.parse(json).plan.parameters.toValue).toBe('off\u001B[2J\u202Eevil\n  after   on');
  });

  it('says how people decide, and what they never want again', async () => {
    const settled = pending({ status: 'approved', decidedAtEpochMs: now + 30_000 });
    stage.world.settled = [{ ...settled, votes: [vote('ana', 'approve', now + 12_000)] }];
    const { code, out } = await as('ben', 'figures', '--since', '7d');
    expect(code).toBe(0);
    expect(out).toMatch(/ANA \(ana\) +1 +1 +100 % +12 s/);
    expect(JSON.parse((await as('ben', 'figures', '--json')).out)).toMatchObject({
      overall: { votes: 1, medianSecondsToVote: 12 },
    });
    expect(await as('mia', 'figures')).toMatchObject({ code: 1, err: expect.stringContaining('groups') });
    expect(await as('ben', 'never-again')).toMatchObject({ code: 0, out: 'nobody said never again\n' });
    stage.world.neverAgain = [
      {
        approvalId: 'apr-no',
        incidentId,
        planDigest: planDigestOf(planOf()),
        agentRole: 'responder',
        environment: 'local',
        action: 'lambda.shift-alias',
        by: 'ben',
        atEpochMs: now,
      },
    ];
    expect((await as('ben', 'never-again')).out).toMatch(
      /lambda\.shift-alias +unknown +local +responder +ben/,
    );
  });
});

describe('logged in by device authorization', () => {
  it('asks for a login where there is nobody to sign in', async () => {
    expect(await stage.run(['approvals'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(
        'nobody is signed in to stage local; run `npx interlock login`, or name a seeded user: `npx interlock --as ana approvals`',
      ),
    });
  });

  it('is the only way in on a deployed stage, whatever AWS says', async () => {
    expect(await stage.run(['--as', 'ana', '--stage', 'dev', 'approvals'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /--as is for the local stack; approvals of stage dev are decided by who signed in with `npx interlock --stage dev login`/,
      ),
    });
  });

  it('logs in, decides as that person, and logs out', async () => {
    const login = await confirmedBy('ana', 'login', '--json');
    expect([login.code, JSON.parse(login.out)]).toStrictEqual([
      0,
      { outcome: 'signed-in', stage: 'local', person: 'Ana Duarte', kept: true, file: kept() },
    ]);
    expect(statSync(kept()).mode & 0o777).toBe(0o600);
    const { refreshToken } = JSON.parse(readFileSync(kept(), 'utf8')) as { refreshToken: string };
    await put('apr-login');
    const approved = await stage.run(['approvals', 'approve', 'apr-login', '--yes']);
    expect(approved).toMatchObject({ code: 0, out: expect.stringContaining('approved') });
    expect(await stage.world.store.get('apr-login')).toMatchObject({ votes: [{ identityId: 'ana' }] });
    const logout = await stage.run(['logout']);
    expect(logout).toMatchObject({ code: 0, out: expect.stringContaining('logged out of stage local') });
    expect(existsSync(kept())).toBe(false);
    for (const { out, err } of [login, approved, logout]) expect(out + err).not.toContain(refreshToken);
    // The provider was told: the token that somebody may have copied opens nothing.
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: 'interlock-cli',
    });
    const used = await fetch(`${stage.provider.issuer}/token`, { method: 'POST', body });
    expect([used.status, await used.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
  });
});
