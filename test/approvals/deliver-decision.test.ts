import { describe, expect, it } from 'vitest';
import type { Approval } from '../../functions/approvals/approval.ts';
import { announcementIn, deliverBatch, repairMissed } from '../../functions/approvals/callback-batch.ts';
import {
  type DeliveryPorts,
  deliverDecision as deliver,
  isTellingDue,
} from '../../functions/approvals/deliver-decision.ts';
import { settleApproval } from '../../functions/approvals/settle-approval.ts';
import { incidentId, now, pending, vote } from './fixtures.ts';
import { MemoryApprovals } from './memory-approvals.ts';
import { setRecovered } from './moot-incident.ts';

/** Everything that telling an execution needs, in one object. */
type Ports = DeliveryPorts['approvals'] & DeliveryPorts['tokens'] & DeliveryPorts['executions'];

const deliverDecision = (ports: Ports, approvalId: string) =>
  deliver({ approvals: ports, tokens: ports, executions: ports }, approvalId);

/** One decided approval and an execution that waits for `token-1`, once. */
async function waiting(
  verdict: 'approve' | 'reject' | 'none' = 'approve',
  overrides: Partial<Approval> = {},
) {
  const store = new MemoryApprovals(() => now);
  const approval = pending(overrides);
  await store.create(approval, Buffer.from('sealed token-1'));
  const person = {
    identityId: 'ana',
    displayName: 'Ana',
    verdict: verdict === 'none' ? 'approve' : verdict,
    via: 'page' as const,
  };
  if (verdict !== 'none') await store.vote('apr-1', approval.planDigest, person, { may: 'decide' }, 900);
  const told: string[] = [];
  let waits = true;
  const reported: (string | undefined)[] = [];
  const ports: Ports = {
    get: (id) => store.get(id),
    tokenOf: (id) => store.tokenOf(id),
    decrypt: async (_id, ciphertext) => Buffer.from(ciphertext).toString().replace('sealed ', ''),
    beginCallback: (before) => store.beginCallback(before),
    succeed: async (token, output) => {
      if (!waits || token !== 'token-1') return 'no-longer-waiting';
      waits = false;
      told.push(output.outcome);
      return 'delivered';
    },
    markDelivered: (before, tooLate) => {
      reported.push(tooLate);
      return store.markDelivered(before, tooLate);
    },
  };
  return {
    store,
    ports,
    told,
    reported,
    stopWaiting: () => {
      waits = false;
    },
  };
}

