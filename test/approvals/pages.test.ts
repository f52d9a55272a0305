import { beforeEach, describe, expect, it } from 'vitest';
import { type Approval, castVote } from '../../functions/approvals/approval.ts';
import { parseApproverPolicy } from '../../functions/approvals/authority.ts';
import type { Dossier, IncidentFile, KillSwitchReading } from '../../functions/approvals/dossier.ts';
import { LocalSignIn } from '../../functions/approvals/local-sign-in.tsx';
import { noSignIn } from '../../functions/approvals/no-sign-in.tsx';
import { approvalPages } from '../../functions/approvals/pages.tsx';
import type { PagesPorts } from '../../functions/approvals/pages-ports.ts';
import type { RefusedVote, VoteRefusal } from '../../functions/approvals/refused-vote.ts';
import { sessionKeys } from '../../functions/approvals/session.ts';
import { emptyChain, sealEntries } from '../../functions/audit/ledger-entry.ts';
import type { Plan } from '../../functions/change/plan.ts';
import { Browser, tokenIn } from './browser.ts';
import { dossierOf, incidentId, now, pending, planOf, vote } from './fixtures.ts';
import { MemoryApprovals } from './memory-approvals.ts';

const approvers = parseApproverPolicy({
  version: 1,
  grants: [
    { group: 'approvers', actionClasses: ['traffic', 'configuration'], environments: ['local'] },
    { group: 'elsewhere', actionClasses: ['*'], environments: ['prod'] },
  ],
  agentOwners: [{ agentRole: 'responder', identityIds: ['olga'] }],
});

let users: { id: string; displayName: string; role: string; groups: string[] }[];
let clock: { now: number };
let store: MemoryApprovals;
let dossiers: Map<string, Dossier>;
let votes: number;
let killSwitch: () => Promise<KillSwitchReading>;
let failing: boolean;
let refusedVotes: RefusedVote[];
/** The ledger entries that refusals left. */
let evidence: string[];

beforeEach(() => {
  judged = undefined;
  users = [
    { id: 'ana', displayName: 'Ana', role: 'on call', groups: ['approvers'] },
    { id: 'ben', displayName: 'Ben', role: '', groups: ['approvers'] },
    { id: 'mia', displayName: 'Mia', role: '', groups: ['developers'] },
    { id: 'pia', displayName: 'Pia', role: '', groups: ['elsewhere'] },
    { id: 'olga', displayName: 'Olga', role: '', groups: ['approvers'] },
  ];
  clock = { now: now + 60_000 };
  store = new MemoryApprovals(() => clock.now);
  dossiers = new Map();
  votes = 0;
  killSwitch = async () => 'released';
  failing = false;
  refusedVotes = [];
  evidence = [];
});

/** The change that waits to be judged, in the cases about verdicts. */
let judged: Dossier['change'];
function waitingChange(verdictApprovalId: string): NonNullable<Dossier['change']> {
  const { incidentId: incident, planDigest } = pending();
  return { changeId: 'chg-1', incidentId: incident, planDigest, status: 'executed', verdictApprovalId };
}

async function put(approval: Approval, plan: Plan = planOf(), title?: string): Promise<void> {
  await store.create(approval, new Uint8Array());
  dossiers.set(approval.approvalId, dossierOf(approval, plan, title));
}

async function dossier(approvalId: string): Promise<Dossier | undefined> {
  if (failing) throw new Error('the table is away: secret-of-the-error');
  const found = dossiers.get(approvalId);
  const approval = await store.get(approvalId);
  return found === undefined || approval === undefined
    ? undefined
    : { ...found, approval, ...(judged === undefined ? {} : { change: judged }) };
}

async function all(status: (approval: Approval) => boolean): Promise<Dossier[]> {
  const found = await Promise.all([...dossiers.keys()].map(dossier));
  return found.filter((each) => each !== undefined).filter(({ approval }) => status(approval));
}

