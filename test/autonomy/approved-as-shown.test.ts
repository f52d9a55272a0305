import { beforeEach, describe, expect, it } from 'vitest';
import { LedgerStore } from '../../functions/audit/ledger.store.ts';
import { parseAutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { StageStore } from '../../functions/autonomy/stage.store.ts';
import { StageRequestStore } from '../../functions/autonomy/stage-request.store.ts';
import type { StageRequest } from '../../functions/autonomy/stage-request.ts';
import type { Item } from '../../functions/platform/dynamodb.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import type { AutonomyStage } from '../../functions/platform/vocabulary.ts';
import { PolicyArchive } from '../../functions/policy/policy-archive.store.ts';
import { policyDigestOf } from '../../functions/policy/policy-files.ts';
import { MemoryDatabase } from '../approvals/memory-database.ts';

/** 2026-11-23T08:00:00Z. */
const start = 1_795_420_800_000;
const tables = { controls: 'Controls', operations: 'Operations' };
const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
const [ana, ben] = ['ana', 'ben'].map((name) => `arn:aws:iam::111122223333:user/${name}`) as [string, string];
const row = { low: 'recommend', medium: 'recommend', high: 'recommend' } as const;
const matrix = { observe: row, suggest: row, 'auto-low': row, guarded: row };
const filesDeclaring = (stage: AutonomyStage) => ({
  'autonomy.json': JSON.stringify({
    version: 1,
    minimumConfidenceForAuto: 0.7,
    matrix,
    stages: [{ ...place, stage }],
  }),
});

let database: MemoryDatabase;
let ledger: LedgerStore;
let now: number;
beforeEach(() => {
  database = new MemoryDatabase();
  ledger = new LedgerStore(database, 'Ledger', 'test');
  now = start;
});
const clock = () => now++;
const publish = (stage: AutonomyStage) =>
  new PolicyArchive(database, ledger, tables).publish(filesDeclaring(stage), 'artefact', now);
/** As a command opens them that read the published files while this was declared. */
function open(declared: AutonomyStage) {
  const files = filesDeclaring(declared);
  const policy = parseAutonomyPolicy(JSON.parse(files['autonomy.json']));
  const stages = new StageStore(database, ledger, tables, policy, clock, policyDigestOf(files));
  return { stages, requests: new StageRequestStore(database, ledger, tables, stages, [], clock) };
}
async function ask({ stages, requests }: ReturnType<typeof open>, to: AutonomyStage): Promise<StageRequest> {
  const request = await requests.request(await stages.inForce(place), to, ana, 'earned', {} as never);
  if (request === 'unknown-person') throw new Error('the test asks as a person');
  return request;
}
async function overwrite(requestId: string, change: Item): Promise<void> {
  const item = await database.get(tables.operations, itemKeys.stageRequest(requestId));
  await database.transact([{ kind: 'put', table: tables.operations, item: { ...item, ...change } }]);
}

describe('policies that are published while somebody is asked', () => {
  it('void an approval, so that a declared lowering holds', async () => {
    await publish('auto-low');
    const ben1 = open('auto-low');
    const shown = await ask(ben1, 'guarded');
    await publish('observe');
    expect(await ben1.requests.approve(shown.requestId, ben, shown)).toMatchObject({
      outcome: 'policies-changed',
    });
    expect(await open('observe').stages.inForce(place)).toMatchObject({ stage: 'observe', version: 0 });
    expect(await ben1.requests.find(shown.requestId)).toMatchObject({ status: 'requested' });
  });

  it('void a wish for more', async () => {
    await publish('auto-low');
    const stale = open('auto-low');
    await publish('observe');
    await expect(ask(stale, 'guarded')).rejects.toThrow(
      expect.objectContaining({ code: 'autonomy.policies-changed' }),
    );
  });

  it('do not let a lowering of what was declared before write more than is declared now', async () => {
    await publish('guarded');
    const stale = open('guarded');
    await publish('observe');
    const by = { kind: 'person', id: ana } as const;
    await expect(stale.stages.lower(place, 'suggest', by, 'odd')).rejects.toThrow(
      expect.objectContaining({ code: 'autonomy.policies-changed' }),
    );
    expect(await open('observe').stages.inForce(place)).toMatchObject({ stage: 'observe', version: 0 });
  });

  it('never stand in the way of observe, nor of lowering what was set at run time', async () => {
    await publish('guarded');
    const stale = open('guarded');
    const by = { kind: 'person', id: ana } as const;
    await stale.stages.lower(place, 'auto-low', by, 'odd');
    await publish('auto-low');
    expect(await stale.stages.lower(place, 'suggest', by, 'odder')).toMatchObject({ outcome: 'lowered' });
    const elsewhere = { ...place, environment: 'dev' };
    const unread = { declaredUnread: true };
    expect(await stale.stages.lower(elsewhere, 'observe', by, 'oddest', unread)).toMatchObject({
      outcome: 'lowered',
      item: { stage: 'observe', version: 1 },
    });
    // What was written is read: nothing is written twice.
    expect(await stale.stages.lower(elsewhere, 'observe', by, 'again', unread)).toMatchObject({
      outcome: 'unchanged',
    });
  });

  it('are insisted on by observe over a declared stage neither', async () => {
    await publish('guarded');
    const stale = open('guarded');
    await publish('auto-low');
    const by = { kind: 'person', id: ana } as const;
    expect(await stale.stages.lower(place, 'observe', by, 'odd')).toMatchObject({ outcome: 'lowered' });
  });
});

describe('a request that is overwritten after it was shown', () => {
  it.each<[string, Item]>([
    ['another stage', { to: 'guarded' }],
    ['another beginning', { from: 'suggest' }],
    ['another version', { againstVersion: 7 }],
    ['another environment', { environment: 'dev' }],
    ['another agent', { agentRole: 'gardener' }],
    ['another class of actions', { actionClass: 'repair' }],
    ['other evidence', { evidenceDigest: 'b'.repeat(64) }],
    ['another reason', { reason: 'nobody will notice' }],
    ['another person who asked', { requestedBy: ben, requestedByPerson: 'ben' }],
    ['only the name of who asked', { requestedBy: ben }],
    ['another end', { expiresAtEpochMs: start + 1 }],
  ])('raises nothing: %s', async (_case, change) => {
    await publish('observe');
    const { stages, requests } = open('observe');
    const shown = await ask({ stages, requests }, 'suggest');
    await overwrite(shown.requestId, change);
    expect(await requests.approve(shown.requestId, ben, shown)).toMatchObject({
      outcome: 'changed-since-shown',
    });
    expect(await stages.all([place, { ...place, environment: 'dev' }])).not.toContainEqual(
      expect.objectContaining({ from: 'set-at-run-time' }),
    );
  });

  it('raises what was shown where it is as it was shown', async () => {
    await publish('observe');
    const { stages, requests } = open('observe');
    const shown = await ask({ stages, requests }, 'suggest');
    expect(await requests.approve(shown.requestId, ben, shown)).toMatchObject({
      outcome: 'raised',
      item: { ...place, stage: 'suggest' },
    });
  });
});
