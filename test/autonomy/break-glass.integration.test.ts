import { beforeEach, describe, expect, it } from 'vitest';
import { ApprovalStore } from '../../functions/approvals/approval.store.ts';
import { newApproval } from '../../functions/approvals/approval.ts';
import type { AutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { BreakGlassStore } from '../../functions/autonomy/break-glass.store.ts';
import { breakGlassCheck } from '../../functions/autonomy/break-glass.ts';
import { parseBreakGlassPolicy } from '../../functions/autonomy/break-glass-policy.ts';
import { StageStore } from '../../functions/autonomy/stage.store.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { incidentChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** 2026-11-23T08:00:00Z. */
const start = 1_795_420_800_000;
const incidentId = 'inc-1';
const guarded = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
const cautious = { environment: 'prod', agentRole: 'responder', actionClass: 'capacity' };
const stagesPolicy = {
  stages: [
    { ...guarded, stage: 'guarded' },
    { ...cautious, stage: 'suggest' },
  ],
} as unknown as AutonomyPolicy;
const ana = 'arn:aws:iam::000000000000:user/ana';
const policy = parseBreakGlassPolicy(
  {
    version: 1,
    roles: [ana, 'arn:aws:iam::000000000000:user/ben'].map((role) => ({ environment: 'local', role })),
    maximumMinutes: 15,
  },
  'local',
);
const request = { incidentId, by: ana, reason: 'nobody answers', minutes: 10 };

let tables: TestTables;
let now: number;
/** Runs once, between the reading of the grounds and the transaction. */
let meanwhile: () => Promise<unknown>;
let stages: StageStore;
let approvals: ApprovalStore;
let store: BreakGlassStore;
beforeEach(async () => {
  tables = await freshTables();
  now = start;
  meanwhile = async () => undefined;
  const { database, ledger } = tables;
  stages = new StageStore(database, ledger, tables, stagesPolicy, () => now);
  approvals = new ApprovalStore(database, ledger, tables.operations, () => now);
  store = new BreakGlassStore({
    database,
    ledger,
    tables,
    policy,
    stages,
    approve: async (approvalId, by, expires) => {
      const move = await approvals.breakGlassWrites(approvalId, by, expires);
      const once = meanwhile;
      meanwhile = async () => undefined;
      await once();
      return move;
    },
    clock: () => now,
  });
  await put({
    ...itemKeys.incident(incidentId),
    incidentId,
    status: 'open',
    signal: { environment: 'prod' },
  });
});

const put = (item: Item) => tables.database.transact([{ kind: 'put', table: tables.operations, item }]);
const types = async () => (await tables.ledger.read(incidentChain(incidentId))).map(({ type }) => type);
const findings = () => tables.database.byStatus(tables.operations, 'FINDING#open');
/** What everybody is told, as it waits in the outbox. */
const announced = async () =>
  (await tables.database.byStatus(tables.operations, 'NOTICE#due')).filter(
    (item) => item['announcementId'] !== undefined,
  );

/** The versions of an approval whose outcome people are told, each in the transaction that made it. */
async function outcomesTold(approvalId: string): Promise<unknown[]> {
  const { pk } = itemKeys.notice(approvalId, '', 0);
  const notices = await tables.database.query(tables.operations, pk, { skPrefix: 'outcome#' });
  return notices.map((notice) => notice['approvalVersion']);
}

/** A plan that waits for people. */
async function waiting(approvalId: string, place: object): Promise<void> {
  const planDigest = `digest-${approvalId}`;
  await put({
    ...itemKeys.decision(incidentId, planDigest),
    ...place,
    incidentId,
    planDigest,
    outcome: 'require-approval',
    approvalId,
  });
  const bound = {
    approvalId,
    incidentId,
    planDigest,
    quorum: 2,
    requestedAtEpochMs: now,
    lifeSeconds: 3_600,
  };
  await approvals.create(newApproval(bound), new Uint8Array([1]));
}

describe('breaking the glass', () => {
  it('tells everybody, opens the review, and moves on what waits at stage guarded and nothing else', async () => {
    await waiting('a', guarded);
    await waiting('b', cautious);
    expect(await store.open(request)).toMatchObject({ outcome: 'opened', approvalIds: ['a'] });
    expect([await outcomesTold('a'), await outcomesTold('b')]).toStrictEqual([[2], []]);
    expect(await store.find(incidentId)).toStrictEqual({
      incidentId,
      environment: 'prod',
      openedBy: ana,
      reason: 'nobody answers',
      openedAtEpochMs: start,
      expiresAtEpochMs: start + 600_000,
    });
    expect(await announced()).toMatchObject([
      {
        pk: `ANNOUNCEMENT#break-glass-${incidentId}-${start}`,
        about: 'break-glass-review',
        title: `Glass broken for incident ${incidentId}`,
        lines: expect.arrayContaining(['Reason: nobody answers']),
        createdAtEpochMs: start,
        deliveries: {},
      },
    ]);
    expect(await findings()).toMatchObject([
      {
        kind: 'break-glass-review',
        owner: 'security',
        dueAtEpochMs: start + 259_200_000,
        detail: { openedBy: ana },
      },
    ]);
    expect((await types()).slice(-3)).toStrictEqual([
      'break-glass.opened',
      'finding.opened',
      'approval.approved',
    ]);
    expect(await approvals.get('a')).toMatchObject({
      status: 'approved',
      breakGlassBy: ana,
      usableUntilEpochMs: start + 600_000,
    });
    expect(await approvals.get('b')).toMatchObject({ status: 'pending' });
  });

  it('rests on the stages of the environment while nothing waits yet', async () => {
    expect(await store.open(request)).toMatchObject({ outcome: 'opened', approvalIds: [] });
  });

  it('is refused where plans wait only below guarded', async () => {
    await waiting('b', cautious);
    expect(await store.open(request)).toStrictEqual({ outcome: 'not-guarded' });
    expect([await announced(), await findings(), await store.find(incidentId)]).toStrictEqual([
      [],
      [],
      undefined,
    ]);
  });

  it.each([
    ['not-allowed', { by: 'arn:aws:iam::000000000000:user/mia' }],
    ['no-incident', { incidentId: 'inc-2' }],
    ['no-reason', { reason: '' }],
    ['too-long', { minutes: 16 }],
  ])('is refused as %s, and nobody is alarmed', async (outcome, change) => {
    expect(await store.open({ ...request, ...change })).toStrictEqual({ outcome });
    expect(await announced()).toStrictEqual([]);
  });

  it('does not happen where it cannot be announced', async () => {
    // Stands for whatever refuses that one write: a role without the right to announce, for one.
    await put(itemKeys.announcement(`break-glass-${incidentId}-${start}`));
    await expect(store.open(request)).rejects.toMatchObject({ code: 'break-glass.contention' });
    expect([await store.find(incidentId), await findings()]).toStrictEqual([undefined, []]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['not-guarded', () => stages.lower(guarded, 'observe', { kind: 'person', id: 'ben' }, 'stop')],
    [
      'incident-closed',
      () =>
        put({
          ...itemKeys.incident(incidentId),
          incidentId,
          status: 'closed',
          signal: { environment: 'prod' },
        }),
    ],
  ])(
    'does not happen when at the last moment it is %s, and nobody is alarmed',
    async (outcome, lastMoment) => {
      await waiting('a', guarded);
      meanwhile = lastMoment;
      expect(await store.open(request)).toStrictEqual({ outcome });
      expect(await approvals.get('a')).toMatchObject({ status: 'pending' });
      expect([await announced(), await findings(), await store.find(incidentId)]).toStrictEqual([
        [],
        [],
        undefined,
      ]);
    },
  );

  it('leaves a rejection that came first', async () => {
    await waiting('a', guarded);
    meanwhile = async () => {
      const vote = { identityId: 'ben', displayName: 'Ben', verdict: 'reject', via: 'page' } as const;
      await approvals.vote('a', 'digest-a', vote, { may: 'decide' }, 900);
    };
    expect(await store.open(request)).toMatchObject({ outcome: 'opened', approvalIds: [] });
    expect(await approvals.get('a')).toMatchObject({ status: 'rejected' });
  });

  it('happens once when two people do it at once', async () => {
    const ben = { ...request, by: 'arn:aws:iam::000000000000:user/ben' };
    const outcomes = (await Promise.all([store.open(request), store.open(ben)])).map(
      ({ outcome }) => outcome,
    );
    expect(outcomes.toSorted()).toStrictEqual(['already-open', 'opened']);
    expect([(await findings()).length, (await announced()).length]).toStrictEqual([1, 1]);
  });

  it('moves on what was asked for since, within the same minutes', async () => {
    await store.open(request);
    await waiting('late', guarded);
    now = start + 599_999;
    expect(await store.open(request)).toMatchObject({ outcome: 'continued', approvalIds: ['late'] });
    expect(await approvals.get('late')).toMatchObject({ usableUntilEpochMs: start + 600_000 });
    expect(await outcomesTold('late')).toStrictEqual([2]);
    expect([(await findings()).length, (await announced()).length]).toStrictEqual([1, 1]);
  });

  it('is another act with another review once it is over', async () => {
    await store.open(request);
    now = start + 600_000;
    expect(await store.open(request)).toMatchObject({ outcome: 'opened' });
    expect([(await findings()).length, (await announced()).length]).toStrictEqual([2, 2]);
  });
});

describe('the condition under which a change starts', () => {
  const subject = { incidentId, environment: 'prod' };
  const holds = async (change: Partial<typeof subject>, at: number) =>
    (await tables.database.transact([breakGlassCheck(tables.controls, { ...subject, ...change }, at)]))
      .outcome === 'committed';

  it.each([
    [start - 1, false],
    [start, true],
    [start + 599_999, true],
    [start + 600_000, false],
  ])('at %d holds: %s', async (at, held) => {
    await store.open(request);
    expect(await holds({}, at)).toBe(held);
    expect(await holds({ environment: 'dev' }, at)).toBe(false);
    expect(await holds({ incidentId: 'inc-2' }, at)).toBe(false);
  });

  it('ends after fifteen minutes whatever end somebody wrote', async () => {
    await tables.database.transact([
      {
        kind: 'put',
        table: tables.controls,
        item: {
          ...itemKeys.breakGlass(incidentId),
          ...subject,
          openedAtEpochMs: start,
          expiresAtEpochMs: start + 86_400_000,
        },
      },
    ]);
    expect(await holds({}, start + 899_999)).toBe(true);
    expect(await holds({}, start + 900_000)).toBe(false);
  });
});