function app(overrides: Partial<PagesPorts> = {}) {
  const keys = sessionKeys('0123456789abcdef0123456789abcdef');
  let ids = 0;
  return approvalPages({
    environment: 'local',
    desk: {
      dossier,
      pending: () => all(({ status }) => status === 'pending'),
      recent: () => all(({ status }) => status !== 'pending'),
      incident: async (id) => (id === incidentId ? incidentFile() : undefined),
    },
    vote: (id, digest, given, authority) => {
      votes += 1;
      return store.vote(id, digest, given, authority, 900);
    },
    killSwitch: () => killSwitch(),
    people: new LocalSignIn({
      users,
      keys: async () => keys,
      clock: () => clock.now,
      newId: () => `id-${++ids}`,
    }),
    approvers,
    keys: async () => keys,
    clock: () => clock.now,
    strictTransport: true,
    refusals: { record },
    onVote: () => undefined,
    onRefusedVote: (refused) => refusedVotes.push(refused),
    onError: () => undefined,
    ...overrides,
  });
}

async function record(approvalId: string, identityId: string, because: VoteRefusal) {
  if ((await store.get(approvalId)) === undefined) return 'unknown' as const;
  evidence.push(`${approvalId} ${identityId} ${because}`);
  return 'recorded' as const;
}

function incidentFile(): IncidentFile {
  const { incident } = dossierOf(pending());
  if (incident === undefined) throw new Error('no incident');
  const entries = sealEntries(`incident#${incidentId}`, emptyChain, 'artefact', [
    {
      type: 'incident.opened',
      atEpochMs: now - 90_000,
      actor: { kind: 'system', id: 'intake' },
      detail: { severity: 'critical', title: '<b>bold</b>' },
    },
  ]);
  return { incident, entries };
}

async function signedIn(identity: string, pages = app()): Promise<Browser> {
  const browser = new Browser(pages);
  await browser.signIn(identity);
  return browser;
}

const path = '/approvals/apr-1';
async function tokenFor(browser: Browser, approvalPath = path): Promise<string> {
  return tokenIn((await browser.get(approvalPath)).text, approvalPath);
}

describe('reading', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])(
    '%s, ten times, by a scanner or an approver, changes nothing',
    async (method) => {
      await put(pending());
      const before = await store.get('apr-1');
      const approver = await signedIn('ana');
      for (const visitor of [new Browser(app()), approver]) {
        for (let visit = 0; visit < 10; visit++) {
          for (const query of ['', '?verdict=approve', `?verdict=approve&csrf=${await tokenFor(approver)}`]) {
            await visitor.send(`${path}${query}`, { method });
          }
        }
      }
      expect(await store.get('apr-1')).toStrictEqual(before);
      expect(votes).toBe(0);
      expect(refusedVotes).toStrictEqual([]);
    },
  );

  it('shows what, why, before and after, clause, rollback, confidence, evidence and time left', async () => {
    await put(pending({ quorum: 2, votes: [vote('ben', 'approve', now)] }));
    const { status, text } = await (await signedIn('ana')).get(path);
    expect(status).toBe(200);
    for (const shown of [
      'Change checkout:live from version 2 to version 1?',
      'checkout-errors is in ALARM',
      'version 2',
      'version 1',
      'autonomy.matrix',
      'medium risk',
      'point checkout:live back at version 2',
      '86 %',
      'Written by a model from untrusted telemetry',
      'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92',
      '9 minutes left',
      '22 Nov 2026, 10:10 UTC',
      'BEN',
      '1 of 2 still needed',
      'Kill switch is off',
    ]) {
      expect(text).toContain(shown);
    }
  });

  it('stays under 30 kB on every page, without a script, an asset or an inline style attribute', async () => {
    await put(pending());
    const browser = await signedIn('ana');
    for (const page of ['/', path, `/incidents/${incidentId}`, '/sign-in', '/approvals/nope']) {
      const { text } = await browser.get(page);
      expect(Buffer.byteLength(text)).toBeLessThan(30_000);
      expect(text).not.toMatch(/<script|\sstyle="|\son\w+="|src="|https?:\/\/(?!checkout\.example)/i);
    }
  });

  it('sends headers that forbid scripts, frames, caching and foreign forms', async () => {
    const { headers } = await new Browser(app()).send('/sign-in');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toContain('unsafe');
    expect(policy).not.toContain('script-src');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toContain('max-age=');
  });

  it('is healthy without asking anything', async () => {
    const { status, text } = await new Browser(app()).get('/healthz');
    expect([status, text]).toStrictEqual([200, 'ok']);
  });

  it.each([
    ['released', 'Kill switch is off'],
    ['engaged', 'Kill switch engaged.'],
    ['unreadable', 'which counts as engaged'],
  ] as const)('shows a kill switch that is %s on every page', async (reading, words) => {
    killSwitch = async () => reading;
    await put(pending());
    const browser = await signedIn('ana');
    for (const page of ['/', path, '/sign-in', `/incidents/${incidentId}`, '/nope']) {
      expect((await browser.get(page)).text).toContain(words);
    }
  });

  it('shows the incident as its ledger tells it, and says when the chain is broken', async () => {
    const intact = await (await signedIn('ana')).get(`/incidents/${incidentId}`);
    expect(intact.text).toContain('Incident opened');
    expect(intact.text).toContain('chain intact');
    expect(intact.text).toContain('&lt;b&gt;bold');
    const file = incidentFile();
    const [entry] = file.entries;
    if (entry === undefined) throw new Error('no entry');
    const altered = { ...file, entries: [{ ...entry, detail: { severity: 'low' } }] };
    const desk = { dossier, pending: async () => [], recent: async () => [], incident: async () => altered };
    const broken = await (await signedIn('ana', app({ desk }))).get(`/incidents/${incidentId}`);
    expect(broken.text).toContain('chain broken');
  });

  it('fails without saying anything about the failure', async () => {
    failing = true;
    const { status, text } = await (await signedIn('ana')).get(path);
    expect(status).toBe(500);
    expect(text).not.toContain('secret-of-the-error');
  });
});

