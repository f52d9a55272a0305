import { beforeEach, describe, expect, it } from 'vitest';
import type { Approval } from '../../functions/approvals/approval.ts';
import { type Identity, parseApproverPolicy } from '../../functions/approvals/authority.ts';
import {
  type DecisionPorts,
  decideApproval,
  type OpenedApproval,
  openApproval,
  type Verdict,
} from '../../functions/approvals/decide-approval.ts';
import type { Dossier } from '../../functions/approvals/dossier.ts';
import { type Plan, planDigestOf } from '../../functions/change/plan.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { dossierOf, incidentId, now, pending, planOf } from './fixtures.ts';
import { MemoryApprovals } from './memory-approvals.ts';
import { setRecovered } from './moot-incident.ts';

const person = (id: string, ...groups: string[]): Identity => ({ id, displayName: id.toUpperCase(), groups });
const ana = person('ana', 'approvers');
const ben = person('ben', 'approvers');
const dov = person('dov');
const approvers = parseApproverPolicy({
  version: 1,
  grants: [{ group: 'approvers', actionClasses: ['*'], environments: ['local'] }],
  delegations: [{ from: 'ana', to: 'dov', groups: ['approvers'], until: '2026-11-22T10:05:00Z' }],
  agentOwners: [{ agentRole: 'responder', identityIds: ['olga'] }],
});
const approve: Verdict = { planDigest: planDigestOf(planOf()), verdict: 'approve', via: 'page' };

let clock: number;
let store: MemoryApprovals;
let alter: (dossier: Dossier) => Dossier | undefined;
let ports: DecisionPorts;

beforeEach(() => {
  clock = now;
  store = new MemoryApprovals(() => clock);
  alter = (dossier) => dossier;
  ports = {
    approvers,
    clock: () => clock,
    desk: {
      dossier: async (approvalId) => {
        const approval = await store.get(approvalId);
        return approval === undefined ? undefined : alter(dossierOf(approval));
      },
    },
    vote: (approvalId, planDigest, vote, authority) =>
      store.vote(approvalId, planDigest, vote, authority, 900),
  };
});

async function ask(overrides: Partial<Approval> = {}): Promise<void> {
  await store.create(pending(overrides), Buffer.from('sealed'));
}

async function open(identity: Identity): Promise<OpenedApproval> {
  const opened = await openApproval(ports, identity, 'apr-1');
  if ('outcome' in opened) throw new Error(`not opened: ${opened.because}`);
  return opened;
}

describe('opening an approval', () => {
  it.each([
    ['an id that does not exist', 'apr-2', 'incomplete-record'],
    ['an empty id', '', 'incomplete-record'],
    ['an id that is too long', 'a'.repeat(257), 'incomplete-record'],
    ['a prototype name', '__proto__', 'incomplete-record'],
  ])('answers the same for %s', async (_case, approvalId, because) => {
    await ask();
    expect(await openApproval(ports, ana, approvalId)).toStrictEqual({ outcome: 'not-found', because });
  });

  it('answers the same for whoever has no authority', async () => {
    await ask();
    const answer = await openApproval(ports, person('mia', 'developers'), 'apr-1');
    expect(answer).toStrictEqual({ outcome: 'not-found', because: 'no-authority' });
  });

  it('looks at what is decided only where the id can be one', async () => {
    let looked = 0;
    const counting = { ...ports, desk: { dossier: async () => void (looked += 1) as unknown as undefined } };
    await openApproval(counting, ana, 'a'.repeat(257));
    expect(looked).toBe(0);
  });
});