describe('telling the execution', () => {
  it.each([
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ] as const)('after %s says %s, once', async (verdict, outcome) => {
    const { store, ports, told } = await waiting(verdict);
    expect(await deliverDecision(ports, 'apr-1')).toBe('delivered');
    expect(await deliverDecision(ports, 'apr-1')).toBe('nothing-to-deliver');
    expect(told).toStrictEqual([outcome]);
    expect(await store.get('apr-1')).toMatchObject({ callbackDelivered: true, callbackAttempts: 1 });
  });

  it('says that nobody decided, where the policies ended that before its own time', async () => {
    const { store, ports, told } = await waiting('none', { notAfterEpochMs: now, expiresAtEpochMs: now });
    await store.expire('apr-1', 'approval-sweep');
    expect(await deliverDecision(ports, 'apr-1')).toBe('delivered');
    expect(told).toStrictEqual(['expired']);
    expect(await deliverDecision(ports, 'apr-1')).toBe('nothing-to-deliver');
  });

  it('does not repeat it to an execution that asked what became of it', async () => {
    const { store, ports, told } = await waiting('none', { notAfterEpochMs: now, expiresAtEpochMs: now });
    const settling = {
      expire: (id: string) => store.expire(id, 'settle-approval'),
      markDelivered: ports.markDelivered,
    };
    expect(await settleApproval(settling, 'apr-1')).toStrictEqual({ outcome: 'expired' });
    expect(await deliverDecision(ports, 'apr-1')).toBe('nothing-to-deliver');
    expect(told).toStrictEqual([]);
  });

  it('says nothing about a pending, expired or unknown approval', async () => {
    const { store, ports, told } = await waiting('none');
    expect(await deliverDecision(ports, 'apr-1')).toBe('nothing-to-deliver');
    await store.expire('apr-1', 'approval-sweep');
    expect(await deliverDecision(ports, 'apr-1')).toBe('nothing-to-deliver');
    expect(await deliverDecision(ports, 'apr-2')).toBe('nothing-to-deliver');
    expect(told).toStrictEqual([]);
  });

  it('says that nobody needs to decide any more, once', async () => {
    const { store, ports, told } = await waiting('none');
    await setRecovered(store.database, store.operationsTable, incidentId);
    await store.cancel('apr-1', 'incident-recovered', 'incident-watch');
    expect(await deliverDecision(ports, 'apr-1')).toBe('delivered');
    expect(await deliverDecision(ports, 'apr-1')).toBe('nothing-to-deliver');
    expect(told).toStrictEqual(['cancelled']);
  });

  it.each([
    ['incident-recovered', 'too-late', 'execution-no-longer-waits'],
    ['incident-closed', 'delivered', undefined],
  ] as const)(
    'cancelled for %s, an execution that waits no longer is %s',
    async (because, outcome, reason) => {
      const { store, ports, reported, stopWaiting } = await waiting('none');
      await setRecovered(store.database, store.operationsTable, incidentId);
      await store.cancel('apr-1', because, 'incident-watch');
      stopWaiting();
      expect(await deliverDecision(ports, 'apr-1')).toBe(outcome);
      expect(reported).toStrictEqual([reason]);
      expect(await store.get('apr-1')).toMatchObject({ status: 'cancelled', callbackDelivered: true });
    },
  );

  it('reports an execution that waits no longer, and stops trying', async () => {
    const { store, ports, reported, stopWaiting } = await waiting();
    stopWaiting();
    expect(await deliverDecision(ports, 'apr-1')).toBe('too-late');
    expect(reported).toStrictEqual(['execution-no-longer-waits']);
    expect(await deliverDecision(ports, 'apr-1')).toBe('nothing-to-deliver');
    expect(await store.get('apr-1')).toMatchObject({ callbackTooLate: 'execution-no-longer-waits' });
  });

  it.each([
    ['token-missing', { tokenOf: async () => undefined }],
    ['token-unreadable', { decrypt: async () => 'unreadable' as const }],
  ])('is not held up by a poison record: %s', async (because, broken) => {
    const { store, ports } = await waiting();
    expect(await deliverDecision({ ...ports, ...broken }, 'apr-1')).toBe('too-late');
    expect(await store.get('apr-1')).toMatchObject({ callbackDelivered: true, callbackTooLate: because });
  });

  it.each(['decrypt', 'beginCallback', 'succeed', 'markDelivered'] as const)(
    'leaves a failure of %s for the next try, which ends the same as an undisturbed run',
    async (step) => {
      const { store, ports, told } = await waiting();
      const failing = {
        ...ports,
        [step]: async () => {
          throw new Error('unavailable');
        },
      };
      await expect(deliverDecision(failing, 'apr-1')).rejects.toThrow('unavailable');
      expect(await store.get('apr-1')).toMatchObject({ callbackDelivered: false });
      expect(await deliverDecision(ports, 'apr-1')).toBe('delivered');
      expect(told).toStrictEqual(['approved']);
      expect(await store.get('apr-1')).toMatchObject({ status: 'approved', callbackDelivered: true });
      expect((await store.get('apr-1'))?.callbackTooLate).toBeUndefined();
    },
  );

  it('does not bury a new token that was stored while the old one was refused', async () => {
    const { store, ports, told, stopWaiting } = await waiting();
    const approval = await store.get('apr-1');
    if (approval === undefined) throw new Error('lost');
    stopWaiting();
    const racing: Ports = {
      ...ports,
      succeed: async (token, output) => {
        const answer = await ports.succeed(token, output);
        await store.create(approval, Buffer.from('sealed token-2'));
        return answer;
      },
    };
    expect(await deliverDecision(racing, 'apr-1')).toBe('superseded');
    const next: Ports = {
      ...ports,
      succeed: async (token) => {
        told.push(token);
        return 'delivered';
      },
    };
    expect(await deliverDecision(next, 'apr-1')).toBe('delivered');
    expect(told).toStrictEqual(['token-2']);
  });
});

