import { beforeAll, expect, it } from 'vitest';
import { RateLimitStore } from '../../functions/approvals/pages/rate-limit.store.ts';
import { itemKeys } from '../../functions/platform/item-keys.ts';
import { freshTables, type TestTables } from '../platform/tables.ts';
import { now } from './fixtures.ts';
import { rateLimitContract } from './rate-limit-contract.ts';

let tables: TestTables;

beforeAll(async () => {
  tables = await freshTables();
});

rateLimitContract('in DynamoDB', (clock) => new RateLimitStore(tables.database, tables.controls, clock));

it('counts go away by themselves', async () => {
  await new RateLimitStore(tables.database, tables.controls, () => now + 5).take('identity', 'ttl');
  expect(await tables.database.get(tables.controls, itemKeys.rate('identity#ttl', now))).toMatchObject({
    requests: 1,
    ttlEpochSeconds: 1_795_341_720,
  });
});