describe('voting', () => {
  it('approves with one tap, and shows it', async () => {
    await put(pending());
    const browser = await signedIn('ana');
    const answer = await browser.post(path, { csrf: await tokenFor(browser), verdict: 'approve' });
    expect([answer.status, answer.location]).toStrictEqual([303, path]);
    expect(await store.get('apr-1')).toMatchObject({ status: 'approved', votes: [{ identityId: 'ana' }] });
    const after = await browser.get(path);
    expect(after.text).toContain('Approved');
    expect(after.text).not.toContain('value="approve"');
  });

  it('rejects with a reason and a comment', async () => {
    await put(pending());
    const browser = await signedIn('ben');
    const csrf = await tokenFor(browser);
    const fields = { csrf, verdict: 'reject', reason: 'never-again', comment: ' frozen\r\nuntil noon ' };
    expect((await browser.post(path, fields)).status).toBe(303);
    expect(await store.get('apr-1')).toMatchObject({
      status: 'rejected',
      votes: [{ identityId: 'ben', reason: 'never-again', comment: 'frozen\nuntil noon' }],
    });
    expect((await browser.get(path)).text).toContain('never do this');
  });

  it('shows the earlier result to a replay, and to somebody who is late', async () => {
    await put(pending());
    const [ana, ben] = [await signedIn('ana'), await signedIn('ben')];
    const [anaToken, benToken] = [await tokenFor(ana), await tokenFor(ben)];
    await ana.post(path, { csrf: anaToken, verdict: 'approve' });
    const decided = await store.get('apr-1');
    expect(await ana.post(path, { csrf: anaToken, verdict: 'approve' })).toMatchObject({
      status: 303,
      location: path,
    });
    const late = await ben.post(path, { csrf: benToken, verdict: 'reject', reason: 'other' });
    expect(late.status).toBe(409);
    expect(late.text).toContain('decided before it arrived');
    const change = await ana.post(path, { csrf: anaToken, verdict: 'reject', reason: 'other' });
    expect(change.status).toBe(409);
    expect(evidence).toStrictEqual(['apr-1 ben already-decided', 'apr-1 ana already-decided']);
    expect(await store.get('apr-1')).toStrictEqual(decided);
  });

  it.each([
    [599_999, 303],
    [600_000, 409],
    [600_001, 409],
  ])('at %s ms of 600,000 answers %s', async (later, status) => {
    await put(pending());
    const browser = await signedIn('ana');
    const csrf = await tokenFor(browser);
    clock.now = now + later;
    expect((await browser.post(path, { csrf, verdict: 'approve' })).status).toBe(status);
    expect(evidence).toStrictEqual(status === 303 ? [] : ['apr-1 ana expired']);
  });

  it('says when it has expired', async () => {
    await put(pending());
    clock.now = now + 600_000;
    const { text } = await (await signedIn('ana')).get(path);
    expect(text).toContain('Not decided before 22 Nov 2026, 10:10 UTC');
    expect(text).not.toContain('value="approve"');
  });

  it('asks whether a change may stay, and says what silence does', async () => {
    const verdictOn = { changeId: 'chg-1', reason: 'alarm <i>unreadable</i>' };
    await put(pending({ verdictOn }));
    judged = waitingChange('apr-1');
    const browser = await signedIn('ana');
    const { text } = await browser.get(path);
    expect(text).toContain('Keep the change of checkout:live?');
    expect(text).toContain('alarm &lt;i&gt;unreadable&lt;/i&gt;');
    expect(text).toContain('Without an answer it is rolled back');
    expect(text).toContain('Keep it');
    expect(text).toContain('Roll it back');
    await browser.post(path, { csrf: await tokenFor(browser), verdict: 'approve' });
    expect(await store.get('apr-1')).toMatchObject({ status: 'approved' });
    expect((await browser.get(path)).text).toContain('<h2>Kept</h2>');
  });

  it('decides nothing about a change that does not wait for this approval', async () => {
    const verdictOn = { changeId: 'chg-1', reason: 'unknown' };
    await put(pending({ verdictOn }));
    judged = waitingChange('apr-other');
    const browser = await signedIn('ana');
    expect((await browser.get(path)).text).not.toContain('value="approve"');
  });

  it('says who broke the glass', async () => {
    await put(
      pending({
        status: 'approved',
        decidedAtEpochMs: now,
        usableUntilEpochMs: now + 1,
        breakGlassBy: 'ana',
      }),
    );
    expect((await (await signedIn('ben')).get(path)).text).toContain('by ana, who broke the glass');
  });

  it('waits for a second person where two are asked', async () => {
    await put(pending({ quorum: 2 }));
    const [ana, again, ben] = [await signedIn('ana'), await signedIn('ana'), await signedIn('ben')];
    await ana.post(path, { csrf: await tokenFor(ana), verdict: 'approve' });
    await again.post(path, { csrf: await tokenFor(again), verdict: 'approve' });
    expect(await store.get('apr-1')).toMatchObject({ status: 'pending', votes: [{ identityId: 'ana' }] });
    await ben.post(path, { csrf: await tokenFor(ben), verdict: 'approve' });
    expect(await store.get('apr-1')).toMatchObject({ status: 'approved' });
  });

  it('takes authority at the click: somebody removed from the group meanwhile decides nothing', async () => {
    await put(pending());
    const browser = await signedIn('ana');
    const csrf = await tokenFor(browser);
    const ana = users.find(({ id }) => id === 'ana');
    ana?.groups.splice(0);
    expect((await browser.post(path, { csrf, verdict: 'approve' })).status).toBe(404);
    expect(votes).toBe(0);
    expect(evidence).toStrictEqual(['apr-1 ana no-authority']);
    users.splice(0, 1);
    expect((await browser.post(path, { csrf, verdict: 'approve' })).location).toContain('/sign-in');
  });

  it('lets the agent’s owner look but not decide', async () => {
    await put(pending());
    const browser = await signedIn('olga');
    const { status, text } = await browser.get(path);
    expect(status).toBe(200);
    expect(text).toContain('You answer for the agent that proposes this');
    expect(text).not.toContain('value="approve"');
    // Olga has no token; with one of her own making she is still refused.
    const { formToken } = await import('../../functions/approvals/csrf.ts');
    const keys = sessionKeys('0123456789abcdef0123456789abcdef');
    const jwt = browser.cookies.get('__Host-interlock-session') ?? '';
    const { sid } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    const csrf = formToken(keys, sid, 'approval/apr-1');
    expect((await browser.post(path, { csrf, verdict: 'approve' })).status).toBe(403);
    expect(evidence).toStrictEqual(['apr-1 olga no-authority']);
    expect(await store.get('apr-1')).toMatchObject({ status: 'pending', votes: [] });
  });

  it('decides nothing about a plan that is not the one asked about', async () => {
    await put(pending());
    const browser = await signedIn('ana');
    const csrf = await tokenFor(browser);
    const swapped = planOf('lambda.shift-alias', {
      functionName: 'checkout',
      aliasName: 'live',
      fromVersion: '2',
      toVersion: '666',
    });
    const original = dossiers.get('apr-1');
    if (original === undefined) throw new Error('lost');
    dossiers.set('apr-1', { ...original, plan: swapped });
    const page = await browser.get(path);
    expect(page.text).toContain('not the one that was asked about');
    expect(page.text).not.toContain('value="approve"');
    expect((await browser.post(path, { csrf, verdict: 'approve' })).status).toBe(409);
    expect(votes).toBe(0);
    expect(evidence).toStrictEqual(['apr-1 ana plan-altered']);
  });
});

