import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../functions/platform/dynamodb.ts';
import { freshTables, type TestTables } from './tables.ts';

/** A page of an index ends after a megabyte: these are two. */
const count = 25;
const padding = 'x'.repeat(50_000);
/** 2026-11-23T08:00:00Z. */
const start = 1_795_420_800_000;

let tables: TestTables;
let pages = 0;
let database: Database;
beforeAll(async () => {
  tables = await freshTables();
  for (let index = 0; index < count; index++) {
    const item = { pk: `ITEM#${index}`, sk: 'ITEM', index, padding, statusKey: 'ITEM#done' };
    const statusAt = new Date(start + index).toISOString();
    await tables.database.transact([{ kind: 'put', table: tables.operations, item: { ...item, statusAt } }]);
  }
  const client = new DynamoDBClient({});
  client.middlewareStack.add(
    (next) => (args) => {
      pages += 1;
      return next(args);
    },
    { step: 'initialize', name: 'pages' },
  );
  database = new Database(client);
});

const read = async (sinceEpochMs?: number): Promise<unknown[]> => {
  pages = 0;
  const options = sinceEpochMs === undefined ? {} : { sinceEpochMs };
  const seen: unknown[] = [];
  for await (const item of database.eachByStatus(tables.operations, 'ITEM#done', options))
    seen.push(item['index']);
  return seen;
};

describe('every item of one status', () => {
  it('comes newest first, over every page', async () => {
    expect(await read()).toStrictEqual(Array.from({ length: count }, (_, index) => count - 1 - index));
    expect(pages).toBeGreaterThan(1);
  });

  it('ends at the time that is named', async () => {
    expect(await read(start + 23)).toStrictEqual([24, 23]);
  });

  it('reads no further page once nobody asks for more', async () => {
    pages = 0;
    for await (const item of database.eachByStatus(tables.operations, 'ITEM#done')) {
      expect(item['index']).toBe(24);
      break;
    }
    expect(pages).toBe(1);
  });
});
