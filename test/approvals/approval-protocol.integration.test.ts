import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Approval, Vote } from '../../functions/approvals/approval.ts';
import { authorityOver, type Identity, parseApproverPolicy } from '../../functions/approvals/authority.ts';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import { incidentChain } from '../../functions/platform/item-keys.ts';
import { incidentId, now, pending } from './fixtures.ts';
import { MemoryApprovals } from './memory-approvals.ts';
import { setRecovered } from './moot-incident.ts';

/**
 * Any sequence of what people, sweeps and incidents do to one approval, alone and all at once, on the store as it
 * is. Ana and Ben are asked, Kim joins at escalation; Dov stands in for Ana and, shorter, Eve for Ben; Olga owns the
 * agent, Rob asked for the change, Mia may do nothing.
 */
const delegate = (from: string, to: string, until: string) => ({ from, to, groups: ['approvers'], until });
const policy = parseApproverPolicy({
  version: 1,
  grants: [
    { group: 'approvers', actionClasses: ['traffic'], environments: ['local'] },
    { group: 'leads', actionClasses: ['traffic'], environments: ['local'], joins: 'escalation' },
  ],
  delegations: [
    delegate('ana', 'dov', '2026-11-22T10:08:00Z'),
    delegate('ben', 'eve', '2026-11-22T10:04:00Z'),
    delegate('ben', 'olga', '2026-11-22T10:08:00Z'),
  ],
  agentOwners: [{ agentRole: 'responder', identityIds: ['olga'] }],
});
const groupsOf: Readonly<Record<string, readonly string[]>> = {
  ana: ['approvers'],
  ben: ['approvers'],
  kim: ['leads'],
  dov: ['developers'],
  eve: [],
  olga: ['approvers'],
  rob: ['approvers'],
  mia: ['developers'],
};
const mayNever = ['olga', 'rob', 'mia'];

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('vote' as const),
      person: fc.constantFrom(...Object.keys(groupsOf)),
      verdict: fc.constantFrom('approve', 'approve', 'reject'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'cancel' } as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'expire' } as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'remind' } as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'escalate' } as const) },
  { weight: 1, arbitrary: fc.constant({ do: 'break-glass' } as const) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What happens at once, and how long it is until then, in milliseconds. */
const rounds = fc.array(
  fc.record({ after: fc.constantFrom(0, 1, 60_000, 199_999), does: fc.array(operation, { maxLength: 4 }) }),
  { maxLength: 8 },
);

async function carryOut(store: MemoryApprovals, what: Operation, at: number): Promise<void> {
  const { approvalId, planDigest, escalateAtEpochMs } = pending();
  switch (what.do) {
    case 'vote': {
      const { person, verdict } = what;
      const identity: Identity = { id: person, displayName: person, groups: groupsOf[person] ?? [] };
      const subject = {
        actionClass: 'traffic',
        environment: 'local',
        agentRole: 'responder',
        requestedBy: 'rob',
      };
      const authority = authorityOver(policy, identity, { ...subject, escalateAtEpochMs }, at);
      const vote: Omit<Vote, 'atEpochMs'> = {
        identityId: person,
        displayName: person,
        verdict: verdict === 'reject' ? 'reject' : 'approve',
        ...(verdict === 'reject' ? { reason: 'never-again' as const } : {}),
        via: 'page',
        ...(authority.may === 'decide' && authority.onBehalfOf !== undefined
          ? { onBehalfOf: authority.onBehalfOf }
          : {}),
      };
      await store.vote(approvalId, planDigest, vote, authority, 900);
      return;
    }
    case 'cancel':
      await setRecovered(store.database, store.operationsTable, incidentId);
      await store.cancel(approvalId, 'incident-recovered', 'incident-watch');
      return;
    case 'expire':
      await store.expire(approvalId, 'settle-approval');
      return;
    case 'remind':
      await store.remind(approvalId);
      return;
    case 'escalate':
      await store.escalate(approvalId);
      return;
    case 'break-glass': {
      const move = await store.breakGlassWrites(approvalId, 'ana', now + 900_000);
      if (move !== undefined) await store.ledger.commit(incidentChain(incidentId), [move.event], move.writes);
    }
  }
}

const finalEntries = new Set([
  'approval.approved',
  'approval.rejected',
  'approval.expired',
  'approval.cancelled',
]);

/** Everything that holds of an approval and of what it left behind, at any moment. */
async function check(store: MemoryApprovals, quorum: number): Promise<Approval> {
  const approval = (await store.get('apr-1')) as Approval;
  const notices = (await store.notices('apr-1')).map(({ kind, approvalVersion }) => ({
    kind,
    approvalVersion,
  }));
  const entries = await store.entries(incidentId);
  expect(verifyChain(incidentChain(incidentId), entries)).toStrictEqual([]);
  const isFinal = approval.status !== 'pending';
  expect(entries.map(({ type }) => type).filter((type) => finalEntries.has(type))).toStrictEqual(
    isFinal ? [`approval.${approval.status}`] : [],
  );
  const told = (kind: string) => notices.filter((notice) => notice.kind === kind);
  expect(told('outcome')).toStrictEqual(
    isFinal ? [{ kind: 'outcome', approvalVersion: approval.version }] : [],
  );
  expect(told('requested')).toHaveLength(1);
  expect(told('reminder')).toHaveLength(approval.remindedAtEpochMs === undefined ? 0 : 1);
  expect(told('escalated')).toHaveLength(approval.escalatedAtEpochMs === undefined ? 0 : 1);
  const decidedByVote =
    approval.status === 'rejected' || (approval.status === 'approved' && approval.breakGlassBy === undefined);
  expect(told('progress')).toHaveLength(approval.votes.length - (decidedByVote ? 1 : 0));
  expect(entries.filter(({ type }) => type === 'approval.voted')).toHaveLength(approval.votes.length);
  // Each write has its notice, so the version counts them.
  expect(approval.version).toBe(notices.length);

  for (const vote of approval.votes) {
    expect(mayNever).not.toContain(vote.identityId);
    expect(vote.atEpochMs).toBeLessThan(approval.expiresAtEpochMs);
    if (vote.identityId === 'kim') expect(vote.atEpochMs).toBeGreaterThanOrEqual(now + 400_000);
    expect(vote.onBehalfOf).toBe({ dov: 'ana', eve: 'ben' }[vote.identityId]);
  }
  const approvals = approval.votes.filter(({ verdict }) => verdict === 'approve');
  const people = new Set(approvals.map(({ identityId, onBehalfOf = identityId }) => onBehalfOf));
  const hasQuorum = people.size >= quorum;
  if (approval.status === 'approved') expect(hasQuorum || approval.breakGlassBy === 'ana').toBe(true);
  else if (approval.status !== 'rejected') expect(hasQuorum).toBe(false);
  const rejections = approval.votes.filter(({ verdict }) => verdict === 'reject');
  expect(rejections).toHaveLength(approval.status === 'rejected' ? 1 : 0);
  return approval;
}

async function play(
  quorum: number,
  sequence: readonly { readonly after: number; readonly does: readonly Operation[] }[],
  atOnce: boolean,
): Promise<void> {
  const clock = { now };
  const store = new MemoryApprovals(() => clock.now);
  await store.create(pending({ quorum }), Buffer.from('sealed'));
  let end: Approval | undefined;
  for (const { after, does } of sequence) {
    clock.now += after;
    if (atOnce) await Promise.all(does.map((what) => carryOut(store, what, clock.now)));
    else for (const what of does) await carryOut(store, what, clock.now);
    const current = await check(store, quorum);
    if (end !== undefined) expect(current).toStrictEqual(end);
    if (current.status !== 'pending') end = current;
  }
}

describe('any sequence of votes, cancellations, reminders, escalations and expiries', () => {
  it.each([
    ['one after the other', false],
    ['at once', true],
  ])(
    '%s: one final status, told and recorded once, and never without its quorum',
    async (_case, atOnce) => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 3 }), rounds, (quorum, sequence) =>
          play(quorum, sequence, atOnce),
        ),
        { numRuns: 100 },
      );
    },
    60_000,
  );
});