describe('forged and malformed forms', () => {
  it.each<[string, (own: string, other: string, foreign: string) => Record<string, string>]>([
    ['no token', () => ({ verdict: 'approve' })],
    ['an empty token', () => ({ csrf: '', verdict: 'approve' })],
    ['a made-up token', () => ({ csrf: 'A'.repeat(43), verdict: 'approve' })],
    ['the token of another approval', (_own, other) => ({ csrf: other, verdict: 'approve' })],
    ['the token of another session', (_own, _other, foreign) => ({ csrf: foreign, verdict: 'approve' })],
  ])('%s decides nothing', async (_case, fields) => {
    await put(pending());
    await put(pending({ approvalId: 'apr-2' }));
    const [ana, ben] = [await signedIn('ana'), new Browser(app())];
    await ben.signIn('mia');
    await ben.signIn('ben'); // another session id than Ana's
    const own = await tokenFor(ana);
    const other = await tokenFor(ana, '/approvals/apr-2');
    const foreign = await tokenFor(ben);
    expect(new Set([own, other, foreign]).size).toBe(3);
    const { status } = await ana.post(path, fields(own, other, foreign));
    expect(status).toBe(403);
    expect(await store.get('apr-1')).toMatchObject({ status: 'pending', votes: [] });
    expect(votes).toBe(0);
    const because = fields(own, other, foreign)['csrf'] === undefined ? 'missing' : 'wrong';
    expect(evidence).toStrictEqual([`apr-1 ana form-token-${because}`]);
  });

  it('refuses a form that comes from another site, even with its token', async () => {
    await put(pending());
    const browser = await signedIn('ana');
    const csrf = await tokenFor(browser);
    for (const site of ['cross-site', 'same-site']) {
      const answer = await browser.post(path, { csrf, verdict: 'approve' }, { 'sec-fetch-site': site });
      expect(answer.status).toBe(403);
    }
    expect(votes).toBe(0);
    expect(new Set(evidence)).toStrictEqual(new Set(['apr-1 ana cross-site-form']));
    const own = await browser.post(path, { csrf, verdict: 'approve' }, { 'sec-fetch-site': 'same-origin' });
    expect(own.status).toBe(303);
  });

  it.each([
    ['no verdict', {}],
    ['an unknown verdict', { verdict: 'maybe' }],
    ['a verdict in another case', { verdict: 'Approve' }],
    ['a prototype name', { verdict: '__proto__' }],
    ['a rejection without reason', { verdict: 'reject' }],
    ['an unknown reason', { verdict: 'reject', reason: 'because' }],
    ['a reason on an approval', { verdict: 'approve', reason: 'other' }],
    ['an unknown field', { verdict: 'approve', quorum: '0' }],
    ['a comment of 1,001 characters', { verdict: 'reject', reason: 'other', comment: 'x'.repeat(1_001) }],
  ])('refuses %s', async (_case, fields) => {
    await put(pending());
    const browser = await signedIn('ana');
    const csrf = await tokenFor(browser);
    expect((await browser.post(path, { csrf, ...(fields as Record<string, string>) })).status).toBe(400);
    expect(votes).toBe(0);
    expect(evidence).toStrictEqual(['apr-1 ana malformed-form']);
  });

  it('takes a comment of 1,000 characters of four bytes each', async () => {
    await put(pending());
    const browser = await signedIn('ana');
    const csrf = await tokenFor(browser);
    const comment = '漢'.repeat(1_000);
    const answer = await browser.post(path, { csrf, verdict: 'reject', reason: 'other', comment });
    expect(answer.status).toBe(303);
  });

  it('refuses repeated fields, files, JSON and a megabyte', async () => {
    await put(pending());
    const browser = await signedIn('ana');
    const csrf = await tokenFor(browser);
    const send = (body: NonNullable<RequestInit['body']>, headers?: Record<string, string>) =>
      browser.send(path, { method: 'POST', body, ...(headers === undefined ? {} : { headers }) });
    const twice = new URLSearchParams([
      ['csrf', csrf],
      ['verdict', 'reject'],
      ['verdict', 'approve'],
    ]);
    expect((await send(twice)).status).toBe(400);
    const file = new FormData();
    file.set('csrf', csrf);
    file.set('verdict', new File(['approve'], 'approve'));
    expect((await send(file)).status).toBe(400);
    const json = JSON.stringify({ csrf, verdict: 'approve' });
    expect((await send(json, { 'content-type': 'application/json' })).status).toBe(400);
    const large = new URLSearchParams({
      csrf,
      verdict: 'reject',
      reason: 'other',
      comment: 'x'.repeat(1_048_576),
    });
    expect((await send(large)).status).toBe(413);
    expect(votes).toBe(0);
    expect(evidence).toStrictEqual([
      ...Array.from({ length: 3 }, () => 'apr-1 ana malformed-form'),
      'apr-1 ana form-too-large',
    ]);
  });
});

