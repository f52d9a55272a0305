import { beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '../../functions/audit/ledger-entry.ts';
import type { AutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { type LoweringThresholds, parseLoweringThresholds } from '../../functions/autonomy/lowering.ts';
import { StageStore } from '../../functions/autonomy/stage.store.ts';
import { StageEvidenceStore } from '../../functions/autonomy/stage-evidence.store.ts';
import { evidenceFor } from '../../functions/autonomy/stage-evidence.ts';
import { StageRequestStore } from '../../functions/autonomy/stage-request.store.ts';
import type { StageRequest } from '../../functions/autonomy/stage-request.ts';
import { reviewStages } from '../../functions/autonomy/stage-review.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { changeIdFor } from '../../functions/platform/ids.ts';
import { controlChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** 2026-11-23T08:00:00Z. */
const start = 1_795_420_800_000;
const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
const policy = { stages: [{ ...place, stage: 'suggest' }] } as unknown as AutonomyPolicy;
const ana = 'arn:aws:iam::111122223333:user/ana';
const ben = 'arn:aws:iam::111122223333:user/ben';
const mia = 'arn:aws:iam::111122223333:user/mia';
const zoe = 'arn:aws:iam::111122223333:user/zoe';
const agentOwners = [{ agentRole: 'responder', identityIds: ['zoe'] }];
const evidence = evidenceFor(
  place,
  { decisions: [], changes: [], incidents: [] },
  { afterEpochMs: start - 86_400_000, untilEpochMs: start },
);

let tables: TestTables;
let now: number;
let stages: StageStore;
let requests: StageRequestStore;
beforeEach(async () => {
  tables = await freshTables();
  now = start;
  const { database, ledger } = tables;
  stages = new StageStore(database, ledger, tables, policy, () => now);
  requests = new StageRequestStore(database, ledger, tables, stages, agentOwners, () => now);
});

const chain = () => tables.ledger.read(controlChain('autonomy', start));
const types = async () => (await chain()).map(({ type }) => type);

async function ask(to: 'auto-low' | 'guarded' = 'auto-low', by = ana): Promise<StageRequest> {
  const request = await requests.request(await stages.inForce(place), to, by, 'went well', evidence);
  if (request === 'unknown-person') throw new Error('the test asks as a person');
  return request;
}

describe('lowering', () => {
  it('takes effect at once, once, with its entry', async () => {
    const by = { kind: 'person', id: ana } as const;
    expect(await stages.lower(place, 'observe', by, 'surprises')).toMatchObject({
      outcome: 'lowered',
      from: 'suggest',
      item: { stage: 'observe', version: 1 },
    });
    expect(await stages.lower(place, 'observe', by, 'surprises')).toMatchObject({ outcome: 'unchanged' });
    expect(await stages.inForce(place)).toMatchObject({
      stage: 'observe',
      version: 1,
      changedBy: ana,
      reason: 'surprises',
      cause: 'lowered',
    });
    expect((await chain()).map(({ type, actor, detail }) => [type, actor.id, detail])).toStrictEqual([
      [
        'autonomy.lowered',
        ana,
        { ...place, from: 'suggest', to: 'observe', version: 1, reason: 'surprises' },
      ],
    ]);
  });

  it('leaves a place no higher than the lowest that was asked for, whoever else lowers it', async () => {
    const wishes = Array.from({ length: 8 }, (_, index) =>
      stages.lower(
        { ...place, actionClass: 'traffic' },
        'observe',
        { kind: 'person', id: `person-${index}` },
        'now',
      ),
    );
    const outcomes = (await Promise.all(wishes)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'lowered')).toHaveLength(1);
    expect((await stages.inForce(place)).version).toBe(1);
    expect(await types()).toStrictEqual(['autonomy.lowered']);
  });

  it('makes an unreadable item readable again', async () => {
    await tables.database.transact([
      {
        kind: 'put',
        table: tables.controls,
        item: { ...itemKeys.stage(place), ...place, stage: 'root', version: 'x' },
      },
    ]);
    expect(await stages.inForce(place)).toMatchObject({ stage: 'observe', from: 'unreadable' });
    await stages.lower(place, 'observe', { kind: 'person', id: ana }, 'repair');
    expect(await stages.inForce(place)).toMatchObject({
      stage: 'observe',
      version: 1,
      from: 'set-at-run-time',
    });
  });
});

describe('raising', () => {
  it('changes nothing until a second person approves it', async () => {
    const request = await ask();
    expect(await stages.inForce(place)).toMatchObject({ stage: 'suggest', version: 0 });
    expect(await requests.approve(request.requestId, ana, request)).toMatchObject({ outcome: 'same-person' });
    expect(await requests.approve(request.requestId, 'unknown', request)).toMatchObject({
      outcome: 'unknown-person',
    });
    expect(await requests.approve(request.requestId, zoe, request)).toMatchObject({ outcome: 'agent-owner' });
    expect(await requests.approve('raise-nothing', ben, request)).toMatchObject({ outcome: 'unknown' });
    expect(await stages.inForce(place)).toMatchObject({ stage: 'suggest', version: 0 });
    expect(await requests.approve(request.requestId, ben, request)).toMatchObject({ outcome: 'raised' });
    expect(await stages.inForce(place)).toMatchObject({
      stage: 'auto-low',
      version: 1,
      changedBy: ben,
      cause: 'raised',
    });
    const [, raised] = await chain();
    expect(raised).toMatchObject({
      type: 'autonomy.raised',
      actor: { kind: 'person', id: ben },
      detail: {
        requestId: request.requestId,
        requestedBy: ana,
        evidenceDigest: request.evidenceDigest,
        from: 'suggest',
        to: 'auto-low',
        version: 1,
      },
    });
    expect(await requests.find(request.requestId)).toMatchObject({ status: 'approved', decidedBy: ben });
    expect(await requests.approve(request.requestId, mia, request)).toMatchObject({
      outcome: 'already-decided',
    });
  });

  it('is asked for by people only', async () => {
    const reading = await stages.inForce(place);
    expect(await requests.request(reading, 'auto-low', 'unknown', 'because', evidence)).toBe(
      'unknown-person',
    );
    expect(await types()).toStrictEqual([]);
  });

  it('keeps the evidence that it was asked for on', async () => {
    const request = await ask();
    expect((await requests.find(request.requestId))?.evidence).toStrictEqual(evidence);
    expect(await requests.list('requested')).toHaveLength(1);
  });

  it.each([
    [604_799_999, 'raised'],
    [604_800_000, 'expired'],
  ])('may be approved for seven days: after %d ms it is %s', async (ageMs, outcome) => {
    const request = await ask();
    now = start + ageMs;
    expect(await requests.approve(request.requestId, ben, request)).toMatchObject({ outcome });
  });

  it('holds the second person in the write itself, whatever was read before', async () => {
    const request = await ask();
    const read = await requests.find(request.requestId);
    // What a caller would need who looked at a copy in which somebody else had asked.
    const forged = { ...read, requestedByPerson: 'somebody-else' } as StageRequest;
    expect(await requests.approve(request.requestId, ana, forged)).toMatchObject({
      outcome: 'changed-since-shown',
    });
    expect(await stages.inForce(place)).toMatchObject({ stage: 'suggest', version: 0 });
  });

  it('happens once when eight people approve at once', async () => {
    const request = await ask();
    const approvers = Array.from({ length: 8 }, (_, index) => `arn:aws:iam::111122223333:user/p${index}`);
    const results = await Promise.all(
      approvers.map((by) => requests.approve(request.requestId, by, request)),
    );
    expect(results.filter(({ outcome }) => outcome === 'raised')).toHaveLength(1);
    expect(await stages.inForce(place)).toMatchObject({ stage: 'auto-low', version: 1 });
    expect(await types()).toStrictEqual(['autonomy.raise-requested', 'autonomy.raised']);
  });

  it('is either approved or rejected, never both', async () => {
    const rounds = Array.from({ length: 6 }, async (_, index) => {
      const at = { ...place, actionClass: `class-${index}` };
      const request = await requests.request(await stages.inForce(at), 'suggest', ana, 'why not', evidence);
      if (request === 'unknown-person') throw new Error('the test asks as a person');
      const [approved, rejected] = await Promise.all([
        requests.approve(request.requestId, ben, request),
        requests.reject(request.requestId, mia, 'too early'),
      ]);
      const stored = await requests.find(request.requestId);
      const raised = (await stages.inForce(at)).stage === 'suggest';
      expect([approved.outcome === 'raised', rejected.outcome === 'rejected'].filter(Boolean)).toHaveLength(
        1,
      );
      expect(stored?.status).toBe(approved.outcome === 'raised' ? 'approved' : 'rejected');
      expect(raised).toBe(approved.outcome === 'raised');
    });
    await Promise.all(rounds);
    expect(verifyChain(controlChain('autonomy', start), await chain())).toStrictEqual([]);
  });

  it('may be withdrawn by whoever asked, and is then over', async () => {
    const request = await ask();
    expect(await requests.reject(request.requestId, ana, 'changed my mind')).toStrictEqual({
      outcome: 'rejected',
    });
    expect(await requests.approve(request.requestId, ben, request)).toMatchObject({
      outcome: 'already-decided',
    });
  });

  it('is refused after somebody lowered the stage meanwhile, also to where it was asked from', async () => {
    const request = await ask();
    await stages.lower(place, 'observe', { kind: 'person', id: mia }, 'not now');
    expect(await requests.approve(request.requestId, ben, request)).toMatchObject({
      outcome: 'stage-changed',
    });
    expect(await stages.inForce(place)).toMatchObject({ stage: 'observe', version: 1 });
  });

  it('never wins over a lowering that runs at the same time', async () => {
    for (let round = 0; round < 6; round++) {
      const at = { ...place, actionClass: `class-${round}` };
      const request = await requests.request(await stages.inForce(at), 'suggest', ana, 'why not', evidence);
      if (request === 'unknown-person') throw new Error('the test asks as a person');
      await Promise.all([
        requests.approve(request.requestId, ben, request),
        stages.lower(at, 'observe', { kind: 'person', id: mia }, 'stop'),
      ]);
      const { stage, version } = await stages.inForce(at);
      // Lowering first: nothing to lower, then raised. Raising first: lowered after it. Both leave one truth.
      expect([
        ['suggest', 1],
        ['observe', 2],
      ]).toContainEqual([stage, version]);
    }
    expect(verifyChain(controlChain('autonomy', start), await chain())).toStrictEqual([]);
  });

  it('voids the other requests of the same place', async () => {
    const [first, second] = [await ask(), await ask('auto-low', mia)];
    expect(await requests.approve(first.requestId, ben, first)).toMatchObject({ outcome: 'raised' });
    expect(await requests.approve(second.requestId, ben, second)).toMatchObject({ outcome: 'stage-changed' });
  });
});

describe('automatic lowering', () => {
  const thresholds: LoweringThresholds = parseLoweringThresholds({
    version: 1,
    windowHours: 24,
    changeFailure: { minimumChanges: 2, maximumPercent: 49 },
    maximumCutOffs: 0,
    maximumDenials: 3,
  });
  const review = async () => {
    const facts = new StageEvidenceStore(tables.database, tables.operations);
    const reviewed = await reviewStages({
      thresholds,
      stages,
      facts: (sinceEpochMs) => facts.facts(sinceEpochMs),
      clock: () => now,
    });
    return reviewed.map(({ outcome }) => outcome);
  };
  /** What everybody is told, as it waits in the outbox. */
  const told = async () =>
    (await tables.database.byStatus(tables.operations, 'NOTICE#due')).map(({ about, lines }) => [
      about,
      lines[0],
    ]);
  const put = (item: Item) => tables.database.transact([{ kind: 'put', table: tables.operations, item }]);

  /** A change of the place, as decide and change control leave it. */
  async function change(name: string, status: string, endedAt: number): Promise<void> {
    const [incidentId, planDigest] = [`inc-${name}`, `digest-${name}`];
    await put({
      ...itemKeys.decision(incidentId, planDigest),
      ...place,
      incidentId,
      planDigest,
      tier: 'low',
      outcome: 'auto',
      clause: 'autonomy.matrix',
      decidedAtEpochMs: endedAt - 60_000,
      statusKey: 'DECISION#auto',
      statusAt: new Date(endedAt - 60_000).toISOString(),
    });
    const changeId = changeIdFor(incidentId, planDigest);
    await put({
      ...itemKeys.change(changeId),
      changeId,
      incidentId,
      planDigest,
      status,
      startedAtEpochMs: endedAt - 30_000,
      updatedAtEpochMs: endedAt,
      statusKey: `CHANGE#${status}`,
      statusAt: new Date(endedAt).toISOString(),
    });
  }
  async function reach(stage: 'auto-low' | 'guarded'): Promise<void> {
    const first = await ask('auto-low');
    await requests.approve(first.requestId, ben, first);
    if (stage === 'auto-low') return;
    const next = await ask('guarded');
    await requests.approve(next.requestId, ben, next);
  }

  it('costs one stage for one breach, however often it is looked at, with a finding and a message', async () => {
    await reach('guarded');
    now = start + 600_000;
    await change('a', 'rolled-back', start + 500_000);
    await change('b', 'kept', start + 501_000);
    expect(await review()).toStrictEqual(['lowered']);
    expect(await review()).toStrictEqual([]);
    now += 300_000;
    expect(await review()).toStrictEqual([]);
    expect(await stages.inForce(place)).toMatchObject({
      stage: 'auto-low',
      version: 3,
      cause: 'lowered-automatically',
      reason: '1 of 2 changes did not hold; allowed are 49 % of at least 2',
    });
    expect(await told()).toStrictEqual([
      ['autonomy-lowered', 'prod × responder × traffic was lowered from guarded to auto-low by itself.'],
    ]);
    const findings = await tables.database.byStatus(tables.operations, 'FINDING#open');
    expect(findings.map(({ kind, owner }) => [kind, owner])).toStrictEqual([
      ['autonomy-lowered', 'agent-owner'],
    ]);
    expect((await types()).slice(-2)).toStrictEqual(['autonomy.lowered-automatically', 'finding.opened']);
    await change('c', 'rolled-back', now - 20_000);
    await change('d', 'rolled-back', now - 20_000);
    expect(await review()).toStrictEqual(['lowered']);
    expect((await stages.inForce(place)).stage).toBe('suggest');
  });

  it('takes a place to suggest for a failed rollback', async () => {
    await reach('guarded');
    now = start + 600_000;
    await change('a', 'rollback-failed', start + 500_000);
    expect(await review()).toStrictEqual(['lowered']);
    expect((await stages.inForce(place)).stage).toBe('suggest');
    now += 300_000;
    expect(await review()).toStrictEqual([]);
  });

  it('does not judge what is younger than lists are up to date, and forgets none of it', async () => {
    await reach('auto-low');
    now = start + 600_000;
    await change('a', 'rollback-failed', now - 9_999);
    expect(await review()).toStrictEqual([]);
    now += 300_000;
    expect(await review()).toStrictEqual(['lowered']);
  });

  it('lowers a declared stage, and leaves observe alone', async () => {
    await change('a', 'rolled-back', start - 20_000);
    await change('b', 'rolled-back', start - 20_000);
    expect(await review()).toStrictEqual(['lowered']);
    expect(await stages.inForce(place)).toMatchObject({ stage: 'observe', version: 1 });
    await change('c', 'rollback-failed', start + 100_000);
    now = start + 600_000;
    expect(await review()).toStrictEqual([]);
  });

  it('lowers once when three reviews run at once', async () => {
    await reach('guarded');
    now = start + 600_000;
    await change('a', 'rolled-back', start + 500_000);
    await change('b', 'rolled-back', start + 500_000);
    const outcomes = (await Promise.all([review(), review(), review()])).flat();
    expect(outcomes.filter((outcome) => outcome === 'lowered')).toHaveLength(1);
    expect(await stages.inForce(place)).toMatchObject({ stage: 'auto-low', version: 3 });
  });

  it('gives way to a person who changed the stage since it was read', async () => {
    await reach('guarded');
    const before = await stages.inForce(place);
    await stages.lower(place, 'observe', { kind: 'person', id: mia }, 'I saw it first');
    const lowering = { outcome: 'lower', to: 'auto-low', because: 'change-failures', reason: 'x' } as const;
    expect(await stages.lowerAutomatically(before, lowering, now)).toBe('superseded');
    expect(await stages.inForce(place)).toMatchObject({ stage: 'observe', changedBy: mia });
    expect(await tables.database.byStatus(tables.operations, 'FINDING#open')).toStrictEqual([]);
  });

  it('counts a change whose decision is older than the window', async () => {
    await reach('auto-low');
    now = start + 600_000;
    await change('old', 'rollback-failed', now - 60_000);
    const [incidentId, planDigest] = ['inc-old', 'digest-old'];
    await tables.database.transact([
      {
        kind: 'update',
        table: tables.operations,
        key: itemKeys.decision(incidentId, planDigest),
        update: 'SET statusAt = :old, decidedAtEpochMs = :oldMs',
        values: { ':old': '2026-11-01T00:00:00.000Z', ':oldMs': 1_793_491_200_000 },
      },
    ]);
    expect(await review()).toStrictEqual(['lowered']);
  });
});
