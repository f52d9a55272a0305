import type { Context } from 'aws-lambda';
import { beforeAll, expect, test, vi } from 'vitest';
import { controlChain, itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';

/** The function that stops everything for the pages, as it is deployed. */
let tables: TestTables;
let engage: (event: unknown, context: Context) => Promise<unknown>;
const context = { functionName: 'engage-kill-switch', awsRequestId: 'r' } as Context;

beforeAll(async () => {
  tables = await freshTables();
  vi.stubEnv('ARTEFACT_VERSION', 'test-artefact');
  vi.stubEnv('CONTROLS_TABLE', tables.controls);
  vi.stubEnv('LEDGER_TABLE', tables.ledgerTable);
  const { logger } = await import('../../functions/platform/pipeline.ts');
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(logger, level).mockReturnValue();
  ({ handler: engage } = await import('../../functions/autonomy/engage-kill-switch.handler.ts'));
});

const globalSwitch = () => tables.database.get(tables.controls, itemKeys.killSwitch('global'));

async function release(): Promise<void> {
  const item = { ...itemKeys.killSwitch('global'), engaged: false };
  await tables.database.transact([{ kind: 'put', table: tables.controls, item }]);
}

test('engages the global switch under the person’s name, with its ledger entry', async () => {
  await release();
  const before = Date.now();
  expect(await engage({ by: 'ana', reason: 'wrong fixes' }, context)).toStrictEqual({ outcome: 'engaged' });
  const item = await globalSwitch();
  expect(item).toMatchObject({ engaged: true, reason: 'wrong fixes', changedBy: 'ana' });
  const changedAt = Number(item?.['changedAtEpochMs']);
  expect(changedAt).toBeGreaterThanOrEqual(before);
  expect((await tables.ledger.read(controlChain('kill-switch', changedAt))).at(-1)).toMatchObject({
    type: 'kill-switch.engaged',
    actor: { kind: 'person', id: 'ana' },
    detail: { scope: 'global', reason: 'wrong fixes' },
  });
});

test.each([
  { by: 'ana', reason: 'x', engaged: false },
  { by: 'ana', reason: 'x', state: 'released' },
  { by: 'ana', reason: 'x', scope: 'environment#prod' },
])('knows no way to release it, or another switch: %j', async (event) => {
  await engage({ by: 'ana', reason: 'stay' }, context);
  const before = await globalSwitch();
  await expect(engage(event, context)).rejects.toMatchObject({ code: 'task.invalid-input' });
  expect(await globalSwitch()).toStrictEqual(before);
  expect(await tables.database.query(tables.controls, 'SWITCH')).toHaveLength(1);
});