describe('the evidence of a refused vote', () => {
  it('is none for an unknown id, of any shape', async () => {
    const browser = await signedIn('ana');
    for (const id of ['apr-9', '__proto__', '%2e%2e%2f', 'a'.repeat(2_000), '%00', '%F0%9F%92%A3']) {
      expect((await browser.post(`/approvals/${id}`, { verdict: 'approve' })).status).toBe(404);
    }
    expect(evidence).toStrictEqual([]);
    expect(refusedVotes.map((refused) => refused.evidence)).toStrictEqual(Array(6).fill('unknown'));
  });

  it('names an approval whose address was disguised', async () => {
    await put(pending());
    const browser = await signedIn('ana');
    expect((await browser.post('/approvals/%61pr-1', { verdict: 'approve' })).status).toBe(403);
    expect(evidence).toStrictEqual(['apr-1 ana form-token-missing']);
  });

  it('is kept for an approval whose plan is gone', async () => {
    await put(pending());
    const browser = await signedIn('ana');
    dossiers.clear();
    expect((await browser.post(path, { verdict: 'approve' })).status).toBe(404);
    expect(evidence).toStrictEqual(['apr-1 ana incomplete-record']);
  });

  it('names nobody where nobody is signed in, and writes nothing', async () => {
    await put(pending());
    const visitor = new Browser(app());
    expect((await visitor.post(path, { verdict: 'approve' })).location).toContain('/sign-in');
    expect(evidence).toStrictEqual([]);
    expect(refusedVotes).toStrictEqual([
      { approvalId: 'apr-1', because: 'no-authority', evidence: 'not-signed-in' },
    ]);
  });

  it.each([
    ['malformed', { verdict: 'maybe' }, {}, 400],
    ['forged', { csrf: 'forged', verdict: 'approve' }, {}, 403],
    ['cross-site', { verdict: 'approve' }, { 'sec-fetch-site': 'cross-site' }, 403],
  ])(
    'does not change the answer to a %s form when it cannot be written',
    async (_case, fields, headers, status) => {
      await put(pending());
      const errors: Error[] = [];
      const away = async () => {
        throw new Error('the ledger is away');
      };
      const healthy = await (await signedIn('ana')).post(path, fields, headers);
      const pages = app({ refusals: { record: away }, onError: (error) => errors.push(error) });
      const answer = await (await signedIn('ana', pages)).post(path, fields, headers);
      expect(answer.status).toBe(status);
      expect(answer).toStrictEqual(healthy);
      expect(errors.map(({ message }) => message)).toStrictEqual(['the ledger is away']);
      expect(refusedVotes.map((refused) => refused.evidence)).toStrictEqual(['recorded', 'lost']);
    },
  );
});