describe('settling after the wait timed out', () => {
  it.each([
    ['none', 'expired'],
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ] as const)('with the vote %s it is %s, asked once or twice', async (verdict, outcome) => {
    const { store } = await waiting(verdict);
    expect(await settleApproval(store, 'apr-1')).toStrictEqual({ outcome });
    const settled = await store.get('apr-1');
    expect(await settleApproval(store, 'apr-1')).toStrictEqual({ outcome });
    expect(await store.get('apr-1')).toStrictEqual(settled);
    expect(settled?.callbackTooLate).toBe(verdict === 'none' ? undefined : 'wait-timed-out');
  });

  it('says that it was cancelled where that came first, and reports it once', async () => {
    const { store } = await waiting('none');
    await setRecovered(store.database, store.operationsTable, incidentId);
    await store.cancel('apr-1', 'incident-recovered', 'incident-watch');
    expect(await settleApproval(store, 'apr-1')).toStrictEqual({ outcome: 'cancelled' });
    expect(await settleApproval(store, 'apr-1')).toStrictEqual({ outcome: 'cancelled' });
    expect(await store.get('apr-1')).toMatchObject({
      callbackDelivered: true,
      callbackTooLate: 'wait-timed-out',
    });
  });

  it('counts an approval that was never stored as expired', async () => {
    expect(await settleApproval(new MemoryApprovals(() => now), 'apr-1')).toStrictEqual({
      outcome: 'expired',
    });
  });
});

const record = (approvalId: string, overrides: Record<string, { S: string }> = {}) => ({
  eventName: 'MODIFY' as const,
  dynamodb: {
    SequenceNumber: `seq-${approvalId}`,
    NewImage: {
      sk: { S: 'APPROVAL' },
      statusKey: { S: 'APPROVAL#undelivered' },
      approvalId: { S: approvalId },
      ...overrides,
    },
  },
});

/** With how often telling was begun, before and after. */
const changed = (approvalId: string, before: string, after: string) => {
  const { eventName, dynamodb } = record(approvalId);
  const { NewImage } = dynamodb;
  return {
    eventName,
    dynamodb: {
      ...dynamodb,
      NewImage: { ...NewImage, callbackAttempts: { N: after } },
      OldImage: { ...NewImage, callbackAttempts: { N: before } },
    },
  };
};

const incidentRecord = (image: Record<string, { S: string } | { N: string }>) => ({
  eventName: 'MODIFY' as const,
  dynamodb: {
    SequenceNumber: 'seq-inc',
    NewImage: { sk: { S: 'INCIDENT' }, incidentId: { S: 'inc-1' }, status: { S: 'open' }, ...image },
  },
});

describe('a stream batch', () => {
  it.each([
    ['a decided approval', record('a'), { what: 'approval', id: 'a' }],
    ['a token', record('a', { sk: { S: 'TOKEN' } }), undefined],
    ['a notice', record('a', { sk: { S: 'outcome#000002' } }), undefined],
    ['a decision, with what stood there before', changed('a', '0', '0'), { what: 'approval', id: 'a' }],
    ['a new token after two tries', changed('a', '2', '2'), { what: 'approval', id: 'a' }],
    ['the note that telling begins', changed('a', '0', '1'), undefined],
    ['the note that telling begins again', changed('a', '1', '2'), undefined],
    ['a pending approval', record('a', { statusKey: { S: 'APPROVAL#pending' } }), undefined],
    ['a delivered approval', record('a', { statusKey: { S: 'APPROVAL#done' } }), undefined],
    ['an incident that goes on', incidentRecord({}), undefined],
    [
      'a recovered incident',
      incidentRecord({ recoveredAtEpochMs: { N: '1' } }),
      { what: 'incident', id: 'inc-1' },
    ],
    ['a closed incident', incidentRecord({ status: { S: 'closed' } }), { what: 'incident', id: 'inc-1' }],
    ['a removal', { eventName: 'REMOVE' as const, dynamodb: {} }, undefined],
    ['an empty record', {}, undefined],
  ])('reads %s', (_case, given, announced) => expect(announcementIn(given)).toStrictEqual(announced));

  it('goes on after a failure, and holds up nothing for it', async () => {
    const seen: string[] = [];
    const failed: string[] = [];
    const act = (what: string) => async (id: string) => {
      seen.push(`${what} ${id}`);
      if (id === 'b' || id === 'inc-1') throw new Error('no');
    };
    const answer: unknown = await deliverBatch(
      [record('a'), record('b'), incidentRecord({ status: { S: 'closed' } }), {}, record('c')],
      { approval: act('deliver'), incident: act('cancel') },
      (id) => failed.push(id),
    );
    expect(seen).toStrictEqual(['deliver a', 'deliver b', 'cancel inc-1', 'deliver c']);
    expect(failed).toStrictEqual(['b', 'inc-1']);
    expect(answer).toBeUndefined();
  });
});

