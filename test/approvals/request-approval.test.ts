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
  tell?: () => Promise<never>,
  waiting?: WaitingChange,
) {
  const store = new MemoryApprovals(() => now);
  const messages: string[] = [];
  const failures: string[] = [];
  const ports: RequestPorts = {
    clock: () => now,
    lifeSeconds: 600,
    publicBaseUrl: 'https://approvals.example/',
    verdictSeconds: 120,
    dossiers: { asked: async () => ({ plan, decision }), waitingChange: async () => waiting },
    tokens: { encrypt: async (_id, token) => Buffer.from(`sealed ${token.length}`) },
    approvals: {
      create: (approval, ciphertext) => store.create(approval, ciphertext),
      recordNotificationFailure: async ({ approvalId }) => void failures.push(`ledger ${approvalId}`),
    },
    people: {
      tell: tell ?? (async (subject, message) => void messages.push(`${subject}\n${message}`)),
    },
    onNotificationFailure: (approvalId) => failures.push(`log ${approvalId}`),
  };
  return { store, ports, messages, failures };
}

describe('asking people', () => {
  it('stores the request with the decision’s quorum, then sends a link that holds the id only', async () => {
    const { store, ports, messages } = desk();
    expect(await requestApproval(ports, request)).toStrictEqual({ outcome: 'requested' });
    expect(await store.get('apr-1')).toMatchObject({ quorum: 2, expiresAtEpochMs: 1_795_342_200_000 });
    expect(messages).toStrictEqual([
      [
        'Interlock: approval wanted',
        'Point a Lambda alias at another published version of the same function, at once or (progressive) in steps. Environment: local. Needs 2 people.',
        'Read and decide before 2026-11-22T10:10:00.000Z:',
        'https://approvals.example/approvals/apr-1',
      ].join('\n'),
    ]);
  });

  it('answers with nothing that holds the token', async () => {
    const { ports, messages } = desk();
    const answer = await requestApproval(ports, request);
    expect(JSON.stringify([answer, messages])).not.toContain('the-task-token');
  });

  it.each([
    ['another outcome', { outcome: 'auto', quorum: 0, approvalId: 'apr-1' }],
    ['a recommendation', { outcome: 'recommend', quorum: 0 }],
    ['another approval', { outcome: 'require-approval', quorum: 1, approvalId: 'apr-2' }],
    ['no approval', { outcome: 'require-approval', quorum: 1 }],
  ])('refuses when the decision says %s', async (_case, decision) => {
    const { store, ports, messages } = desk(decision);
    await expect(requestApproval(ports, request)).rejects.toMatchObject({ code: 'approval.not-asked-for' });
    expect(await store.get('apr-1')).toBeUndefined();
    expect(messages).toStrictEqual([]);
  });

  const verdictOn = { changeId: 'chg-1', reason: 'alarm: could not be read' };
  const waiting = { incidentId, planDigest: request.planDigest, verdictApprovalId: 'apr-1' };

  it('asks one person to judge a change that waits for it, for the shorter time', async () => {
    const { store, ports, messages } = desk({ outcome: 'auto', quorum: 0 }, undefined, waiting);
    expect(await requestApproval(ports, { ...request, verdictOn })).toStrictEqual({ outcome: 'requested' });
    expect(await store.get('apr-1')).toMatchObject({
      quorum: 1,
      verdictOn,
      expiresAtEpochMs: 1_795_341_720_000,
    });
    expect(messages[0]).toContain('Interlock: did this change help?');
    expect(messages[0]).toContain('keep it, or it is rolled back');
  });

  it.each([
    ['no such change waits', undefined],
    ['the change waits for another approval', { ...waiting, verdictApprovalId: 'apr-2' }],
    ['the change carries out another plan', { ...waiting, planDigest: 'f'.repeat(64) }],
    ['the change belongs to another incident', { ...waiting, incidentId: 'inc-other' }],
  ])('refuses to ask for a verdict when %s, whatever the decision says', async (_case, change) => {
    const { store, ports } = desk(undefined, undefined, change);
    await expect(requestApproval(ports, { ...request, verdictOn })).rejects.toMatchObject({
      code: 'approval.not-asked-for',
    });
    expect(await store.get('apr-1')).toBeUndefined();
  });

  it('is not stopped by a channel that fails, and makes the failure visible', async () => {
    const { store, ports, failures } = desk(undefined, async () => {
      throw new Error('SNS is down');
    });
    expect(await requestApproval(ports, request)).toStrictEqual({ outcome: 'requested' });
    expect(failures).toStrictEqual(['log apr-1', 'ledger apr-1']);
    expect(await store.get('apr-1')).toMatchObject({ status: 'pending' });
  });

  it('asks nobody about an approval that has expired meanwhile', async () => {
    const { store, ports, messages } = desk();
    await requestApproval(ports, request);
    await store.expire('apr-1');
    expect(await requestApproval(ports, request)).toStrictEqual({ outcome: 'already-expired' });
    expect(messages).toHaveLength(1);
  });
});