describe('constant answers', () => {
  it('does not tell an approval one may not see from one that does not exist', async () => {
    await put(pending());
    for (const identity of ['mia', 'pia']) {
      const browser = await signedIn(identity);
      const [forbidden, unknown] = [await browser.get(path), await browser.get('/approvals/apr-9')];
      expect(forbidden.status).toBe(404);
      expect(forbidden).toStrictEqual(unknown);
      const fields = { csrf: 'x', verdict: 'approve' };
      const posted = await browser.post(path, fields);
      expect(posted).toStrictEqual(await browser.post('/approvals/apr-9', fields));
      expect(posted.status).toBe(404);
      const incident = await browser.get(`/incidents/${incidentId}`);
      expect(incident).toStrictEqual(await browser.get('/incidents/inc-9'));
      expect((await browser.get('/')).text).not.toContain('checkout');
    }
  });

  it('gives an approver the same page for an unknown id', async () => {
    await put(pending());
    const browser = await signedIn('ana');
    for (const id of ['apr-9', '__proto__', '%2e%2e%2f', 'a'.repeat(2_000), "'; DROP TABLE", '%00']) {
      expect((await browser.get(`/approvals/${id}`)).status).toBe(404);
    }
  });
});

describe('signing in', () => {
  it('comes first, and leads back to where one wanted to go', async () => {
    await put(pending());
    const browser = new Browser(app());
    const first = await browser.get(path);
    expect([first.status, first.location]).toStrictEqual([303, '/sign-in?returnTo=%2Fapprovals%2Fapr-1']);
    expect(first.text).not.toContain('checkout');
    expect((await browser.post(path, { verdict: 'approve' })).location).toContain('/sign-in');
    expect(await browser.signIn('ana', path)).toBe(path);
    expect((await browser.get(path)).status).toBe(200);
  });

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
  ])('does not send anybody to %s', async (returnTo) => {
    const browser = new Browser(app());
    expect((await browser.get(`/sign-in?returnTo=${encodeURIComponent(returnTo)}`)).text).not.toContain(
      'evil',
    );
    expect(await browser.signIn('ana', returnTo)).toBe('/');
  });

  it('starts a new session each time, over any that was planted', async () => {
    const browser = new Browser(app());
    browser.cookies.set('__Host-interlock-session', 'planted');
    await browser.signIn('ana');
    const first = browser.cookies.get('__Host-interlock-session');
    await browser.signIn('ana');
    const second = browser.cookies.get('__Host-interlock-session');
    expect(first).toBeDefined();
    expect(new Set(['planted', first, second]).size).toBe(3);
  });

  it('keeps the session out of scripts and other sites', async () => {
    const browser = new Browser(app());
    const page = await browser.get('/sign-in');
    const response = await browser.send('/sign-in', {
      method: 'POST',
      body: new URLSearchParams({ csrf: tokenIn(page.text), identity: 'ana', returnTo: '/' }),
    });
    const cookie = response.headers
      .getSetCookie()
      .find((line) => line.startsWith('__Host-interlock-session='));
    for (const attribute of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/', 'Max-Age=3600']) {
      expect(cookie).toContain(attribute);
    }
    expect(cookie).not.toContain('Domain');
  });

  it('refuses a forged form, another browser’s form and an unknown person', async () => {
    const browser = new Browser(app());
    const page = await browser.get('/sign-in');
    const csrf = tokenIn(page.text);
    for (const fields of [
      { csrf: 'forged', identity: 'ana', returnTo: '/' },
      { csrf, identity: 'nobody', returnTo: '/' },
      { csrf, identity: '__proto__', returnTo: '/' },
    ]) {
      expect((await browser.post('/sign-in', fields)).status).toBe(403);
    }
    expect((await browser.post('/sign-in', { csrf, identity: 'ana' })).status).toBe(400);
    const other = new Browser(app());
    expect((await other.post('/sign-in', { csrf, identity: 'ana', returnTo: '/' })).status).toBe(403);
    expect(other.cookies.has('__Host-interlock-session')).toBe(false);
  });

  it('ends with signing out, which takes the page’s own token', async () => {
    const browser = await signedIn('ana');
    expect((await browser.post('/sign-out', { csrf: 'forged' })).status).toBe(403);
    expect((await browser.get('/')).status).toBe(200);
    const csrf = tokenIn((await browser.get('/')).text, '/sign-out');
    expect((await browser.post('/sign-out', { csrf })).location).toBe('/sign-in');
    expect((await browser.get('/')).location).toContain('/sign-in');
  });

  it('ends by itself after an hour', async () => {
    const browser = await signedIn('ana');
    clock.now += 3_600_000;
    expect((await browser.get('/')).location).toContain('/sign-in');
  });

  it('is nobody where no identity provider is configured', async () => {
    await put(pending());
    const session = (await signedIn('ana')).cookies;
    const browser = new Browser(app({ people: noSignIn }));
    for (const [name, value] of session) browser.cookies.set(name, value);
    expect((await browser.get(path)).location).toContain('/sign-in');
    const page = await browser.get('/sign-in');
    expect([page.status, page.text.includes('Sign-in is not configured for this stage')]).toStrictEqual([
      503,
      true,
    ]);
    expect(page.text).not.toContain('value="ana"');
    const answer = await browser.post('/sign-in', { csrf: 'x', identity: 'ana', returnTo: '/' });
    expect(answer.status).toBe(503);
  });
});

