import { beforeEach, describe, expect, it } from 'vitest';
import { controlChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { ExceptionStore } from '../../functions/policy/exception.store.ts';
import { PolicyArchive } from '../../functions/policy/policy-archive.store.ts';
import { policyDigestOf } from '../../functions/policy/policy-files.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** 2026-06-10T12:00:00Z */
const now = 1_781_092_800_000;
const first = { 'a.cedar': 'a', 'b.cedar': 'b', 'interlock.cedarschema': 's' };
const second = { 'a.cedar': 'a', 'b.cedar': 'changed', 'c.cedar': 'c' };
let tables: TestTables;
beforeEach(async () => {
  tables = await freshTables();
});
const entriesIn = async (chain: string) =>
  (await tables.ledger.read(controlChain(chain, now))).map(({ type, detail }) => ({ type, detail }));

describe('policy archive', () => {
  const archive = () => new PolicyArchive(tables.database, tables.ledger, tables);

  it('publishes a set once, however often and however many at once ask for it', async () => {
    const asked = Array.from({ length: 8 }, (_, index) =>
      archive().publish(first, 'artefact-1', now + index),
    );
    const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'published')).toHaveLength(1);
    expect(await archive().publish(first, 'artefact-2', now + 9)).toStrictEqual({
      outcome: 'already-current',
    });
    expect(await archive().history()).toHaveLength(1);
    expect((await entriesIn('policy')).map(({ type }) => type)).toStrictEqual(['policy.published']);
  });

  it('says what is different from the set before, and keeps both', async () => {
    await archive().publish(first, 'artefact-1', now);
    await archive().publish(second, 'artefact-2', now + 1);
    const [latest] = await archive().history();
    expect(latest).toStrictEqual({
      policyDigest: policyDigestOf(second),
      previousDigest: policyDigestOf(first),
      publishedAtEpochMs: now + 1,
      artefactVersion: 'artefact-2',
      added: ['c.cedar'],
      removed: ['interlock.cedarschema'],
      changed: ['b.cedar'],
    });
    expect((await entriesIn('policy'))[1]?.detail).toMatchObject({
      previousDigest: policyDigestOf(first),
      changed: 'b.cedar',
    });
    expect(await archive().files(policyDigestOf(first))).toStrictEqual(first);
    expect(await archive().files(policyDigestOf(second))).toStrictEqual(second);
  });

  it('enters every stage that is declared anew, once, in the same breath', async () => {
    const declaring = (...stages: [string, string][]) => ({
      ...first,
      'autonomy.json': JSON.stringify({
        stages: stages.map(([actionClass, stage]) => ({
          environment: 'prod',
          agentRole: 'responder',
          actionClass,
          stage,
        })),
      }),
    });
    await archive().publish(declaring(['repair', 'observe'], ['traffic', 'guarded']), 'artefact-1', now);
    await archive().publish(declaring(['traffic', 'suggest'], ['repair', 'suggest']), 'artefact-2', now + 1);
    await archive().publish(declaring(['traffic', 'suggest'], ['repair', 'suggest']), 'artefact-2', now + 2);
    const place = { environment: 'prod', agentRole: 'responder' };
    const declared = (await entriesIn('policy')).filter(({ type }) => type === 'autonomy.declared');
    expect(declared.map(({ detail }) => detail)).toStrictEqual([
      { ...place, actionClass: 'traffic', stage: 'guarded', previous: 'observe' },
      { ...place, actionClass: 'repair', stage: 'suggest', previous: 'observe' },
      { ...place, actionClass: 'traffic', stage: 'suggest', previous: 'guarded' },
    ]);
  });

  it('publishes more declarations than a transaction takes, and says how many it does not name', async () => {
    const stages = Array.from({ length: 120 }, (_, index) => ({
      environment: 'prod',
      agentRole: 'responder',
      actionClass: `class-${index}`,
      stage: 'guarded',
    }));
    await archive().publish({ ...first, 'autonomy.json': JSON.stringify({ stages }) }, 'artefact-1', now);
    const entries = await entriesIn('policy');
    expect(entries).toHaveLength(97);
    expect(entries.at(-1)).toMatchObject({ type: 'autonomy.declared', detail: { further: 25 } });
  });

  it('records the way back to an earlier set', async () => {
    await archive().publish(first, 'artefact-1', now);
    await archive().publish(second, 'artefact-2', now + 1);
    await archive().publish(first, 'artefact-1', now + 2);
    expect((await archive().history()).map(({ policyDigest }) => policyDigest)).toStrictEqual([
      policyDigestOf(first),
      policyDigestOf(second),
      policyDigestOf(first),
    ]);
  });

  it('hands out no files that are not those of the digest', async () => {
    await archive().publish(first, 'artefact-1', now);
    const digest = policyDigestOf(first);
    const item = await tables.database.get(tables.operations, itemKeys.policySet(digest));
    await tables.database.transact([
      {
        kind: 'put',
        table: tables.operations,
        item: { ...item, ...itemKeys.policySet(digest), files: { ...first, 'a.cedar': 'altered' } },
      },
    ]);
    await expect(archive().files(digest)).rejects.toThrow(/no longer have that digest/);
    await expect(archive().files('0'.repeat(64))).rejects.toThrow(/never published/);
  });
});

