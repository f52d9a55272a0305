import { describe, expect, it } from 'vitest';
import {
  type RequestPorts,
  requestApproval,
  type WaitingChange,
} from '../../functions/approvals/request-approval.ts';
import { planDigestOf } from '../../functions/change/plan.ts';
import { incidentId, now, planOf } from './fixtures.ts';
import { MemoryApprovals } from './memory-approvals.ts';

const plan = planOf();
const request = {
  incidentId,
  planDigest: planDigestOf(plan),
  approvalId: 'apr-1',
  taskToken: 'the-task-token',
};

type Found = Awaited<ReturnType<RequestPorts['dossiers']['asked']>>['decision'];

function desk(
  decision: Found = { outcome: 'require-approval', quorum: 2, approvalId: 'apr-1' },
  waiting?: WaitingChange,
) {
  const store = new MemoryApprovals(() => now);
  const ports: RequestPorts = {
    clock: () => now,
    lifeSeconds: 600,
    verdictSeconds: 120,
    dossiers: { asked: async () => ({ decision }), waitingChange: async () => waiting },
    tokens: { encrypt: async (_id, token) => Buffer.from(`sealed ${token.length}`) },
    approvals: store,
  };
  return { store, ports };
}

describe('asking people', () => {
  it('stores the request with the decision’s quorum, and with it that people are to be told', async () => {
    const { store, ports } = desk();
    expect(await requestApproval(ports, request)).toStrictEqual({ outcome: 'requested' });
    expect(await store.get('apr-1')).toMatchObject({ quorum: 2, expiresAtEpochMs: 1_795_342_200_000 });
    expect(await store.notices('apr-1')).toMatchObject([
      { kind: 'requested', approvalVersion: 1, status: 'due', deliveries: {}, nextAttemptAtEpochMs: now },
    ]);
  });

  it('tells people once, however often the task is tried', async () => {
    const { store, ports } = desk();
    await requestApproval(ports, request);
    expect(await requestApproval(ports, request)).toStrictEqual({ outcome: 'token-replaced' });
    expect(await store.notices('apr-1')).toHaveLength(1);
  });

  it('leaves nothing that holds the token, neither in its answer nor beside the approval', async () => {
    const { store, ports } = desk();
    const answer = await requestApproval(ports, request);
    const left = [answer, await store.notices('apr-1'), await store.entries(incidentId)];
    expect(JSON.stringify(left)).not.toContain('the-task-token');
  });

  it.each([
    ['another outcome', { outcome: 'auto', quorum: 0, approvalId: 'apr-1' }],
    ['a recommendation', { outcome: 'recommend', quorum: 0 }],
    ['another approval', { outcome: 'require-approval', quorum: 1, approvalId: 'apr-2' }],
    ['no approval', { outcome: 'require-approval', quorum: 1 }],
  ])('refuses when the decision says %s', async (_case, decision) => {
    const { store, ports } = desk(decision);
    await expect(requestApproval(ports, request)).rejects.toMatchObject({ code: 'approval.not-asked-for' });
    expect(await store.get('apr-1')).toBeUndefined();
    expect(await store.notices('apr-1')).toStrictEqual([]);
  });

  const verdictOn = { changeId: 'chg-1', reason: 'alarm: could not be read' };
  const waiting = { incidentId, planDigest: request.planDigest, verdictApprovalId: 'apr-1' };

  it('asks one person to judge a change that waits for it, for the shorter time', async () => {
    const { store, ports } = desk({ outcome: 'auto', quorum: 0 }, waiting);
    expect(await requestApproval(ports, { ...request, verdictOn })).toStrictEqual({ outcome: 'requested' });
    expect(await store.get('apr-1')).toMatchObject({
      quorum: 1,
      verdictOn,
      expiresAtEpochMs: 1_795_341_720_000,
    });
  });

  it.each([
    ['no such change waits', undefined],
    ['the change waits for another approval', { ...waiting, verdictApprovalId: 'apr-2' }],
    ['the change carries out another plan', { ...waiting, planDigest: 'f'.repeat(64) }],
    ['the change belongs to another incident', { ...waiting, incidentId: 'inc-other' }],
  ])('refuses to ask for a verdict when %s, whatever the decision says', async (_case, change) => {
    const { store, ports } = desk(undefined, change);
    await expect(requestApproval(ports, { ...request, verdictOn })).rejects.toMatchObject({
      code: 'approval.not-asked-for',
    });
    expect(await store.get('apr-1')).toBeUndefined();
  });

  it.each([
    [30_000, now + 30_000],
    [600_000, now + 600_000],
    [600_001, now + 600_000],
  ])('gives people no longer than the policies permit: %d ms', async (left, expiresAtEpochMs) => {
    const notAfterEpochMs = now + left;
    const { store, ports } = desk({
      outcome: 'require-approval',
      quorum: 1,
      approvalId: 'apr-1',
      notAfterEpochMs,
    });
    expect(await requestApproval(ports, request)).toStrictEqual({ outcome: 'requested' });
    expect(await store.get('apr-1')).toMatchObject({ expiresAtEpochMs, notAfterEpochMs });
  });

  it('asks nobody where hardly any time is left', async () => {
    const notAfterEpochMs = now + 29_999;
    const { store, ports } = desk({
      outcome: 'require-approval',
      quorum: 1,
      approvalId: 'apr-1',
      notAfterEpochMs,
    });
    await expect(requestApproval(ports, request)).rejects.toMatchObject({
      name: 'ApprovalTooLateError',
      code: 'approval.too-late',
    });
    expect(await store.get('apr-1')).toBeUndefined();
  });

  // The first attempt stored the request and its answer was lost: people look at it.
  it('goes on waiting for people who were asked in time, however late the task is tried again', async () => {
    const decision = { outcome: 'require-approval', quorum: 1, approvalId: 'apr-1' };
    const { store, ports } = desk({ ...decision, notAfterEpochMs: now + 30_000 });
    await requestApproval(ports, request);
    const tryAgain = (later: number) => requestApproval({ ...ports, clock: () => now + later }, request);
    expect(await tryAgain(1)).toStrictEqual({ outcome: 'token-replaced' });
    expect(await tryAgain(29_999)).toStrictEqual({ outcome: 'token-replaced' });
    // Nothing is left to wait for: what people said meanwhile is settled.
    await expect(tryAgain(30_000)).rejects.toMatchObject({ name: 'InvalidInputError' });
    expect(await store.get('apr-1')).toMatchObject({ expiresAtEpochMs: now + 30_000 });
    expect(await store.notices('apr-1')).toHaveLength(1);
  });

  it('asks about what was changed already for as long as ever', async () => {
    const decided = { outcome: 'auto', quorum: 0, notAfterEpochMs: now - 1 };
    const { store, ports } = desk(decided, waiting);
    await requestApproval(ports, { ...request, verdictOn });
    const approval = await store.get('apr-1');
    expect(approval).toMatchObject({ expiresAtEpochMs: now + 120_000 });
    expect(approval).not.toHaveProperty('notAfterEpochMs');
  });

  it('asks nobody about an approval that has expired meanwhile', async () => {
    const { store, ports } = desk();
    await requestApproval(ports, request);
    await store.expire('apr-1', 'approval-sweep');
    expect(await requestApproval(ports, request)).toStrictEqual({ outcome: 'already-expired' });
    expect((await store.notices('apr-1')).map(({ kind }) => kind)).toStrictEqual(['outcome', 'requested']);
  });
});