const payloads = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' autofocus onfocus=alert(1) x='",
  '</title><svg onload=alert(1)>',
  '</style><script>alert(1)</script>',
  '</textarea><iframe src=javascript:alert(1)>',
  '<a href="javascript:alert(1)">x</a>',
  '{{constructor.constructor("alert(1)")()}}',
  '<!--<script>-->alert(1)',
  '&lt;script&gt;',
  '\u202E<b>',
];

describe('hostile text', () => {
  it.each(payloads)('%s is shown as text wherever it can come from', async (payload) => {
    const plan = planOf('ssm.put-parameter', { name: '/a/b', fromValue: payload, toValue: `${payload}2` });
    const recorded = castVote(
      pending({ quorum: 2 }, plan),
      { ...vote('ben', 'approve'), displayName: payload, comment: payload },
      { may: 'decide' },
      900,
    ).approval;
    await put(recorded, plan, payload);
    const made = dossiers.get('apr-1');
    if (made === undefined) throw new Error('lost');
    dossiers.set('apr-1', {
      ...made,
      triage: {
        diagnosis: payload,
        confidence: 0.5,
        reasons: [payload],
        planDigests: [recorded.planDigest],
        gaps: [payload],
      },
    });
    const browser = await signedIn('ana');
    for (const page of ['/', path]) {
      const { status, text } = await browser.get(page);
      expect(status).toBe(200);
      const body = text.slice(text.indexOf('</style>') + 8);
      expect(body).not.toMatch(/<(script|img|svg(?! viewBox)|iframe|b>|a href="javascript)/i);
      expect(body).not.toMatch(/<[^>]*\son\w+=/i);
      expect(body).not.toContain('\u202E');
      expect(body).not.toContain('<!--');
    }
  });
});
