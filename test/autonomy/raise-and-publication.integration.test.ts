import { beforeEach, describe, expect, it } from 'vitest';
import { type AutonomyPolicy, parseAutonomyPolicy } from '../../functions/autonomy/autonomy-policy.ts';
import { StageStore } from '../../functions/autonomy/stage.store.ts';
import { StageRequestStore } from '../../functions/autonomy/stage-request.store.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import type { AutonomyStage } from '../../functions/platform/vocabulary.ts';
import { ExceptionStore } from '../../functions/policy/exception.store.ts';
import { exceptionPolicy } from '../../functions/policy/exception.ts';
import { PolicyArchive } from '../../functions/policy/policy-archive.store.ts';
import { policyDigestOf } from '../../functions/policy/policy-files.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** 2026-11-23T08:00:00Z. */
const start = 1_795_420_800_000;
const [ana, ben] = ['ana', 'ben'].map((name) => `arn:aws:iam::111122223333:user/${name}`) as [string, string];
const row = { low: 'recommend', medium: 'recommend', high: 'recommend' } as const;
const matrix = { observe: row, suggest: row, 'auto-low': row, guarded: row };
const filesOf = (stages: AutonomyPolicy['stages']) => ({
  'autonomy.json': JSON.stringify({ version: 1, minimumConfidenceForAuto: 0.7, matrix, stages }),
});

let tables: TestTables;
let now: number;
beforeEach(async () => {
  tables = await freshTables();
  now = start;
});
const clock = () => now++;
const archive = () => new PolicyArchive(tables.database, tables.ledger, tables);
/** As a command opens them: by the files that are published now. */
async function open() {
  const files = (await archive().current()) ?? {};
  const policy = parseAutonomyPolicy(JSON.parse(files['autonomy.json'] ?? 'null'));
  const { database, ledger } = tables;
  const stages = new StageStore(database, ledger, tables, policy, clock, policyDigestOf(files));
  return { stages, requests: new StageRequestStore(database, ledger, tables, stages, [], clock) };
}

describe('an approval and a publication that lowers', () => {
  const place = { environment: 'prod', agentRole: 'responder', actionClass: 'traffic' };
  const declaring = (stage: AutonomyStage) => filesOf([{ ...place, stage }]);

  it('leave the declared stage in force when the publication came while the approver was asked', async () => {
    await archive().publish(declaring('auto-low'), 'artefact', clock());
    const { stages, requests } = await open();
    const shown = await requests.request(await stages.inForce(place), 'guarded', ana, 'earned', {} as never);
    if (shown === 'unknown-person') throw new Error('the test asks as a person');
    await archive().publish(declaring('observe'), 'artefact', clock());
    expect(await requests.approve(shown.requestId, ben, shown)).toMatchObject({
      outcome: 'policies-changed',
    });
    expect(await (await open()).stages.inForce(place)).toMatchObject({ stage: 'observe', from: 'declared' });
  });

  it('leave no more than is declared, whichever of them is first', async () => {
    const higher = { ...place, environment: 'dev' };
    for (let round = 0; round < 6; round++) {
      const at = { ...place, actionClass: `class-${round}` };
      // The other environment makes each publication another one.
      const files = (stage: AutonomyStage) =>
        filesOf([
          { ...higher, actionClass: `c${round}`, stage: 'suggest' },
          { ...at, stage },
        ]);
      await archive().publish(files('auto-low'), 'artefact', clock());
      const { stages, requests } = await open();
      const shown = await requests.request(await stages.inForce(at), 'guarded', ana, 'earned', {} as never);
      if (shown === 'unknown-person') throw new Error('the test asks as a person');
      await Promise.all([
        requests.approve(shown.requestId, ben, shown),
        archive().publish(files('observe'), 'artefact', clock()),
      ]);
      // Raised first: lowered by the publication. Published first: never raised.
      expect(await (await open()).stages.inForce(at)).toMatchObject({ stage: 'observe' });
    }
  });
});

describe('an exception that is overwritten while its approver is asked', () => {
  it('is not approved', async () => {
    const request = {
      owner: 'platform team',
      ticket: 'OPS-12',
      reason: 'the gardener helps out this week',
      agentRole: 'gardener',
      action: 'lambda.shift-alias',
      targetKey: 'lambda-alias/checkout:live',
      environment: 'dev',
      expiresAtEpochMs: start + 86_400_000,
    };
    const store = new ExceptionStore(tables.database, tables.ledger, tables.operations, async () => []);
    const shown = await store.request(request, ana, start);
    const { exceptionId } = shown;
    const other = { ...request, targetKey: 'lambda-alias/payments:live' };
    const item = await tables.database.get(tables.operations, itemKeys.exception(exceptionId));
    await tables.database.transact([
      {
        kind: 'put',
        table: tables.operations,
        item: { ...item, ...other, policy: exceptionPolicy({ ...other, exceptionId }) },
      },
    ]);
    expect(await store.decide(exceptionId, 'approved', ben, start + 1, shown)).toStrictEqual({
      outcome: 'refused',
      reason: `exception ${exceptionId} changed since it was shown; look at it again`,
    });
  });
});