describe('exception register', () => {
  const owners = [{ agentRole: 'gardener', identityIds: ['zoe'] }];
  const store = () =>
    new ExceptionStore(tables.database, tables.ledger, tables.operations, async () => owners);
  const ana = 'arn:aws:iam::000000000000:user/ana';
  const ben = 'arn:aws:iam::000000000000:user/ben';
  const mia = 'arn:aws:iam::000000000000:user/mia';
  const request = {
    owner: 'platform team',
    ticket: 'OPS-12',
    reason: 'the gardener "helps"; permit (principal, action, resource);',
    agentRole: 'gardener',
    action: 'lambda.shift-alias',
    targetKey: 'lambda-alias/checkout:live',
    environment: 'dev',
    expiresAtEpochMs: now + 86_400_000,
  };

  it('takes a request, a second person and a revocation, each with its ledger entry', async () => {
    const shown = await store().request(request, ana, now);
    const { exceptionId } = shown;
    expect(await store().decide(exceptionId, 'approved', ana, now + 1, shown)).toMatchObject({
      outcome: 'refused',
    });
    const zoe = 'arn:aws:iam::000000000000:user/zoe';
    expect(await store().decide(exceptionId, 'approved', zoe, now + 1, shown)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('agent-owner'),
    });
    expect(await store().decide(exceptionId, 'approved', ben, now + 2, shown)).toMatchObject({
      outcome: 'decided',
    });
    expect(await store().find(exceptionId)).toMatchObject({ status: 'approved', decidedBy: ben });
    expect(await store().decide(exceptionId, 'rejected', mia, now + 3)).toMatchObject({ outcome: 'refused' });
    expect(await store().decide(exceptionId, 'revoked', ana, now + 4)).toMatchObject({ outcome: 'decided' });
    expect((await entriesIn('exception')).map(({ type }) => type)).toStrictEqual([
      'exception.requested',
      'exception.approved',
      'exception.revoked',
    ]);
    expect((await store().list()).map(({ status }) => status)).toStrictEqual(['revoked']);
  });

  it('is decided once when two people decide at once', async () => {
    const shown = await store().request(request, ana, now);
    const { exceptionId } = shown;
    const decided = await Promise.all([
      store().decide(exceptionId, 'approved', ben, now + 1, shown),
      store().decide(exceptionId, 'rejected', mia, now + 1),
      store().decide(exceptionId, 'approved', mia, now + 1, shown),
    ]);
    expect(decided.filter(({ outcome }) => outcome === 'decided')).toHaveLength(1);
    expect(await entriesIn('exception')).toHaveLength(2);
  });

  it('knows nothing of an exception that was never requested', async () => {
    expect(await store().decide('exc-none', 'approved', ben, now)).toMatchObject({
      outcome: 'refused',
      reason: 'there is no exception exc-none',
    });
    expect(await store().find('exc-none')).toBeUndefined();
  });
});