describe('deciding', () => {
  it('counts a vote with where it was cast, and says what stands now', async () => {
    await ask();
    const result = await decideApproval(ports, ana, await open(ana), { ...approve, comment: 'looks right' });
    expect(result).toMatchObject({
      outcome: 'accepted',
      opened: { dossier: { approval: { status: 'approved' } } },
    });
    expect((await store.get('apr-1'))?.votes).toStrictEqual([
      {
        identityId: 'ana',
        displayName: 'ANA',
        verdict: 'approve',
        comment: 'looks right',
        via: 'page',
        atEpochMs: now,
      },
    ]);
  });

  it('leaves in the ledger by which way and for whom it was said, and of the comment its digest', async () => {
    await ask({ quorum: 2 });
    await decideApproval(ports, dov, await open(dov), { ...approve, via: 'slack', comment: 'secret words' });
    const [, voted] = await store.entries(incidentId);
    expect(voted).toMatchObject({
      type: 'approval.voted',
      actor: { kind: 'person', id: 'dov' },
      detail: { verdict: 'approve', via: 'slack', onBehalfOf: 'ana' },
    });
    expect(JSON.stringify(await store.entries(incidentId))).not.toContain('secret words');
    expect(voted?.detail['commentDigest']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('makes no quorum of a person and their stand-in, in either order', async () => {
    for (const [first, second] of [
      [ana, dov],
      [dov, ana],
    ] as const) {
      store = new MemoryApprovals(() => clock);
      await ask({ quorum: 2 });
      await decideApproval(ports, first, await open(first), approve);
      await decideApproval(ports, second, await open(second), approve);
      expect(await store.get('apr-1')).toMatchObject({ status: 'pending', version: 3 });
      await decideApproval(ports, ben, await open(ben), approve);
      expect(await store.get('apr-1')).toMatchObject({ status: 'approved' });
    }
  });

  it.each<[string, (dossier: Dossier) => Dossier]>([
    [
      'the plan was altered',
      (dossier) => ({ ...dossier, plan: { ...dossier.plan, environment: 'prod' } as Plan }),
    ],
    [
      'the decision asks for another approval',
      (dossier) => ({ ...dossier, decision: { ...dossier.decision, approvalId: 'apr-2' } }),
    ],
  ])('is refused when %s', async (_case, altered) => {
    await ask();
    const opened = await open(ana);
    const result = await decideApproval(ports, ana, { ...opened, dossier: altered(opened.dossier) }, approve);
    expect(result).toMatchObject({ outcome: 'refused', because: 'plan-altered' });
    expect(await store.get('apr-1')).toMatchObject({ status: 'pending', votes: [] });
  });

  it('is refused when another plan was shown than the one that was asked about', async () => {
    await ask();
    const result = await decideApproval(ports, ana, await open(ana), {
      ...approve,
      planDigest: 'f'.repeat(64),
    });
    expect(result).toMatchObject({ outcome: 'refused', because: 'plan-altered' });
    expect(await store.get('apr-1')).toMatchObject({ votes: [] });
  });

  it.each([
    [599_999, 'accepted'],
    [600_000, 'refused'],
    [600_001, 'refused'],
  ])('opened in time and said at %s of 600,000 ms is %s', async (later, outcome) => {
    await ask();
    const opened = await open(ana);
    clock = now + later;
    expect(await decideApproval(ports, ana, opened, approve)).toMatchObject({ outcome });
  });

  it.each<[string, () => Promise<unknown>, string, string]>([
    [
      'decided',
      () =>
        decideApproval(
          ports,
          ben,
          { dossier: dossierOf(pending()), authority: { may: 'decide' } },
          { ...approve, verdict: 'reject', reason: 'other' },
        ),
      'already-decided',
      'rejected',
    ],
    [
      'cancelled',
      async () => {
        await setRecovered(store.database, store.operationsTable, incidentId);
        return store.cancel('apr-1', 'incident-recovered', 'incident-watch');
      },
      'cancelled',
      'cancelled',
    ],
    ['expired', () => store.expire('apr-1', 'settle-approval'), 'expired', 'expired'],
  ])('that was %s meanwhile is refused, and shows what stands', async (_case, meanwhile, because, status) => {
    await ask();
    const opened = await open(ana);
    await meanwhile();
    expect(await decideApproval(ports, ana, opened, approve)).toMatchObject({
      outcome: 'refused',
      because,
      opened: { dossier: { approval: { status } } },
    });
  });

  it('counts by the one name of a person, whatever else they are called', async () => {
    await ask({ quorum: 2 });
    for (const aliases of [[], ['ben'], ['cleo', 'ben@corp.example']]) {
      const again = { ...ana, aliases };
      await decideApproval(ports, again, await open(again), approve);
    }
    expect(await store.get('apr-1')).toMatchObject({ status: 'pending', votes: [{ identityId: 'ana' }] });
    await decideApproval(ports, ben, await open(ben), approve);
    expect(await store.get('apr-1')).toMatchObject({ status: 'approved' });
  });

  it('said twice is accepted twice and counts once', async () => {
    await ask({ quorum: 2 });
    const opened = await open(ana);
    expect(await decideApproval(ports, ana, opened, approve)).toMatchObject({ outcome: 'accepted' });
    expect(await decideApproval(ports, ana, opened, approve)).toMatchObject({ outcome: 'accepted' });
    expect((await store.get('apr-1'))?.votes).toHaveLength(1);
  });

  it('is refused to whoever may only look', async () => {
    await ask();
    const olga = person('olga', 'approvers');
    const result = await decideApproval(ports, olga, await open(olga), approve);
    expect(result).toMatchObject({ outcome: 'refused', because: 'no-authority' });
    expect(await store.get('apr-1')).toMatchObject({ votes: [] });
  });

  it('of what is gone is not found', async () => {
    await ask();
    const opened = await open(ana);
    store = new MemoryApprovals(() => clock);
    expect(await decideApproval(ports, ana, opened, approve)).toStrictEqual({
      outcome: 'not-found',
      because: 'incomplete-record',
    });
  });
});

describe('a rejection that says never again', () => {
  const plan = planOf();
  const reject: Verdict = { ...approve, verdict: 'reject', reason: 'never-again', comment: 'not this' };
  const record = () => store.database.get(store.operationsTable, itemKeys.neverAgain('apr-1'));

  it('is kept with what was proposed, for the proposals that follow, without the comment', async () => {
    const item = { ...itemKeys.plan(incidentId, planDigestOf(plan)), plan };
    await store.database.transact([{ kind: 'put', table: store.operationsTable, item }]);
    await ask();
    await decideApproval(ports, ana, await open(ana), reject);
    expect(await record()).toStrictEqual({
      ...itemKeys.neverAgain('apr-1'),
      approvalId: 'apr-1',
      incidentId,
      planDigest: planDigestOf(plan),
      agentRole: 'responder',
      environment: 'local',
      action: 'lambda.shift-alias',
      actionClass: 'traffic',
      targetKey: 'lambda-alias/checkout:live',
      by: 'ana',
      atEpochMs: now,
      statusKey: 'NEVER-AGAIN',
      statusAt: '2026-11-22T10:00:00.000Z',
    });
  });

  it('counts where the plan is gone, and leaves no record then', async () => {
    await ask();
    expect(await decideApproval(ports, ana, await open(ana), reject)).toMatchObject({ outcome: 'accepted' });
    expect(await record()).toBeUndefined();
  });

  it.each(['other', 'wrong-target'] as const)('is not what %s says', async (reason) => {
    const item = { ...itemKeys.plan(incidentId, planDigestOf(plan)), plan };
    await store.database.transact([{ kind: 'put', table: store.operationsTable, item }]);
    await ask();
    await decideApproval(ports, ana, await open(ana), { ...reject, reason });
    expect(await record()).toBeUndefined();
  });
});