describe('telling is due', () => {
  it.each([
    [0, 0],
    [1, 1],
    [2, 3],
    [3, 6],
    [4, 10],
    [54, 1_485],
  ])('after %i tries %i minutes after the decision', (callbackAttempts, minutes) => {
    const decided = pending({ status: 'approved', decidedAtEpochMs: now, callbackAttempts });
    expect(isTellingDue(decided, now + minutes * 60_000 - 1)).toBe(false);
    expect(isTellingDue(decided, now + minutes * 60_000)).toBe(true);
  });
});

const decided = (approvalId: string, overrides: Partial<Approval> = {}) =>
  pending({
    approvalId,
    status: 'approved',
    votes: [vote('ana', 'approve')],
    decidedAtEpochMs: now,
    ...overrides,
  });

describe('a repair', () => {
  const lists = {
    pending: [
      pending({ approvalId: 'waiting', expiresAtEpochMs: now + 1 }),
      pending({ approvalId: 'waiting-too', expiresAtEpochMs: now + 1 }),
      pending({
        approvalId: 'verdict',
        incidentId: 'inc-kept',
        verdictOn: { changeId: 'chg-1', reason: 'unknown' },
      }),
      pending({ approvalId: 'overdue', expiresAtEpochMs: now }),
      pending({ approvalId: 'slow', remindAtEpochMs: now }),
      pending({ approvalId: 'slower', escalateAtEpochMs: now }),
    ],
    undelivered: [
      decided('decided'),
      decided('tried', { callbackAttempts: 1, decidedAtEpochMs: now - 60_000 }),
      decided('tried-just-now', { callbackAttempts: 1, decidedAtEpochMs: now - 59_999 }),
    ],
  };

  const repair = async (failsOn?: string) => {
    const steps: string[] = [];
    const failed: string[] = [];
    const step = (what: string) => async (id: string) => {
      steps.push(`${what} ${id}`);
      if (id === failsOn) throw new Error('no');
    };
    const missed = {
      list: async (status: 'pending' | 'undelivered') => lists[status],
      expire: step('expire'),
      remind: step('remind'),
      escalate: step('escalate'),
    };
    const act = { deliver: step('deliver'), cancelMoot: step('look at') };
    const done = await repairMissed(missed, now, act, (id) => failed.push(id)).catch(
      (error: unknown) => error,
    );
    return { steps, failed, done };
  };

  it('looks once at each incident people wait on, asks again, expires what is overdue, delivers what is due', async () => {
    expect(await repair()).toStrictEqual({
      steps: [
        `look at ${incidentId}`,
        'remind slow',
        'escalate slower',
        'expire overdue',
        'deliver overdue',
        'deliver decided',
        'deliver tried',
      ],
      failed: [],
      done: undefined,
    });
  });

  it.each(['decided', 'overdue', 'slow', 'slower', incidentId])(
    'tries everything when %s fails, and fails at the end',
    async (id) => {
      const { steps, failed, done } = await repair(id);
      expect(steps[0]).toBe(`look at ${incidentId}`);
      expect(steps.at(-1)).toBe('deliver tried');
      expect(failed).toStrictEqual([id]);
      expect(done).toMatchObject({ code: 'approval.sweep-incomplete', retryable: true });
    },
  );
});
